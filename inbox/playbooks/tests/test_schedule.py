"""When steps are due: exact minutes, days by the wall clock, working days by the calendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from inbox.calendars.clock import BusinessCalendar, is_open_day
from inbox.playbooks.definition import when_from
from inbox.playbooks.schedule import due, moment

LISBON = ZoneInfo("Europe/Lisbon")
DAYS = ("mon", "tue", "wed", "thu", "fri")
WEEK = BusinessCalendar.from_week(
    "Europe/Lisbon",
    {day: ["09:00-18:00"] for day in DAYS},
    frozenset({date(2026, 12, 8)}),
)
FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 - Hypothesis wants its bounds naive
LAST = datetime(2030, 1, 1)  # noqa: DTZ001 - the same
MOMENTS = some.datetimes(min_value=FIRST, max_value=LAST, timezones=some.just(UTC))
ANCHOR = datetime(2026, 12, 10, 17, 0, tzinfo=LISBON)  # a Thursday


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("T", "2026-12-10 17:00"),
        ("T-14d", "2026-11-26 17:00"),
        ("T-2w", "2026-11-26 17:00"),
        ("T-10m", "2026-12-10 16:50"),
        ("T+24h", "2026-12-11 17:00"),
        ("T-1wd", "2026-12-09 17:00"),
        ("T-2wd", "2026-12-07 17:00"),  # the 8th is a holiday
        ("T+2wd", "2026-12-14 17:00"),
    ],
)
def test_offsets_in_the_calendars_zone(text: str, local: str) -> None:
    at = due(when_from(text), anchor=ANCHOR, started=ANCHOR, cal=WEEK)
    assert at is not None
    assert f"{at.astimezone(LISBON):%Y-%m-%d %H:%M}" == local


def test_days_keep_the_wall_clock_over_a_change_of_summer_time() -> None:
    anchor = datetime(2026, 10, 27, 17, 0, tzinfo=LISBON)
    assert moment(anchor, -7, "d", WEEK).astimezone(LISBON).hour == 17
    assert moment(anchor, -7 * 24, "h", WEEK).astimezone(LISBON).hour == 18


@given(at=MOMENTS, days=some.integers(1, 40))
def test_a_working_day_is_open_and_so_many_open_days_away(at: datetime, days: int) -> None:
    for sign in (1, -1):
        there = moment(at, sign * days, "wd", WEEK)
        first, last = sorted((at.astimezone(LISBON).date(), there.astimezone(LISBON).date()))
        between = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        between.remove(at.astimezone(LISBON).date())
        assert is_open_day(WEEK, there.astimezone(LISBON).date())
        assert sum(is_open_day(WEEK, day) for day in between) == days


@given(at=MOMENTS, minutes=some.integers(-9999, 9999))
def test_minutes_and_hours_are_time_that_passes(at: datetime, minutes: int) -> None:
    assert moment(at, minutes, "m", WEEK) - at == timedelta(minutes=minutes)
    assert moment(at, minutes, "h", WEEK) - at == timedelta(hours=minutes)


@given(
    at=MOMENTS,
    sooner=some.integers(-60, 60),
    later=some.integers(-60, 60),
    unit=some.sampled_from(["m", "h", "d", "w", "wd"]),
)
def test_a_greater_offset_is_never_earlier(
    at: datetime, sooner: int, later: int, unit: str
) -> None:
    sooner, later = sorted((sooner, later))
    assert moment(at, sooner, unit, WEEK) <= moment(at, later, unit, WEEK)


@pytest.mark.parametrize("amount", [-2, 1])
def test_where_a_calendar_never_opens_every_day_is_one(amount: int) -> None:
    never = BusinessCalendar.from_week("UTC", {})
    assert moment(ANCHOR, amount, "wd", never) == moment(ANCHOR, amount, "d", never)
