"""Business time: tables, properties, and a second opinion counted minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.calendars import clock
from inbox.calendars.clock import BusinessCalendar, NeverOpen
from inbox.sla import arithmetic

LISBON = BusinessCalendar.from_week(
    "Europe/Lisbon",
    {day: ["09:00-13:00", "14:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    frozenset({date(2026, 12, 25)}),
)
WEEKDAYS = BusinessCalendar.from_week(
    "Europe/Lisbon", {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Europe/Lisbon",
)
WEEK = {
    "mon": ["00:00-24:00"],
    "wed": ["01:30-03:15", "08:00-12:00"],
    "sun": ["00:30-05:00", "22:00-24:00"],
}
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 2 * 365 * 86400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))


def at(text: str, zone: str = "Europe/Lisbon") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-11-20T18:00", "2026-11-23T18:00"),  # S12: Friday evening → Monday at closing time
        ("2026-11-20T09:00", "2026-11-23T18:00"),
        ("2026-11-19T10:00", "2026-11-20T18:00"),
        ("2026-11-21T12:00", "2026-11-23T18:00"),
        ("2026-12-24T10:00", "2026-12-28T18:00"),  # the 25th is a holiday, then a weekend
    ],
)
def test_acknowledgement_is_due_by_the_end_of_the_next_business_day(start: str, due: str) -> None:
    assert clock.end_of_next_business_day(LISBON, at(start)) == at(due)


@pytest.mark.parametrize(
    ("amount", "unit", "start", "due"),
    [
        (24, "hours", "2026-11-20T18:00", "2026-11-21T18:00"),
        (24, "business_hours", "2026-11-20T18:00", "2026-11-23T18:00"),
    ],
)
def test_hours_and_business_hours_differ_over_a_weekend(
    amount: int, unit: str, start: str, due: str
) -> None:
    """H 1: a policy is amount + unit + calendar."""
    found = arithmetic.due_at(
        amount=amount, unit=unit, resumed_at=at(start), consumed=0, calendar=WEEKDAYS
    )
    assert found == at(due)


def test_lunch_is_closed() -> None:
    """L17: several intervals a weekday."""
    assert clock.add_business(LISBON, at("2026-11-18T12:30"), 3600) == at("2026-11-18T14:30")


def test_calendar_that_never_opens_says_so() -> None:
    with pytest.raises(NeverOpen):
        clock.add_business(BusinessCalendar.from_week("UTC", {}), at("2026-11-18T12:30"), 1)


@pytest.mark.parametrize("text", ["9-17", "17:00-09:00", "09:00-25:00", "", "09:00"])
def test_bad_hours_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"interval|end"):
        clock.read_interval(text)


def by_minutes(cal: BusinessCalendar, start: datetime, end: datetime) -> int:
    """Open minutes between two moments, counted one by one on the wall clock."""
    zone, open_minutes = ZoneInfo(cal.zone), 0
    moment = start
    while moment < end:
        local = moment.astimezone(zone)
        minute = local.hour * 60 + local.minute
        if local.date() not in cal.closed and any(
            a <= minute < b for a, b in cal.week[local.weekday()]
        ):
            open_minutes += 1
        moment += timedelta(minutes=1)
    return open_minutes


@given(st.sampled_from(ZONES), MOMENTS, st.integers(0, 4000))
def test_business_time_equals_the_count_of_minutes(zone: str, start: datetime, length: int) -> None:
    """The reference knows nothing of spans; both nights of the clock change are among the days."""
    cal = BusinessCalendar.from_week(zone, WEEK)
    start = start.replace(second=0, microsecond=0)
    end = start + timedelta(minutes=length)
    assert clock.business_seconds(cal, start, end) == by_minutes(cal, start, end) * 60


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
    ],
)
def test_nights_of_the_clock_change_are_counted_as_they_were(zone: str, night: str) -> None:
    cal = BusinessCalendar.from_week(zone, {"sun": ["00:00-24:00"]})
    start = at(f"{night}T00:00", zone).astimezone(UTC)
    assert (
        clock.business_seconds(cal, start, start + timedelta(hours=30))
        == by_minutes(cal, start, start + timedelta(hours=30)) * 60
    )


@given(MOMENTS, st.integers(0, 400_000), st.integers(0, 400_000))
def test_adding_is_additive_inverse_and_never_due_in_closed_time(
    start: datetime, a: int, b: int
) -> None:
    once = clock.add_business(LISBON, start, a + b)
    assert once == clock.add_business(LISBON, clock.add_business(LISBON, start, a), b) or a == 0
    assert clock.business_seconds(LISBON, start, once) == a + b
    if a + b:
        assert clock.is_open(LISBON, once - timedelta(microseconds=1))


@given(MOMENTS, st.integers(60, 200_000), st.integers(0, 300_000), st.integers(0, 500_000))
def test_pausing_never_shortens_a_deadline(
    start: datetime, amount: int, ran: int, slept: int
) -> None:
    """L18: whatever the moment of the pause, the due moment afterwards is not earlier."""
    due = clock.add_business(LISBON, start, amount)
    paused = start + timedelta(seconds=ran)
    resumed = paused + timedelta(seconds=slept)
    consumed = clock.business_seconds(LISBON, start, paused)
    after = arithmetic.due_at(
        amount=amount // 60,
        unit="business_minutes",
        resumed_at=resumed,
        consumed=consumed,
        calendar=LISBON,
    )
    before = clock.add_business(LISBON, start, amount // 60 * 60)
    assert after >= before
    assert due >= before
