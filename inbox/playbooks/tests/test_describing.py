"""What is said about a stream, and where the answer to a question is in it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.playbooks import describing
from inbox.playbooks.describing import Chapter

DEMOS = [
    {"title": "State of the project", "minutes": 5, "people": [], "at_seconds": 0},
    {"title": "Incremental loads", "minutes": 15, "people": ["mira"], "at_seconds": 312},
    {"title": "A <fast> tap", "minutes": 15, "people": ["Ansel", "jo"], "at_seconds": 1300},
    {"title": "Questions", "minutes": 25, "people": [], "at_seconds": 3905},
]
PEOPLE = [
    {"name": "Mirela Dutko", "alias": "mira", "contact": None, "role": "guest"},
    {"name": "Ansel", "alias": "", "contact": None, "role": "guest"},
    {"name": "Mirela D.", "alias": "mira", "contact": None, "role": "guest"},
]
LINKS = [
    {"label": "Documentation", "url": "https://docs.example.com/"},
    {"label": "", "url": "https://example.com/slack"},
]


@dataclass
class Event:
    """An event as the describers read it."""

    title: str = "Millrace Office Hours"
    starts_at: datetime = datetime(2026, 12, 2, 23, 30, tzinfo=UTC)
    meeting_url: str = "https://meet.example.com/hours"
    stream_url: str = "https://www.youtube.com/watch?v=abcdefghijk"
    agenda: list[Any] = field(default_factory=lambda: list(DEMOS))
    people: list[Any] = field(default_factory=lambda: list(PEOPLE))
    links: list[Any] = field(default_factory=lambda: list(LINKS))


def test_a_description_has_the_day_the_chapters_the_people_and_the_links() -> None:
    assert describing.description(Event()) == (
        "Millrace Office Hours, 2 December 2026.\n\n"
        "0:00 State of the project\n5:12 Incremental loads (mira)\n"
        "21:40 A ‹fast› tap (Ansel, jo)\n1:05:05 Questions\n\n"
        "With thanks to mira, Ansel.\n\n"
        "Documentation: https://docs.example.com/\nhttps://example.com/slack"
    )


def test_the_day_is_that_of_the_zone() -> None:
    lines = describing.description(Event(), ZoneInfo("Europe/Berlin")).splitlines()
    assert lines[0] == "Millrace Office Hours, 3 December 2026."


def test_an_event_of_which_nothing_is_known_has_a_short_description() -> None:
    event = Event(agenda=[{"title": "Questions", "minutes": 60}], people=[], links=[])
    assert describing.description(event) == "Millrace Office Hours, 2 December 2026."


@pytest.mark.parametrize(
    ("product", "on", "expected"),
    [
        ("Millrace", date(2026, 12, 3), "Millrace Office Hours - 2026-12-03"),
        (" Mill  <race> ", date(2027, 1, 9), "Mill ‹race› Office Hours - 2027-01-09"),
        ("M" * 200, date(2027, 1, 9), f"{'M' * 73}… Office Hours - 2027-01-09"),
    ],
)
def test_a_title_names_product_and_day(product: str, on: date, expected: str) -> None:
    assert describing.title(product, on) == expected
    assert len(expected) <= 100


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0:00", 0), ("4:05", 245), ("245", 245), ("1:04:05", 3845), ("75:00", 4500)],
)
def test_a_time_is_read_as_it_is_written_under_videos(text: str, seconds: int) -> None:
    assert describing.seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "4:60", "1:2:3:4", "-5", "4.5", "1:75:00", "４:05"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a time|end at 59"):
        describing.seconds_of(text)


@given(st.integers(min_value=0, max_value=99 * 3600))
def test_every_time_is_read_back(seconds: int) -> None:
    assert describing.seconds_of(describing.stamp(seconds)) == seconds


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([], []),
        ([None, None], []),
        ([0, 60], [0, 60]),
        ([90, 30], [0, 30, 90]),  # a welcome comes first, and the order is the recording's
        ([4, 60], [0, 60]),  # four seconds are no chapter
    ],
)
def test_chapters_open_at_zero(starts: list[int | None], expected: list[int]) -> None:
    agenda = [{"title": "Demo", "minutes": 5, "at_seconds": at} for at in starts]
    assert [chapter.seconds for chapter in describing.chapters(agenda)] == expected


def test_a_recording_that_opens_with_talk_opens_with_a_welcome() -> None:
    assert describing.chapters([{"title": "Demo", "at_seconds": 30}]) == [
        Chapter(seconds=0, label="Welcome"),
        Chapter(seconds=30, label="Demo"),
    ]


@pytest.mark.parametrize(
    ("seconds", "problem"),
    [
        ([0, 10, 20], ""),
        ([0, 10], "Chapters need at least 3 times; there are 2."),
        ([5, 20, 40], "The first chapter begins at 0:00."),
        ([0, 10, 19], "Chapters take 10 seconds or more: see 0:10 and 0:19."),
        ([0, 60, 60], "Chapters take 10 seconds or more: see 1:00 and 1:00."),
    ],
)
def test_what_youtube_makes_no_chapters_of_is_said(seconds: list[int], problem: str) -> None:
    found = [Chapter(seconds=at, label="Demo") for at in seconds]
    assert describing.chapter_problem(found) == problem


agendas = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.text(max_size=80),
            "minutes": st.integers(0, 90),
            "people": st.lists(st.text(max_size=20), max_size=3),
            "at_seconds": st.none() | st.integers(0, 20_000),
        }
    ),
    max_size=80,
)


@given(agendas, st.text(max_size=200))
def test_a_description_is_never_refused(agenda: list[Any], name: str) -> None:
    text = describing.description(Event(title=name, agenda=agenda))
    assert len(text.encode()) <= 5000
    assert not set("<>") & set(text)


@given(agendas)
def test_chapters_ascend_from_zero(agenda: list[Any]) -> None:
    found = describing.chapters(agenda)
    assert all(before.seconds <= after.seconds for before, after in pairwise(found))
    assert not found or found[0].seconds == 0


# ------------------------------------------------------------------ agenda and people


def test_people_are_called_by_their_alias() -> None:
    assert describing.called(PEOPLE) == ["mira", "Ansel"]


# ------------------------------------------------------------------ the way back


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://youtu.be/abcdefghijk", "https://youtu.be/abcdefghijk?t=312s"),
        ("https://www.youtube.com/watch?v=abc", "https://www.youtube.com/watch?v=abc&t=312s"),
        (
            "https://www.youtube.com/watch?v=abc&t=9s#x",
            "https://www.youtube.com/watch?v=abc&t=312s",
        ),
    ],
)
def test_a_link_begins_where_the_answer_is(url: str, expected: str) -> None:
    assert describing.at_moment(url, 312) == expected


def test_who_asked_hears_where_the_answer_begins() -> None:
    assert describing.answer_with_moment(Event(), seconds=312, name="Mira") == (
        "Hi Mira,\n\nwe talked about your question in Millrace Office Hours, 2 December 2026. "
        "The answer begins at 5:12: https://www.youtube.com/watch?v=abcdefghijk&t=312s\n\n"
        "If something is left open, just answer here."
    )


def test_without_a_time_the_whole_recording_is_named() -> None:
    assert describing.answer_with_moment(Event(), seconds=None) == (
        "we talked about your question in Millrace Office Hours, 2 December 2026. "
        "The recording: https://www.youtube.com/watch?v=abcdefghijk\n\n"
        "If something is left open, just answer here."
    )
