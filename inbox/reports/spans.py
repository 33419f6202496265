"""Ranges of days in somebody's zone, and which whole days of UTC lie in them. Pure.

Sums exist per day of UTC. A range in another zone is whole UTC days and two slivers at its ends;
the slivers are counted from single facts. So every figure is exact in every zone, on the days
with 23 and 25 hours too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
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
