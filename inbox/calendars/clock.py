"""Business time, pure: spans of open hours in local wall time, arithmetic in UTC.

Intervals are half open. Times that daylight saving skips or repeats are resolved by `zoneinfo`
with fold 0, and only then compared, so a night of 23 or 25 hours is counted as it was.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

# Two years of closed days in a row: nobody waits that long, so it is a mistake in the calendar.
SEARCH_DAYS = 740
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class NeverOpen(ValueError):
    """The calendar has no open hours within two years."""


Interval = tuple[int, int]  # minutes of the local day, half open; 1440 is its end


@dataclass(frozen=True)
class BusinessCalendar:
    """Open hours of a week, minus closed days. `week[0]` is Monday."""

    zone: str
    week: tuple[tuple[Interval, ...], ...]
    closed: frozenset[date] = frozenset()
    name: str = field(default="", compare=False)

    @classmethod
    def from_week(
        cls,
        zone: str,
        week: Mapping[str, list[str]],
        closed: frozenset[date] = frozenset(),
        name: str = "",
    ) -> "BusinessCalendar":
        """From the handbook's shape `{mon: ["09:00-13:00", "14:00-18:00"]}`.

        Raises `ValueError` with the offending words.
        """
        unknown = set(week) - set(DAYS)
        if unknown:
            raise ValueError(f"unknown weekday {sorted(unknown)[0]!r}; use {', '.join(DAYS)}")
        ZoneInfo(zone)
        days = tuple(tuple(sorted(read_interval(s) for s in week.get(day, []))) for day in DAYS)
        for day, spans in zip(DAYS, days, strict=True):
            for before, after in pairwise(spans):
                if after[0] < before[1]:
                    raise ValueError(f"{day}: intervals overlap")
        return cls(zone=zone, week=days, closed=closed, name=name)


ALWAYS = BusinessCalendar(zone="UTC", week=((((0, 1440)),),) * 7, name="always")


def read_interval(text: str) -> Interval:
    """`09:00-13:00` as minutes of the day. Raises `ValueError`."""
    try:
        start, end = (_minutes(part.strip()) for part in text.split("-"))
    except ValueError:
        raise ValueError(f"{text!r} is not an interval like 09:00-17:00") from None
    if not 0 <= start < end <= 1440:
        raise ValueError(f"{text!r}: the end must come after the start, at most 24:00")
    return start, end


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    value = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or value > 1440:
        raise ValueError(text)
    return value


@lru_cache(maxsize=20_000)
def _spans(cal: BusinessCalendar, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """A local day's open spans in UTC."""
    if day in cal.closed:
        return ()
    spans = []
    for start, end in cal.week[day.weekday()]:
        opens, closes = _wall(cal, day, start), _wall(cal, day, end)
        if opens < closes:  # a span that daylight saving skips altogether is no span
            spans.append((opens, closes))
    return tuple(spans)


def _wall(cal: BusinessCalendar, day: date, minute: int) -> datetime:
    zone = ZoneInfo(cal.zone)
    if minute == 1440:
        day, minute = day + timedelta(days=1), 0
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    return local.astimezone(UTC)


def _from(cal: BusinessCalendar, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Open spans that end after `at`, in order."""
    # one day back: the offset between UTC and the zone may put `at` on another local day
    day = at.astimezone(ZoneInfo(cal.zone)).date() - timedelta(days=1)
    idle = 0
    while idle < SEARCH_DAYS:
        found = _spans(cal, day)
        idle = 0 if found else idle + 1
        for opens, closes in found:
            if closes > at:
                yield opens, closes
        day += timedelta(days=1)
    raise NeverOpen(f"calendar {cal.name or cal.zone} has no open hours")


def is_open(cal: BusinessCalendar, at: datetime) -> bool:
    """Whether the moment lies in open hours."""
    day = at.astimezone(ZoneInfo(cal.zone)).date()
    around = (day - timedelta(days=1), day, day + timedelta(days=1))
    return any(opens <= at < closes for d in around for opens, closes in _spans(cal, d))


def is_open_day(cal: BusinessCalendar, day: date) -> bool:
    """Whether a local day has open hours at all."""
    return bool(_spans(cal, day))


def next_opening(cal: BusinessCalendar, at: datetime) -> datetime:
    """`at` itself when open, else the next moment that is. Raises `NeverOpen`."""
    opens, _ = next(_from(cal, at))
    return max(opens, at.astimezone(UTC))


def closing_today(cal: BusinessCalendar, at: datetime) -> datetime | None:
    """When the local day of `at` closes for good; None when it is closed or goes on at midnight."""
    day = at.astimezone(ZoneInfo(cal.zone)).date()
    spans = _spans(cal, day)
    if not spans or spans[-1][1] <= at or cal.week[day.weekday()][-1][1] == 1440:
        return None
    return spans[-1][1]


def add_business(cal: BusinessCalendar, start: datetime, seconds: float) -> datetime:
    """The moment at which that much business time has passed since `start`.

    It never lies in closed time; at the very end of a span it is the closing time itself.
    """
    left = seconds
    for opens, closes in _from(cal, start):
        begin = max(opens, start.astimezone(UTC))
        length = (closes - begin).total_seconds()
        if left <= length:
            return begin + timedelta(seconds=left)
        left -= length
    raise NeverOpen(cal.name)  # pragma: no cover - the generator raises first


def business_seconds(cal: BusinessCalendar, start: datetime, end: datetime) -> float:
    """Business time between two moments; 0 when the second is not later."""
    if end <= start:
        return 0.0
    total = 0.0
    zone = ZoneInfo(cal.zone)
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date() + timedelta(days=1)
    while day <= last:
        for opens, closes in _spans(cal, day):
            overlap = (min(closes, end) - max(opens, start)).total_seconds()
            total += max(overlap, 0.0)
        day += timedelta(days=1)
    return total


def end_of_next_business_day(cal: BusinessCalendar, start: datetime) -> datetime:
    """Closing time of the first business day after the local day of `start` (S12).

    A report on Friday, at whatever hour, is due on Monday at closing time.
    """
    return add_business_days(cal, start, 1)


def add_business_days(cal: BusinessCalendar, start: datetime, days: int) -> datetime:
    """Closing time of the n-th business day after the local day of `start`."""
    day = start.astimezone(ZoneInfo(cal.zone)).date()
    found, idle = 0, 0
    while idle < SEARCH_DAYS:
        day += timedelta(days=1)
        spans = _spans(cal, day)
        idle = 0 if spans else idle + 1
        found += bool(spans)
        if spans and found == days:
            return spans[-1][1]
    raise NeverOpen(f"calendar {cal.name or cal.zone} has no open days")
