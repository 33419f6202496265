"""A chat is a thread in Slack: both ways, under the person's name, with notes that stay inside."""

import pytest

from inbox import pipeline
from inbox.common.work import Actor
from inbox.intake.bridged import is_internal
from inbox.livechat.tests.conftest import Browser, answer
from inbox.livechat.tests.slackside import card_of, flush, lines, room, say
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Thread, Ticket
from integrations.slack.tests.conftest import deliver, workspace
from rig.desk import act, agent
from rig.slack import FakeSlack
from rig.slack_api import Room

__all__ = ["room", "workspace"]
pytestmark = pytest.mark.django_db


def test_both_ways_under_the_persons_name(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.begin(name="Mira")
    visitor.say("How do I drop a slot?")
    flush()
    assert lines(workspace, room) == [("Mira (visitor)", "How do I drop a slot?")]
    say(workspace, room, "U0ANA", "With *pg_drop*.")
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.waiting_on) == ("in_progress", "them")
    assert ticket.owner is not None
    seen = visitor.read()
    assert [(row["author"], row["text"]) for row in seen[1:]] == [("Ana", "With *pg_drop*.")]
    assert "<b>pg_drop</b>" in seen[1]["html"]
    visitor.say("thanks, and listing them?", "line-0002")
    answer(ticket, "With **pg_list**.")
    flush()
    assert lines(workspace, room)[-2:] == [
        ("Mira (visitor)", "thanks, and listing them?"),
        ("Ana", "With *pg_list*."),
    ]
    assert Ticket.objects.count() == 1  # our own lines make no tickets


@pytest.mark.parametrize("text", ["note: she is new", "NOTE: x", "🔒 x", ":lock: x", "*note:* x"])
def test_notes_stay_inside(visitor: Browser, workspace: FakeSlack, room: Room, text: str) -> None:
    visitor.say("question")
    flush()
    say(workspace, room, "U0ANA", text)
    assert [row["text"] for row in visitor.read()] == ["question"]
    assert Message.objects.get(visibility="internal").author_user == agent("ana")
    assert Ticket.objects.get().status == "open"


def test_words_of_others_in_slack_stay_inside(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("question")
    flush()
    say(workspace, room, "U0HELP", "I am no member of the team")
    assert [row["text"] for row in visitor.read()] == ["question"]
    assert Message.objects.get(visibility="internal").role == "community"


def test_edits_and_deletions_follow(visitor: Browser, workspace: FakeSlack, room: Room) -> None:
    visitor.say("question")
    flush()
    ts = say(workspace, room, "U0ANA", "wrong")
    deliver(workspace.envelope(workspace.edit(room.id, ts, "right")))
    last = visitor.read()[-1]
    assert (last["kind"], last["text"]) == ("changed", "right")
    deliver(workspace.envelope(workspace.delete(room.id, ts)))
    assert visitor.read()[-1]["deleted"] is True


def test_tick_on_the_card_closes(visitor: Browser, workspace: FakeSlack, room: Room) -> None:
    visitor.say("question")
    flush()
    card = card_of(workspace, room)
    for who, status, state in (("U0HELP", "open", "ignored"), ("U0ANA", "closed", "done")):
        tick = workspace.react(who, room.id, card.ts, "white_check_mark")
        deliver(workspace.envelope(tick), state=state)
        assert Ticket.objects.get().status == status
    assert visitor.read()[-1]["kind"] == "closed"
    flush()
    assert "Closed" in str(card_of(workspace, room))


def test_slack_down_stops_nothing_and_catches_up(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    workspace.fail("chat.postMessage", times=6, drop="before")
    visitor.say("are you there?")
    answer(Ticket.objects.get(), "Yes.")
    assert [row["text"] for row in visitor.read()] == ["are you there?", "Yes."]
    flush()
    assert [text for _, text in lines(workspace, room)] == ["are you there?", "Yes."]


@pytest.mark.parametrize(
    "text",
    [
        "[x](mention:U0ANA)",
        "[x](&#109;ention:U0ANA)",
        "[x](mention\\:U0ANA)",
        "<mention:U0ANA>",
        "[x][1]\n\n[1]: mention:U0ANA",
        "<!channel> <@U0ANA>",
    ],
)
def test_a_visitor_calls_nobody(
    visitor: Browser, workspace: FakeSlack, room: Room, text: str
) -> None:
    visitor.say(text)
    flush()
    ((_, said),) = lines(workspace, room)
    assert "<@" not in said
    assert "<!" not in said


def test_a_restricted_chat_is_not_bridged(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("question")
    flush()
    ticket = Ticket.objects.get()
    team = agent("ana").teams.create(key="security", name="Security", restricted=True)
    with pipeline.change(Actor.system("test")):
        tickets.restrict(tickets.lock(ticket.pk), team)
    visitor.say("the password is x", "line-0002")
    flush()
    assert "password" not in str(lines(workspace, room))
    assert Thread.objects.filter(role="bridge").count() == 1


@pytest.mark.parametrize(
    ("text", "inside"),
    [("notes: x", False), ("a note: x", False), ("> note: x", True), ("", False)],
)
def test_marks(text: str, inside: bool) -> None:
    assert is_internal(text) is inside


def test_agents_who_write_in_the_desk_are_not_echoed_back(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("question")
    answer(Ticket.objects.get(), "answer")
    flush()
    act(tickets.add_note, Ticket.objects.get(), body="inside", user=agent("ana"))
    flush()
    assert [text for _, text in lines(workspace, room)] == ["question", "answer"]
    assert [row["text"] for row in visitor.read()] == ["question", "answer"]
