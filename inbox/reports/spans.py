"""Ranges of days in somebody's zone, and which whole days of UTC lie in them. Pure.

Sums exist per day, week, month and year of UTC. A range in another zone is whole UTC days and two
slivers at its ends; the slivers are counted from single facts, or from the quarters of the hour
of the days they lie in, since every zone is whole quarters away from UTC. So every figure is exact
in every zone, on the days with 23 and 25 hours too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
QUARTERS = 96  # of an hour, in a day
SPANS = ("year", "month", "week", "day")
# a chart has room for about sixty points
MOST_DAYS, MOST_WEEKS = 31, 60


@dataclass(frozen=True)
class Period:
    """One point of a chart: from its first day to the day after its last."""

    first: date
    end: date
    label: str
    words: str


@dataclass(frozen=True)
class Pieces:
    """The same moments as whole days of UTC and as slivers, which overlap nowhere."""

    days: tuple[tuple[date, date], ...]
    slivers: tuple[tuple[datetime, datetime], ...]


def moment(day: date, zone: str) -> datetime:
    """The beginning of a local day, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def step_for(first: date, last: date) -> str:
    """By day, week or month, so that a chart can be read."""
    days = (last - first).days + 1
    if days <= MOST_DAYS:
        return "day"
    return "week" if days <= MOST_WEEKS * 7 else "month"


def periods(first: date, last: date) -> list[Period]:
    """The range cut into days, calendar weeks or months; the first and last may be parts."""
    step = step_for(first, last)
    end = last + DAY
    starts = [first]
    while (following := _next(starts[-1], step)) < end:
        starts.append(following)
    return [_period(a, b, step) for a, b in pairwise([*starts, end])]


def _next(day: date, step: str) -> date:
    if step == "day":
        return day + DAY
    if step == "week":
        return day + DAY * (7 - day.weekday())
    return (day.replace(day=1) + DAY * 32).replace(day=1)


def _period(first: date, end: date, step: str) -> Period:
    if step == "day":
        return Period(first, end, f"{first.day}", f"{first:%a} {first.day} {first:%b %Y}")
    if step == "week":
        year, week, _ = first.isocalendar()
        return Period(first, end, f"{week}", f"Week {week}, {year}")
    return Period(first, end, f"{first:%b}", f"{first:%B %Y}")


def pieces(spans: Sequence[tuple[datetime, datetime]]) -> Pieces:
    """Spans in order, none overlapping, as whole days and slivers."""
    days: list[tuple[date, date]] = []
    slivers: list[tuple[datetime, datetime]] = []
    for begin, end in spans:
        opens = (
            begin if begin.time() == time() else datetime.combine(begin.date() + DAY, time(), UTC)
        )
        closes = datetime.combine(end.date(), time(), UTC)
        if opens >= closes:
            slivers.append((begin, end))
            continue
        days.append((opens.date(), closes.date()))
        slivers += [(a, b) for a, b in ((begin, opens), (closes, end)) if a < b]
    return Pieces(tuple(days), tuple(_joined(slivers)))


def _joined(slivers: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """What touches is one sliver: one range of the index instead of two."""
    found: list[tuple[datetime, datetime]] = []
    for begin, end in slivers:
        if found and found[-1][1] == begin:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


# ------------------------------------------------------------------ whole spans


class Run(NamedTuple):
    """Spans of one length that follow each other: from the first's first day up to another."""

    span: str
    first: date
    end: date


class Turn(NamedTuple):
    """A moment within a day: how many quarters of it had passed, and the midnight next to it."""

    day: date
    quarter: int
    midnight: date


def begin_of(day: date, span: str) -> date:
    """The first day of the span that a day lies in."""
    if span == "week":
        return day - DAY * day.weekday()
    if span == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if span == "year" else day


def next_of(day: date, span: str) -> date:
    """The first day of the span after the one that begins with a day."""
    return begin_of(day + DAY * {"year": 366, "month": 31, "week": 7, "day": 1}[span], span)


def runs(first: date, end: date, spans: Sequence[str] = SPANS) -> list[Run]:
    """Days up to another as the fewest lengths: years within, months beside them, and so on."""
    if first >= end:
        return []
    span, *rest = spans
    opens = begin_of(first, span)
    opens = opens if opens == first else next_of(opens, span)
    closes = begin_of(end, span)
    if opens >= closes:
        return runs(first, end, rest)
    return [*runs(first, opens, rest), Run(span, opens, closes), *runs(closes, end, rest)]


def each(run: Run) -> Iterator[date]:
    """The first days of a run's spans."""
    day = run.first
    while day < run.end:
        yield day
        day = next_of(day, run.span)


def turn(at: datetime) -> Turn:
    """Where a moment of UTC stands in its day; the nearer midnight, so that little lies between."""
    quarter = at.hour * 4 + at.minute // 15
    return Turn(at.date(), quarter, at.date() + DAY * (quarter > QUARTERS // 2))


@lru_cache(maxsize=4096)
def steady(zone: str, first: date, end: date) -> int | None:
    """By how many quarters a zone is ahead of UTC in all of these days; None when it changes."""
    days = [*(first + DAY * n for n in range(0, (end - first).days, 7)), end]
    moments = [datetime.combine(day, time(), UTC).astimezone(ZoneInfo(zone)) for day in days]
    offsets = {at.utcoffset() for at in moments}
    return None if len(offsets) > 1 else round((offsets.pop() or DAY * 0) / timedelta(minutes=15))
