"""Slack is down, slow, refuses or has lost us: the chat goes on, the bridge catches up."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels.models import Channel, Delivery
from inbox.livechat.tests.conftest import Browser, answer
from inbox.livechat.tests.slackside import card_of, flush, lines, room, say
from inbox.mirrors.models import MirrorCard
from inbox.operations.connecting import connect
from inbox.outbox import effects
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Ticket
from integrations.slack import client
from integrations.slack.tests.conftest import deliver, workspace
from rig.desk import act
from rig.slack import FakeSlack
from rig.slack_api import Room
from rig.vendor import Answer

__all__ = ["room", "workspace"]
pytestmark = pytest.mark.django_db
LONG = "\n".join(f"line {n} of a long answer that Slack wants in parts" for n in range(160))


def roots(fake: FakeSlack, room: Room) -> int:
    """How many cards there are."""
    return len([post for post in fake.posted(room.id) if not post.thread_ts])


def health() -> tuple[bool, str, str]:
    """How the connection is said to be."""
    row = Channel.objects.get(kind="slack")
    return row.active, row.health, row.health_text


@pytest.mark.parametrize("times", range(1, 5))
def test_what_breaks_after_the_write_is_there_once(
    visitor: Browser, workspace: FakeSlack, room: Room, times: int
) -> None:
    workspace.fail("chat.postMessage", times=times, drop="after")
    visitor.say("one")
    visitor.say("two", "line-0002")
    answer(Ticket.objects.get(), LONG)
    flush()
    said = [text for _, text in lines(workspace, room)]
    assert said[:2] == ["one", "two"]
    assert "\n".join(said[2:]) == LONG
    assert roots(workspace, room) == 1


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_after_the_write_is_looked_up(
    visitor: Browser, workspace: FakeSlack, room: Room, status: int
) -> None:
    wrong = Answer(status, b"oops")
    workspace.fail("chat.postMessage", times=3, drop="after", answer=wrong)
    visitor.say("one")
    visitor.say("two", "line-0002")
    flush()
    assert [text for _, text in lines(workspace, room)] == ["one", "two"]
    assert roots(workspace, room) == 1


def test_everything_is_down_and_the_order_is_kept(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    """Not even the channel's id can be asked for."""
    client._kept.values.clear()
    workspace.is_away = True
    for n in range(4):
        visitor.say(f"line {n}", f"line-000{n}")
    answer(Ticket.objects.get(), "We are looking.")
    flush(rounds=3)
    assert len(visitor.read()) == 5
    workspace.is_away = False
    client._kept.values.clear()
    flush()
    wanted = [*(f"line {n}" for n in range(4)), "We are looking."]
    assert [text for _, text in lines(workspace, room)] == wanted
    assert roots(workspace, room) == 1


def test_an_answer_under_a_card_that_is_not_confirmed_yet_waits(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    workspace.fail("chat.postMessage", drop="after")
    visitor.say("question")
    row = MirrorCard.objects.get().outgoing
    assert pipeline.deliver(row.pk) == "uncertain"
    card = card_of(workspace, room)
    ts = workspace.say("U0ANA", room.id, "quick answer", thread=card.ts)
    deliver(workspace.envelope(workspace.message_event(room.id, ts)), state="pending")
    assert [row["text"] for row in visitor.read()] == ["question"]
    flush()
    late = Delivery.objects.get(state="pending")
    assert pipeline.process_delivery(late.pk, now=timezone.now() + timedelta(hours=1)) == "done"
    assert [row["text"] for row in visitor.read()] == ["question", "quick answer"]


def test_a_limit_is_waited_out(visitor: Browser, workspace: FakeSlack, room: Room) -> None:
    limit = Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"})
    workspace.fail("chat.postMessage", answer=limit)
    visitor.say("question")
    row = MirrorCard.objects.get().outgoing
    assert pipeline.deliver(row.pk) == "queued"
    row.refresh_from_db()
    assert row.not_before - timezone.now() > timedelta(seconds=25)
    assert pipeline.deliver(row.pk) == ""
    flush()
    assert [text for _, text in lines(workspace, room)] == ["question"]


def test_a_revoked_token_is_said_and_the_bridge_goes_on_with_a_new_one(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    """Trust, row 46."""
    visitor.say("one")
    flush()
    workspace.token = "xoxb-another"
    deliver(workspace.envelope({"type": "tokens_revoked", "tokens": {"bot": ["U0DESKBOT"]}}))
    visitor.say("two", "line-0002")
    answer(Ticket.objects.get(), "three")
    flush(rounds=3)
    text = "Slack's token was revoked; install the app again"
    assert health()[0] is False
    assert health()[2] == text
    assert [row["text"] for row in visitor.read()] == ["one", "two", "three"]
    assert not Outgoing.objects.filter(state="failed").exists()
    connect("slack", "main", {"bot_token": "xoxb-another"})
    assert health() == (True, "ok", "")
    flush()
    assert [text for _, text in lines(workspace, room)] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        ({"is_archived": True}, "the Slack channel is archived"),
        (
            {"is_member": False, "is_private": True},
            "the bot is not in the Slack channel; invite it",
        ),
    ],
)
def test_a_place_that_takes_nothing_is_said_until_it_does(
    visitor: Browser, workspace: FakeSlack, room: Room, trouble: dict[str, bool], text: str
) -> None:
    """Trust, row 44."""
    visitor.say("one")
    flush()
    for name, value in trouble.items():
        setattr(room, name, value)
    visitor.say("two", "line-0002")
    flush(rounds=3)
    assert health() == (True, "blocked", text)
    assert [row["text"] for row in visitor.read()] == ["one", "two"]
    for name, value in trouble.items():
        setattr(room, name, not value)
    flush()
    assert [text for _, text in lines(workspace, room)] == ["one", "two"]
    assert health() == (True, "ok", "")


def test_a_channel_that_is_not_there_is_said(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    client._kept.values.clear()
    connect("slack", "main", {"bridge_channel": "#suport"})
    visitor.say("question")
    flush(rounds=2)
    assert "there is no Slack channel #suport" in health()[2]
    assert Outgoing.objects.filter(state="failed").count() == 0


def test_a_long_answer_is_changed_and_deleted_whole(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    """Trust, row 47."""
    visitor.say("question")
    flush()
    say(workspace, room, "U0ANA", "hm")
    row = answer(Ticket.objects.get(), LONG)
    flush()
    mine = [post for post in workspace.posted(room.id) if post.extra.get("username") == "Ana"]
    assert len(mine) == 3
    assert max(len(post.text) for post in mine) <= 3900
    act(effects.amend, row.message, text="Short.", at=timezone.now())
    flush()
    assert [text for _, text in lines(workspace, room)] == ["question", "Short."]
    act(effects.withdraw, row.message, at=timezone.now())
    flush()
    assert [text for _, text in lines(workspace, room)] == ["question"]


def test_a_line_that_was_deleted_before_it_left_never_does(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    workspace.is_away = True
    visitor.say("question")
    row = answer(Ticket.objects.get(), "a secret")
    act(effects.withdraw, row.message, at=timezone.now())
    workspace.is_away = False
    flush()
    assert [text for _, text in lines(workspace, room)] == ["question"]
    assert "a secret" not in str(workspace.calls)
