"""Announcements fit where they are made, and never lose the address."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.playbooks import announcing
from inbox.playbooks.tests.test_describing import Event

STREAM = "https://www.youtube.com/watch?v=abcdefghijk"
TOPICS = [{"title": "Incremental loads", "minutes": 15}, {"title": "Ask anything", "minutes": 45}]


def event(**changes: Any) -> Event:
    return Event(
        **{"starts_at": datetime(2026, 12, 3, 16, 0, tzinfo=UTC), "agenda": TOPICS, **changes}
    )


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("hello", 5),
        ("héllo", 5),
        ("“quoted”", 8),
        ("🎉", 2),
        ("会議", 4),
        ("see https://example.com/a/very/long/address/that/counts/the/same", 27),
    ],
)
def test_a_tweet_is_counted_as_twitter_counts(text: str, weight: int) -> None:
    assert announcing.weight(text) == weight


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (
            "early",
            "Millrace Office Hours: Thursday, 3 December 2026, 16:00 UTC. "
            f"Topics: Incremental loads, Ask anything. {STREAM}",
        ),
        (
            "day",
            "Millrace Office Hours is today at 16:00 UTC. "
            f"Topics: Incremental loads, Ask anything. {STREAM}",
        ),
        (
            "now",
            f"Millrace Office Hours begins now. Topics: Incremental loads, Ask anything. {STREAM}",
        ),
    ],
)
def test_a_tweet_has_time_topics_and_address(moment: str, expected: str) -> None:
    assert announcing.announcement(event(), place="twitter", moment=moment) == expected


def test_where_there_is_room_people_are_asked_for_questions() -> None:
    assert announcing.announcement(event(), place="slack", moment="early") == (
        "Millrace Office Hours: Thursday, 3 December 2026, 16:00 UTC.\n\n"
        "Topics:\n- Incremental loads\n- Ask anything\n\nWith mira, Ansel.\n\n"
        f"Bring a question, or tell us here what you would like to talk about.\n\n{STREAM}"
    )


def test_topics_are_left_out_until_a_tweet_fits() -> None:
    many = [{"title": f"Topic {n} with a rather long name", "minutes": 5} for n in range(12)]
    text = announcing.announcement(event(agenda=many), place="twitter", moment="day")
    assert text == (
        "Millrace Office Hours is today at 16:00 UTC. Topics: Topic 0 with a rather long name, "
        "Topic 1 with a rather long name, Topic 2 with a rather long name, Topic 3 with a rather "
        f"long name, Topic 4 with a rather long name, Topic 5 with a rather long name. {STREAM}"
    )


def test_without_a_stream_the_meeting_is_named() -> None:
    text = announcing.announcement(event(stream_url="", agenda=[]), place="twitter", moment="now")
    assert text == "Millrace Office Hours begins now. https://meet.example.com/hours"


def test_there_is_a_text_for_every_place() -> None:
    texts = announcing.announcements(event(), "day")
    assert list(texts) == ["slack", "twitter", "linkedin"]
    assert texts["slack"] == texts["linkedin"]


@given(st.text(max_size=5000), st.lists(st.text(max_size=300), max_size=30))
def test_every_text_fits_and_keeps_the_address(name: str, topics: list[str]) -> None:
    agenda = [{"title": topic, "minutes": 5} for topic in topics]
    told = event(title=name, agenda=agenda, people=[])
    for moment in announcing.Moment:
        for place, text in announcing.announcements(told, moment).items():
            where = announcing.PLACES[place]
            assert where.count(text) <= where.longest
            assert text.endswith(STREAM)
