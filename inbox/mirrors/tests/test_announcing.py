"""New items of repositories, said once where their group's people talk (S19)."""

import json
from typing import Any

import pytest

from inbox import pipeline
from inbox.accounts.models import Team
from inbox.channels.models import Channel, Source, SourceGroup
from inbox.common.work import Actor
from inbox.loop.tests.forge import connect
from inbox.mirrors.announcing import announce
from inbox.operations import checking, draining
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from integrations.slack.tests.conftest import connected, workspace
from rig.desk import NOW, act, agent, asker, ticket
from rig.slack import FakeSlack

__all__ = ["workspace"]
pytestmark = pytest.mark.django_db
WARNING = "core is announced in #core-activity, but nothing is connected there"


@pytest.fixture(autouse=True)
def forge(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracker whose core group is announced."""
    connect(monkeypatch)
    SourceGroup.objects.filter(name="core").update(announce_to="#core-activity")


@pytest.fixture
def slack(workspace: FakeSlack) -> FakeSlack:
    """A workspace with the room for it."""
    connected(workspace)
    workspace.room("core-activity")
    return workspace


def opened(
    page: str = "issues", *, place: str = "acme/zeta", who: Identity | None = None, **fields: Any
) -> Ticket:
    """Somebody opens something in a place."""
    source = Source.objects.select_related("group", "channel").get(external_key=place)
    return ticket(
        channel=source.channel,
        source=source,
        who=who or Identity.objects.filter(name="Kezia").first() or asker("kezia"),
        permalink=f"https://forge.example/{place}/{page}/12",
        **fields,
    )


def said(slack: FakeSlack) -> list[Any]:
    """The cards in the room, as Slack got them."""
    assert draining.drain(timeout_seconds=30)[1]
    posts = slack.posted(slack.room("core-activity").id)
    return [post.extra["blocks"] for post in posts]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("issues", "New issue #12"),
        ("pull", "New pull request #12"),
        ("discussions", "New discussion #12"),
    ],
)
def test_a_new_item_is_said_with_what_it_is_and_where(
    slack: FakeSlack, page: str, words: str
) -> None:
    row = opened(page)
    ((title, facts, buttons),) = said(slack)
    assert title["text"]["text"] == f"{words}: {row.subject}"
    assert [field["text"] for field in facts["fields"]] == [
        "*Where*\nacme/zeta",
        "*By*\nKezia",
        "*Group*\ncore",
    ]
    assert [button["url"] for button in buttons["elements"]] == [row.permalink]


def test_each_item_is_said_once_however_often_it_is_announced(slack: FakeSlack) -> None:
    rows = [opened(), opened("pull")]
    for row in rows:
        act(announce, row)
        act(tickets.set_priority, row, "high")
        act(tickets.close, row)
        act(tickets.reopen, row)
    assert len(said(slack)) == 2


def test_what_is_said_under_it_is_a_note(slack: FakeSlack) -> None:
    """L12: the place belongs to the team; its words never reach the one who asked."""
    row = opened()
    said(slack)
    (post,) = slack.posted(slack.room("core-activity").id)
    thread = row.threads.get(role="triage")
    assert thread.thread_key == f"{slack.room('core-activity').id}/{post.ts}"


def _by_the_team() -> None:
    who = asker("ana")
    Identity.objects.filter(pk=who.pk).update(user=agent("ana"))
    opened(who=Identity.objects.get(pk=who.pk))


def _by_a_maintainer() -> None:
    opened(who=asker("maya", member_kind="maintainer"))


def _by_a_robot() -> None:
    opened(opener_class="robot")


def _restricted() -> None:
    opened(restricted_team=Team.objects.create(key="sec", name="Security"))


def _outside_of_groups() -> None:
    opened(place="acme/odd")


def _historic() -> None:
    source = Source.objects.select_related("group", "channel").get(external_key="acme/zeta")
    with pipeline.change(Actor.system("backfill"), now=NOW, historic=True):
        row, thread = tickets.open_ticket(
            subject="Old", channel=source.channel, asker=asker("kezia"), thread_key="7:issue:1",
            at=NOW, source=source,
        )  # fmt: skip
        tickets.add_message(
            row, thread, direction="in", visibility="public", role="asker", external_id="issue/1",
            sent_at=NOW, new_text="x",
        )  # fmt: skip


@pytest.mark.parametrize(
    "happens",
    [_by_the_team, _by_a_maintainer, _by_a_robot, _restricted, _outside_of_groups, _historic],
)
def test_what_is_not_said(slack: FakeSlack, happens: Any) -> None:
    happens()
    assert (Ticket.objects.count(), said(slack)) == (1, [])


def test_the_connection_that_knows_the_place_is_taken(slack: FakeSlack) -> None:
    del slack
    other = Channel.objects.create(kind="slack", key="other")
    Source.objects.create(channel=other, external_key="C0CORE", label="core-activity")
    opened()
    assert [row.channel for row in Outgoing.objects.all()] == [other]


def test_without_a_connection_it_is_a_finding_and_no_error() -> None:
    opened()
    assert Outgoing.objects.count() == 0
    assert [f.level for f in checking.findings() if f.text == WARNING] == ["warn"]


def test_with_a_connection_there_is_no_finding(slack: FakeSlack) -> None:
    del slack
    assert WARNING not in json.dumps([finding.text for finding in checking.findings()])
