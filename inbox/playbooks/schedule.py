"""When steps are due, pure: from the anchor, from the calendar, from steps that are over."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from inbox.calendars.clock import ALWAYS, SEARCH_DAYS, BusinessCalendar, is_open_day
from inbox.playbooks.shapes import When

EXACT = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
DAYS = {"d": 1, "w": 7}


def moment(at: datetime, amount: int, unit: str, cal: BusinessCalendar = ALWAYS) -> datetime:
    """So much earlier or later. Minutes and hours are time that passes; days keep the wall clock.

    A working day is one on which the calendar is open; where it never opens, every day is one.
    """
    if unit in EXACT:
        return at.astimezone(UTC) + amount * EXACT[unit]
    local = at.astimezone(ZoneInfo(cal.zone))
    if unit == "wd":
        day = _working_day(local.date(), amount, cal)
    else:
        day = local.date() + timedelta(days=amount * DAYS[unit])
    moved = datetime.combine(day, local.timetz().replace(fold=0))
    return moved.astimezone(UTC)


def _working_day(day: date, amount: int, cal: BusinessCalendar) -> date:
    """The n-th working day after a day, or before it; 0 is the day itself."""
    plain = day + timedelta(days=amount)
    step = timedelta(days=1 if amount > 0 else -1)
    left, idle = abs(amount), 0
    while left:
        day += step
        is_open = is_open_day(cal, day)
        idle = 0 if is_open else idle + 1
        left -= is_open
        if idle > SEARCH_DAYS:
            return plain  # a calendar without open days must not stop a run
    return day


def due(
    when: When,
    *,
    anchor: datetime,
    started: datetime,
    over: datetime | None = None,
    cal: BusinessCalendar = ALWAYS,
) -> datetime | None:
    """When a step is due; None while that depends on others. `over`: when the last of them was."""
    if when.kind == "anchor":
        return moment(anchor, when.amount, when.unit, cal)
    if when.kind == "once":
        return started.astimezone(UTC)
    if when.kind == "after" and over is not None:
        return moment(over, when.amount, when.unit, cal)
    return None
