"""Ranges, the scale and the drawings."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.calendars.clock import BusinessCalendar
from inbox.reports.charts import heat, nice, percents
from inbox.reports.gathering import describe
from inbox.reports.lanes import between, counts, lane, packed, unpacked
from inbox.reports.scale import bucket_of, minutes_at, percentile
from inbox.reports.spans import DAY, SPANS, begin_of, each, moment, periods, pieces, runs, steady

DAYS = st.dates(date(2016, 1, 1), date(2026, 12, 31))
ZONES = st.sampled_from(
    ["UTC", "Europe/Lisbon", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"]
)


@given(first=DAYS, days=st.integers(0, 900), zone=ZONES)
def test_pieces_are_the_range_and_nothing_twice(first: date, days: int, zone: str) -> None:
    cut = periods(first, first + timedelta(days=days))
    assert (cut[0].first, cut[-1].end) == (first, first + timedelta(days=days + 1))
    assert len(cut) <= 62
    spans = [(moment(p.first, zone), moment(p.end, zone)) for p in cut]
    found = pieces(spans)
    whole = [
        (datetime(a.year, a.month, a.day, tzinfo=UTC), datetime(b.year, b.month, b.day, tzinfo=UTC))
        for a, b in found.days
    ]
    parts = sorted([*whole, *found.slivers])
    assert (parts[0][0], parts[-1][1]) == (spans[0][0], spans[-1][1])
    assert all(a[1] == b[0] for a, b in pairwise(parts))
    assert all(a < b for a, b in parts)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2026, 3, 29), 23), (date(2026, 5, 1), 24)]
)
def test_days_have_the_hours_that_they_had(day: date, hours: int) -> None:
    zone = "Europe/Lisbon"
    length = moment(day + timedelta(days=1), zone) - moment(day, zone)
    assert length == timedelta(hours=hours)


@given(first=DAYS, days=st.integers(0, 4000))
def test_runs_are_every_day_once_in_few_spans(first: date, days: int) -> None:
    end = first + DAY * days
    found = runs(first, end)
    assert found == sorted(found, key=lambda run: run.first)
    at = first
    for run in found:
        assert run.first == at
        assert begin_of(run.first, run.span) == run.first < run.end
        at = run.end
    assert at == end or not found
    cells = [(run.span, day) for run in found for day in each(run)]
    most = {"day": 24, "week": 8, "month": 22, "year": 11}
    for span in SPANS:
        assert sum(one == span for one, _ in cells) <= most[span]


@given(st.dictionaries(st.integers(0, 700), st.integers(1, 10**9), max_size=40))
def test_lanes_are_counts_that_add_up(wanted: dict[int, int]) -> None:
    number = sum(lane(place, n) for place, n in wanted.items())
    assert counts(number) == Counter(wanted)
    assert unpacked(packed(number)) == number
    assert counts(number + number) == Counter({place: 2 * n for place, n in wanted.items()})
    for place in (0, 96, 701):
        assert between(number, 0, place) == sum(n for at, n in wanted.items() if at < place)
        assert between(number, place, 701) == sum(n for at, n in wanted.items() if at >= place)
    for place, n in wanted.items():
        number -= lane(place, n)
    assert (number, packed(number)) == (0, b"")


def test_clocks_that_change_in_a_month_are_seen() -> None:
    """Lisbon goes back on 25 October 2026; Casablanca for the month of Ramadan and back."""
    assert steady("Europe/Lisbon", date(2026, 9, 1), date(2026, 10, 1)) == 4
    assert steady("Europe/Lisbon", date(2026, 10, 1), date(2026, 11, 1)) is None
    assert steady("Africa/Casablanca", date(2025, 2, 1), date(2025, 3, 1)) is None
    assert steady("Asia/Kathmandu", date(2026, 1, 1), date(2026, 2, 1)) == 23


@given(st.floats(0, 10_000 * 3600))
def test_scale_is_off_by_what_it_says(seconds: float) -> None:
    """Half a minute up to an hour, 2.5 % above."""
    shown = minutes_at(bucket_of(seconds)) * 60
    assert abs(shown - seconds) <= (30.001 if seconds <= 3600 else seconds * 0.025)


@given(st.lists(st.floats(0, 500_000), min_size=1), st.sampled_from([0.5, 0.9]))
def test_percentiles_of_marks_are_marks_of_percentiles(values: list[float], share: float) -> None:
    exact = sorted(values)[max(ceil(share * len(values)), 1) - 1]
    marks = Counter(bucket_of(value) for value in values)
    assert percentile(marks, share) == minutes_at(bucket_of(exact))


def test_percentile_of_nothing_is_nothing() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({3: 0}, 0.5) is None


def test_misses_are_marked_and_the_goal_is_drawn() -> None:
    drawn = percents([91, None, 96, 94], ["1", "2", "3", "4"], 92)
    (line,) = drawn.lines
    assert [(dot.words, dot.is_miss) for dot in line.dots] == [
        ("91", True),
        ("", False),
        ("94", False),
    ]
    assert [words for _, words in drawn.grid] == ["100", "90", "80"]
    assert drawn.goal_y == 16 + 8 / 20 * 186


@pytest.mark.parametrize(
    ("value", "top"), [(0, 2), (3, 4), (7, 10), (11, 20), (57, 60), (999, 1000)]
)
def test_axes_end_at_round_numbers(value: int, top: int) -> None:
    assert nice(value) == top


def test_frames_stand_around_open_hours() -> None:
    week = {(day, hour) for day in range(5) for hour in (*range(9, 13), *range(14, 18))}
    drawn = heat({(1, 10): 10, (6, 3): 1}, frozenset(week))
    assert len(drawn.squares) == 7 * 24
    assert [round(width / 3.875) for _, _, width, _ in drawn.frames] == [4, 4]
    levels = {(square.words, square.level) for square in drawn.squares if square.level}
    assert levels == {("Tue 10:00: 10", 5), ("Sun 3:00: 1", 1)}


def test_open_hours_are_said_in_words() -> None:
    days = ("mon", "tue", "wed", "thu", "fri")
    week = {**{day: ["09:00-18:00"] for day in days}, "sat": ["10:00-12:00"]}
    said = describe(BusinessCalendar.from_week("Europe/Lisbon", week))
    assert said == "Monday to Friday, 9:00 to 18:00; Saturday, 10:00 to 12:00, Europe/Lisbon"
