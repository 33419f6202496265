"""On which days a series takes place, pure: by the wall clock of its zone, never on closed days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inbox.calendars.clock import SEARCH_DAYS, BusinessCalendar


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """Every so many weeks on a day at a time. Weeks begin on Monday, counted from the first's."""

    weekday: int
    at: time
    every: int
    first: date


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A day on which the series takes place, and the moment of it."""

    day: date
    at: datetime


def slots(rhythm: Rhythm, cal: BusinessCalendar, after: datetime) -> Iterator[Slot]:
    """What comes after a moment, in order, within two years.

    Only days that the calendar closes are left out; office hours on a Saturday are nobody's
    mistake. Hours that daylight saving skips are read as everywhere here (see `clock`).
    """
    zone = ZoneInfo(cal.zone)
    today = after.astimezone(zone).date()
    step = timedelta(weeks=rhythm.every)
    monday = rhythm.first - timedelta(days=rhythm.first.weekday())
    day = monday + timedelta(days=rhythm.weekday)
    if day < today:
        day += step * ((today - day) // step)
    last = max(today, rhythm.first) + timedelta(days=SEARCH_DAYS)
    while day <= last:
        at = datetime.combine(day, rhythm.at, zone).astimezone(UTC)
        if day >= rhythm.first and at > after and day not in cal.closed:
            yield Slot(day=day, at=at)
        day += step
