"""The words that a run puts into its texts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox import pipeline
from inbox.common.work import Actor
from inbox.playbooks import acting
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Event, Playbook, Run, Series
from inbox.playbooks.wording import fill, words_of
from inbox.tickets.errors import VerbError
from rig.desk import agent

pytestmark = pytest.mark.django_db
T = datetime(2026, 12, 3, 16, 0, tzinfo=UTC)
FIELDS = [
    {"key": "product", "label": "Product"},
    {"key": "room", "label": "Channel"},
    {"key": "issue_page", "label": "Page", "kind": "url"},
    {"key": "stream_url", "label": "Video link", "kind": "url"},
    {"key": "topics", "label": "Topics", "kind": "list"},
    {"key": "names", "label": "Names", "kind": "list"},
]
VIDEO = "https://www.youtube.com/watch?v=abcdefghijk"


def run(event: Event | None = None, **values: Any) -> Run:
    steps = [{"key": "one", "title": "One", "at": "T"}]
    said = {"key": "hours", "name": "Office hours", "fields": FIELDS, "steps": steps}
    playbook = Playbook.objects.create(key="hours", name="Office hours", definition=said)
    with pipeline.change(Actor.user(agent("noor")), now=T - timedelta(days=14)):
        return playbooks.start(playbook=playbook, anchor_at=T, roles={}, values=values, event=event)


def event() -> Event:
    series = Series.objects.create(
        key="hours", name="Office hours", channel_label="#office-hours",
        meeting_url="https://meet.example.com/hours",
    )  # fmt: skip
    return Event.objects.create(
        series=series,
        title="Millrace Office Hours",
        starts_at=T,
        ends_at=T + timedelta(hours=1),
        stream_url="https://www.youtube.com/watch?v=planned",
        agenda=[
            {"title": "Incremental loads", "minutes": 15, "people": ["mira"], "at_seconds": 40},
            {"title": "Ask anything", "minutes": 45, "people": []},
        ],
        people=[{"name": "Mirela", "alias": "mira", "contact": None, "role": "guest"}],
        links=[{"label": "Docs", "url": "https://docs.example.com/"}],
    )


def test_an_event_is_told_with_its_own_words() -> None:
    words = words_of(run(event(), product="Millrace", stream_url=VIDEO))
    assert {name: words[name] for name in ("room", "meeting_url", "stream_url", "date")} == {
        "room": "#office-hours",
        "meeting_url": "https://meet.example.com/hours",
        "stream_url": VIDEO,  # of the run: it is the newer word
        "date": "2026-12-03",
    }
    assert words["video_title"] == "Millrace Office Hours - 2026-12-03"
    assert words["description"] == (
        "Millrace Office Hours, 3 December 2026.\n\n"
        "0:00 Welcome\n0:40 Incremental loads (mira)\n\n"
        "With thanks to mira.\n\nDocs: https://docs.example.com/"
    )
    assert words["video_slack"] == (
        f"The recording of Millrace Office Hours is here:\n{VIDEO}\n\n"
        "- 0:00 Welcome\n- 0:40 Incremental loads (mira)"
    )


def test_a_run_without_an_event_tells_of_its_fields() -> None:
    words = words_of(run(product="Millrace", room="#live", topics=["Loads"], names=["mira"]))
    assert words["day_slack"] == (
        "Office hours is today at 16:00 UTC.\n\nTopics:\n- Loads\n\nWith mira."
    )
    assert (words["room"], words["topics"], words["stream_url"]) == ("#live", "Loads", "")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            "https://gitlab.example.org/acme/docs/-/issues/new",
            "https://gitlab.example.org/acme/docs/-/issues/new?issue%5Btitle%5D="
            "Millrace+Office+Hours+-+2026-12-03&issuable_template=office-hours",
        ),
        ("https://gitlab.example.org/acme/docs", ""),
        ("", ""),
    ],
)
def test_the_page_for_an_issue_is_filled_in(page: str, expected: str) -> None:
    words = words_of(run(product="Millrace", issue_page=page))
    assert words["issue_url"] == expected


def test_what_a_text_names_is_put_in() -> None:
    text = fill("{product} in {room}: {nothing}", words_of(run(product="Millrace", room="#live")))
    assert text == "Millrace in #live: {nothing}"


def test_every_announcement_has_a_word() -> None:
    words = words_of(run(product="Millrace"))
    moments = ("early", "day", "now")
    wanted = {f"{when}_{place}" for when in moments for place in ("slack", "twitter", "linkedin")}
    assert {name for name in wanted if words.get(name)} == wanted


def test_a_text_with_a_gap_does_not_leave() -> None:
    post = {"kind": "post", "place": "{room}", "text": "{product} begins"}
    steps = [{"key": "tell", "title": "Tell them", "action": post}]
    said = {"key": "tell", "name": "Tell", "fields": FIELDS, "steps": steps}
    playbook = Playbook.objects.create(key="tell", name="Tell", definition=said)
    with pipeline.change(Actor.user(agent("noor")), now=T):
        step = playbooks.start(
            playbook=playbook, anchor_at=T, roles={}, values={"product": "Millrace"}
        ).steps.get()
        with pytest.raises(VerbError, match=r"“Channel” is needed first\."):
            acting.act(step)
