"""Who is on duty, pure."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def duty_day(at: datetime, *, zone: str, handover: str) -> date:
    """The day of duty that a moment belongs to: before the hand-over it is still yesterday's."""
    local = at.astimezone(ZoneInfo(zone))
    begins = time.fromisoformat(handover)
    return local.date() if local.time() >= begins else local.date() - timedelta(days=1)


def on_duty(
    members: Sequence[int], *, starts_on: date, zone: str, handover: str, at: datetime
) -> int | None:
    """The member whose day it is; None for a rotation without members or before its start."""
    day = duty_day(at, zone=zone, handover=handover)
    if not members or day < starts_on:
        return None
    return members[(day - starts_on).days % len(members)]


def shift_of(day: date, *, zone: str, handover: str) -> tuple[datetime, datetime]:
    """When a day of duty begins and ends; the two ends may lie 23 or 25 hours apart."""
    begins = time.fromisoformat(handover)
    start = datetime.combine(day, begins, ZoneInfo(zone))
    return start, datetime.combine(day + timedelta(days=1), begins, ZoneInfo(zone))
