"""When tickets were opened: weekday and hour of any zone, exact where clocks change too."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay

from inbox.reports.lanes import counts, unpacked
from inbox.reports.sources import Asked, facts, on, sums, within
from inbox.reports.spans import DAY, QUARTERS, Pieces, Run, each, next_of, runs, steady

QUARTER, WEEK = timedelta(minutes=15), 7 * QUARTERS
Hours = Counter[tuple[int, int]]


def hours(asked: Asked) -> Hours:
    """(weekday, hour) → how many tickets were opened, in the range's own zone."""
    rows = sums(asked, ("in",), "")
    if rows is None:
        return _counted(asked)
    begin, end = asked.span
    whole, edges = _parts(asked)
    moved: dict[int, int] = defaultdict(int)  # by how many quarters of the week → lanes
    found: Hours = Counter()
    for span, first, stored in rows.filter(whole).values_list("span", "first", "quarters"):
        lanes, ahead = unpacked(bytes(stored)), steady(asked.zone, first, next_of(first, span))
        if ahead is not None and first not in edges:
            moved[ahead + (first.weekday() * QUARTERS if span == "day" else 0)] += lanes
            continue
        for quarter, n in counts(lanes).items():
            at = datetime.combine(first, time(), UTC) + QUARTER * quarter
            if begin <= at < end:
                local = at.astimezone(ZoneInfo(asked.zone))
                found[local.weekday(), local.hour] += n
    for ahead, lanes in moved.items():
        for quarter, n in counts(lanes).items():
            found[divmod((quarter + ahead) % WEEK // 4, 24)] += n
    return found


def _parts(asked: Asked) -> tuple[Q, set[object]]:
    """Which sums tell it, and the days that lie only partly in the range.

    A month is told by its week, unless the clocks change in it: then by its days.
    """
    begin, end = asked.span
    edges = {at.date() for at in (begin, end) if at.time() > time()}
    opens = begin.date() + DAY * (begin.date() in edges)
    parts = [p for run in runs(opens, end.date(), ("month", "day")) for p in _steady(asked, run)]
    return within(parts) | on(edges), {*edges}


def _steady(asked: Asked, run: Run) -> Iterator[Run]:
    if run.span == "day":
        yield run
        return
    for first in each(run):
        end = next_of(first, "month")
        is_steady = steady(asked.zone, first, end) is not None
        yield Run("month" if is_steady else "day", first, end)


def _counted(asked: Asked) -> Hours:
    """The same from single facts."""
    zone = ZoneInfo(asked.zone)
    told = facts(asked, ("in",), Pieces((), (asked.span,))).annotate(
        weekday=ExtractIsoWeekDay("at", tzinfo=zone), hour=ExtractHour("at", tzinfo=zone)
    )
    counted = told.values_list("weekday", "hour").annotate(n_=Count("pk")).order_by()
    return Counter({(weekday - 1, hour): n for weekday, hour, n in counted})
