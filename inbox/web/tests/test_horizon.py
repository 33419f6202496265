"""The horizon is pure: moments in, percents and a sentence out."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from inbox.calendars.clock import ALWAYS, BusinessCalendar
from inbox.web.horizon import Horizon, Promise, draw

WEEK = {day: ["09:00-13:00", "14:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
TEAM = BusinessCalendar.from_week("UTC", WEEK)
NOON = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)  # a Thursday
ME, OTHER = 1, 2


def drawn(*hours: float, now: datetime = NOON, calendar: BusinessCalendar = TEAM) -> Horizon:
    """Promises that many hours from now, mine, a colleague's and nobody's in turn."""
    owners = (ME, OTHER, None)
    promises = [
        Promise(due_at=now + timedelta(hours=h), owner=owners[n % 3]) for n, h in enumerate(hours)
    ]
    return draw(promises, now=now, calendar=calendar, zone="UTC", user=ME)


def places(horizon: Horizon) -> list[float]:
    return [float(pin.x[:-1]) for pin in horizon.pins]


def test_pieces_of_the_line_are_the_ones_of_the_design() -> None:
    """12 over, 48 the rest of the day, 5 closed hours, 27 the next day, then the rest."""
    horizon = drawn(-2, 8, 10, 23, 32, 100)
    over, closing, night, morning, evening, later = places(horizon)
    assert 0 < over < 12
    assert (closing, night, morning, evening, later) == (60.0, 62.5, 65.0, 92.0, 98.2)
    assert [pin.state for pin in horizon.pins] == ["breach", "today", *["later"] * 4]


def test_lunch_takes_no_room() -> None:
    assert places(drawn(3)) == places(drawn(4))
    assert float(drawn().hour_width[:-1]) == pytest.approx(48 / 7, abs=0.01)


def test_pins_of_one_moment_stand_side_by_side() -> None:
    assert places(drawn(*[2] * 8)) == [25.71, 26.51, 27.31, 28.11, *[28.91] * 4]


def test_whose_it_is_is_told_by_ring_and_hollow() -> None:
    pins = drawn(0.5, 0.6, 0.7).pins
    assert [(pin.state, pin.mine, pin.free) for pin in pins] == [
        ("hour", True, False),
        ("hour", False, False),
        ("hour", False, True),
    ]


def test_sentence_says_what_the_drawing_says() -> None:
    assert drawn(-1, 0.5, 2, 3, 30).sentence == (
        "Due times in business hours: 1 is over, 1 falls due within the hour, 2 more before "
        "18:00, 1 later."
    )
    assert drawn().sentence == "No promise is due."


def test_after_hours_the_next_business_day_takes_the_place_of_today() -> None:
    friday_night = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    horizon = drawn(61, 70, now=friday_night)  # Monday at nine, and at closing time
    assert places(horizon) == [12.0, 60.0]
    assert (horizon.hour_width, horizon.after) == ("0.00%", "Wed")
    assert "before Monday 18:00" in horizon.sentence
    assert any(tick.words == "Tue 9:00" for tick in horizon.ticks)


@pytest.mark.parametrize("calendar", [TEAM, ALWAYS])
@pytest.mark.parametrize("hour", range(24))
def test_pins_keep_the_order_of_time_and_ticks_their_distance(
    hour: int, calendar: BusinessCalendar
) -> None:
    now = NOON.replace(hour=hour, minute=37)
    horizon = drawn(*(0.1 + 0.7 * n for n in range(90)), now=now, calendar=calendar)
    xs = places(horizon)
    assert xs == sorted(xs)
    assert 12 <= xs[0] <= xs[-1] <= 100 + 1.5
    ticks = [float(tick.x[:-1]) for tick in horizon.ticks]
    assert all(b - a > 3.5 for a, b in pairwise(ticks))
    assert len(ticks) <= 16
