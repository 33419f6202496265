"""Calendars from the database to values, and new versions of them."""

import importlib
from datetime import date
from functools import cache, lru_cache
from typing import Any

from django.db.models import Max
from django.utils import timezone

from inbox.calendars.clock import BusinessCalendar
from inbox.calendars.models import Calendar, CalendarVersion
from inbox.common.versions import bump, kept

YEARS_BACK, YEARS_AHEAD = 2, 3


def value_of(version: CalendarVersion) -> BusinessCalendar:
    """The calendar as a value for arithmetic."""
    closed = {date.fromisoformat(str(day)) for day in (*version.closed, *version.imported)}
    year = version.created_at.year if version.created_at else timezone.now().year
    for code in version.holidays:
        closed |= holidays_of(code, year)
    return BusinessCalendar.from_week(
        version.zone, version.week, frozenset(closed), name=version.calendar.key
    )


@cache
def holidays_of(code: str, year: int) -> frozenset[date]:
    """Public holidays of a country or a part of it (`PT`, `DE-BY`) around a year.

    Raises `ValueError` for an unknown code.
    """
    # Half a second of import that most processes never need.
    library: Any = importlib.import_module("holidays")
    country, _, part = code.partition("-")
    years = range(year - YEARS_BACK, year + YEARS_AHEAD)
    try:
        found = library.country_holidays(country, subdiv=part or None, years=years)
    except NotImplementedError as error:
        raise ValueError(f"no holidays are known for {code!r}") from error
    return frozenset(found)


def newest(calendar_id: int) -> tuple[int, BusinessCalendar]:
    """(version id, value) of a calendar as it stands now."""
    return kept("calendars", _load)[calendar_id]


def named(key: str) -> BusinessCalendar | None:
    """The calendar of this key as it stands now; None where there is none."""
    found = kept("calendars", _load).values()
    return next((value for _, value in found if value.name == key), None)


def _load() -> dict[int, tuple[int, BusinessCalendar]]:
    rows = CalendarVersion.objects.select_related("calendar").order_by("version")
    return {row.calendar_id: (row.pk, value_of(row)) for row in rows}


@lru_cache(maxsize=1000)
def version_value(version_id: int) -> BusinessCalendar:
    """The calendar that a clock was started with; a version never changes, so it is kept."""
    return value_of(CalendarVersion.objects.select_related("calendar").get(pk=version_id))


def save_calendar(
    *,
    key: str,
    name: str,
    zone: str,
    week: Any,
    holidays: list[str],
    closed: list[str],
    feed_url: str = "",
) -> Calendar:
    """Make a calendar, or a new version of it when something differs.

    Raises `ValueError` when the hours cannot be read.
    """
    value_of(
        CalendarVersion(
            calendar=Calendar(key=key), zone=zone, week=week, holidays=holidays, closed=closed
        )
    )
    defaults = {"name": name, "feed_url": feed_url}
    calendar, _ = Calendar.objects.update_or_create(key=key, defaults=defaults)
    new_version(calendar, zone=zone, week=week, holidays=holidays, closed=closed)
    return calendar


def new_version(calendar: Calendar, **fields: Any) -> bool:
    """Write what a calendar says from now on; False when nothing differs.

    Versions that clocks have used are never rewritten, so no edit changes a deadline of the past.
    """
    last = calendar.versions.order_by("-version").first()
    kept_fields = ("zone", "week", "holidays", "closed", "imported")
    now = {name: getattr(last, name) for name in kept_fields} if last else {}
    if last is not None and {**now, **fields} == now:
        return False
    highest = calendar.versions.aggregate(n=Max("version"))["n"] or 0
    calendar.versions.create(version=highest + 1, **{**now, **fields})
    bump("calendars")
    return True
