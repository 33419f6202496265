"""Hours of somebody's day, pure: nights that nobody disturbs, days in which people are awake."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone(name: str | int | None, default: str = "UTC") -> tzinfo:
    """A zone by its name, or by its offset from UTC in minutes."""
    if isinstance(name, int):
        return timezone(timedelta(minutes=name))
    try:
        return ZoneInfo(name or default)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(default)


def within(at: datetime, where: str | int, span: Sequence[str]) -> bool:
    """Whether the local time lies in a span such as 22:00–07:00, which may pass midnight."""
    begin, end = (time.fromisoformat(text) for text in span)
    local = at.astimezone(zone(where)).time()
    return begin <= local < end if begin <= end else local >= begin or local < end


def after(at: datetime, where: str | int, span: Sequence[str]) -> datetime:
    """`at` itself, or the end of the span that it lies in."""
    return next_end(at, where, span) if within(at, where, span) else at


def next_end(at: datetime, where: str | int, span: Sequence[str]) -> datetime:
    """The next moment at which such a span ends."""
    place = zone(where)
    local = at.astimezone(place)
    ends = datetime.combine(local.date(), time.fromisoformat(span[1]), place)
    if ends <= local:
        ends = datetime.combine(local.date() + timedelta(days=1), ends.time(), place)
    return ends.astimezone(UTC)
