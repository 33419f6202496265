"""When a promise is due: pure, on a calendar value."""

from datetime import UTC, datetime, timedelta

from inbox.calendars import clock
from inbox.calendars.clock import ALWAYS, BusinessCalendar

SECONDS = {
    "minutes": 60,
    "hours": 3600,
    "business_minutes": 60,
    "business_hours": 3600,
}
BY_DAY_END = {"business_days", "end_of_next_business_day"}
# a promise: due at the very moment that was named
MOMENT = "moment"
# clocks of these units do not stand still, so nothing is consumed
NEVER_PAUSED = BY_DAY_END | {MOMENT}


def calendar_for(unit: str, calendar: BusinessCalendar) -> BusinessCalendar:
    """Plain hours and minutes run day and night."""
    return ALWAYS if unit in ("minutes", "hours") else calendar


def due_at(
    *, amount: int, unit: str, resumed_at: datetime, consumed: float, calendar: BusinessCalendar
) -> datetime:
    """Due moment of a clock that runs since `resumed_at` with that much time consumed before.

    A promise counted in days is due at a closing time and does not stand still, so nothing is
    consumed before it.
    """
    if unit in BY_DAY_END:
        days = 1 if unit == "end_of_next_business_day" else amount
        return clock.add_business_days(calendar, resumed_at, days)
    left = amount * SECONDS[unit] - consumed
    if left <= 0:
        # Overdue before it went on: the moment lies back by the time it is over, as plain time.
        return resumed_at.astimezone(UTC) + timedelta(seconds=left)
    return clock.add_business(calendar_for(unit, calendar), resumed_at, left)


def elapsed(
    *, unit: str, resumed_at: datetime, until: datetime, calendar: BusinessCalendar
) -> float:
    """Seconds of the clock's own time between two moments."""
    return clock.business_seconds(calendar_for(unit, calendar), resumed_at, until)


def warn_at(
    due: datetime, *, resumed_at: datetime, warn_minutes: int, unit: str, calendar: BusinessCalendar
) -> datetime | None:
    """The moment from which less than the warning time is left, in the clock's own time."""
    if not warn_minutes:
        return None
    own = calendar_for(unit, calendar)
    total = clock.business_seconds(own, resumed_at, due)
    ahead = total - warn_minutes * 60
    return clock.add_business(own, resumed_at, ahead) if ahead > 0 else resumed_at.astimezone(UTC)
