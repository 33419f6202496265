"""What the visitor never sees: notes, words of others, and what was taken back."""

import pytest

from inbox.accounts.models import Role
from inbox.intake.bridged import is_internal
from inbox.livechat.tests.conftest import Browser, answer
from inbox.livechat.tests.slackside import (
    card_of,
    edit,
    flush,
    lines,
    react,
    room,
    say,
    whispers,
)
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Thread, Ticket
from integrations.slack.tests.conftest import connected, deliver, workspace
from rig.desk import act, agent
from rig.slack import FakeSlack
from rig.slack_api import BOT_USER, Room

__all__ = ["room", "workspace"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(visitor: Browser, room: Room) -> Browser:
    """A visitor who has asked, and whose line is in Slack."""
    visitor.say("question")
    flush()
    return visitor


def texts(visitor: Browser) -> list[str]:
    """The lines as the visitor sees them now; "" where one was deleted."""
    now: dict[int, str] = {}
    for row in visitor.read():
        if "message" in row:
            now[row["message"]] = "" if row["deleted"] else row["text"]
    return list(now.values())


@pytest.mark.parametrize(
    "text",
    [
        "note: x",
        "  Note : x",
        "*NOTE:* x",
        "_note_: x",
        "> note: x",
        "• note: x",
        "```note: x```",
        "\u200bnote: x",
        "(note: x)",
        "ｎｏｔｅ：x",
        "🔒 x",
        "x 🔒",
        ":lock: x",
        "she is a big customer :closed_lock_with_key:",
        "@Ben Example note: x",
        "<@U0BEN> note: x",
    ],
)
def test_what_is_internal(text: str) -> None:
    assert is_internal(text)


@pytest.mark.parametrize(
    "text",
    ["", "notes: x", "a note: x", "noted: x", "🔓 x", ":unlock: x", "keynote: x", "see note"],
)
def test_what_is_not(text: str) -> None:
    assert not is_internal(text)


def test_an_edit_into_a_note_takes_the_answer_back(
    asked: Browser, workspace: FakeSlack, room: Room
) -> None:
    ts = say(workspace, room, "U0ANA", "she pays us a lot")
    assert texts(asked) == ["question", "she pays us a lot"]
    edit(workspace, room, ts, "note: she pays us a lot")
    assert texts(asked) == ["question", ""]
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.waiting_on) == ("open", "us")
    assert Message.objects.get(visibility="internal").new_text == "note: she pays us a lot"
    flush()
    assert whispers(workspace) == [
        ("U0ANA", "Taken back: the visitor sees that it was deleted, and may have read it before.")
    ]
    # nothing brings it back, and the note follows its post to the end
    edit(workspace, room, ts, "she pays us well")
    assert texts(asked) == ["question", ""]
    note = Message.objects.get(visibility="internal")
    assert note.new_text == "she pays us well"
    deliver(workspace.envelope(workspace.delete(room.id, ts)))
    note.refresh_from_db()
    assert note.deleted_at is not None


def test_an_edit_never_publishes_a_note(asked: Browser, workspace: FakeSlack, room: Room) -> None:
    ts = say(workspace, room, "U0ANA", "note: she is new")
    edit(workspace, room, ts, "she is new")
    assert texts(asked) == ["question"]
    assert Message.objects.get(visibility="internal").new_text == "she is new"
    flush()
    assert whispers(workspace) == [
        (
            "U0ANA",
            "This line stays among the team: an edit never shows a note to the visitor. "
            "Write anew.",
        )
    ]
    edit(workspace, room, ts, "she is quite new")
    flush()
    assert len(whispers(workspace)) == 1


@pytest.mark.parametrize("first", ["plain", "note: plain"])
def test_versions_in_any_order_are_internal_when_one_is(
    asked: Browser, workspace: FakeSlack, room: Room, first: str
) -> None:
    """The edit comes before its message."""
    card = card_of(workspace, room)
    ts = workspace.say("U0ANA", room.id, first, thread=card.ts)
    original = workspace.message_event(room.id, ts)
    later = "note: plain" if first == "plain" else "plain"
    changed = workspace.edit(room.id, ts, later)
    deliver(workspace.envelope(changed))
    deliver(workspace.envelope(original), state="done" if first == "x" else "ignored")
    assert texts(asked) == ["question"]


def test_an_edit_without_its_past_is_taken_back_when_the_past_was_a_note(
    asked: Browser, workspace: FakeSlack, room: Room
) -> None:
    card = card_of(workspace, room)
    ts = workspace.say("U0ANA", room.id, "note: plain", thread=card.ts)
    original = workspace.message_event(room.id, ts)
    changed = workspace.edit(room.id, ts, "plain")
    del changed["previous_message"]
    deliver(workspace.envelope(changed))
    assert texts(asked) == ["question", "plain"]
    deliver(workspace.envelope(original))
    assert texts(asked) == ["question", ""]
    assert Message.objects.get(visibility="internal").new_text == "plain"


def test_a_deletion_that_comes_first_shows_nothing(
    asked: Browser, workspace: FakeSlack, room: Room
) -> None:
    card = card_of(workspace, room)
    ts = workspace.say("U0ANA", room.id, "oops", thread=card.ts)
    said = workspace.message_event(room.id, ts)
    deliver(workspace.envelope(workspace.delete(room.id, ts)), state="ignored")
    deliver(workspace.envelope(said))
    assert texts(asked) == ["question"]
    assert Ticket.objects.get().waiting_on == "us"


def test_a_deleted_answer_is_owed_again(asked: Browser, workspace: FakeSlack, room: Room) -> None:
    ts = say(workspace, room, "U0ANA", "answer")
    assert Ticket.objects.get().waiting_on == "them"
    deliver(workspace.envelope(workspace.delete(room.id, ts)))
    assert texts(asked) == ["question", ""]
    assert Ticket.objects.get().waiting_on == "us"


@pytest.mark.parametrize("member", [{}, {"is_restricted": True}, {"team_id": "T0OTHER"}])
def test_who_is_not_of_the_team_reaches_nobody(
    asked: Browser, workspace: FakeSlack, room: Room, member: dict[str, object]
) -> None:
    """A guest's profile may claim anybody's address."""
    mine = {"email": "ana@example.com"} if member else {}
    workspace.person("U0EVE", "eve", **mine, **member)  # type: ignore[arg-type]  # of a profile
    for text in ("I can help!", "really"):
        say(workspace, room, "U0EVE", text)
    assert texts(asked) == ["question"]
    flush()
    hint = "The visitor does not see this: only the team’s answers reach them.".replace("’", "'")
    assert whispers(workspace) == [("U0EVE", hint)]
    react(workspace, room, "U0ANA", card_of(workspace, room).ts, "eyes")
    assert Ticket.objects.get().owner == agent("ana")


def test_an_account_that_only_reads_answers_nobody(
    asked: Browser, workspace: FakeSlack, room: Room
) -> None:
    user = agent("ana")
    user.role = Role.VIEWER
    user.save()
    say(workspace, room, "U0ANA", "hello")
    tick = workspace.react("U0ANA", room.id, card_of(workspace, room).ts, "white_check_mark")
    deliver(workspace.envelope(tick), state="ignored")
    assert texts(asked) == ["question"]
    assert Ticket.objects.get().status == "open"


@pytest.mark.parametrize("watch", ["#help", "#support"])
def test_no_robot_makes_a_line_or_a_ticket(
    visitor: Browser, workspace: FakeSlack, room: Room, watch: str
) -> None:
    """H 5: also where the support channel is itself a help channel."""
    connected(workspace, watch=watch, bridge_channel="#support")
    visitor.say("question")
    answer(Ticket.objects.get(), "answer")
    flush()
    posts = workspace.posted(room.id)
    assert len(posts) == 3
    for post in posts:
        deliver(workspace.envelope(workspace.message_event(room.id, post.ts)), state="ignored")
        before = {**workspace.shown(room.id, post.ts), "text": "old"}
        changed = workspace.changed(room.id, post.ts, before)
        deliver(workspace.envelope(changed), state="ignored")
    other = {"bot_id": "B0OTHER", "subtype": "bot_message"}
    for thread in ("", card_of(workspace, room).ts):
        ts = workspace.say("U0BOT", room.id, "build failed", thread=thread, **other)
        event = workspace.message_event(room.id, ts)
        deliver(workspace.envelope(event), state="ignored")
    shared = workspace.say(BOT_USER, room.id, "", subtype="file_share", files=[])
    event = workspace.message_event(room.id, shared)
    event.pop("client_msg_id")
    deliver(workspace.envelope(event), state="ignored")
    last = workspace.posted(room.id)[0]
    deliver(workspace.envelope(workspace.gone(room.id, last.ts)), state="ignored")
    assert Ticket.objects.count() == 1
    assert texts(visitor) == ["question", "answer"]


@pytest.mark.parametrize("watch", ["#help", "#support"])
def test_an_answer_that_is_also_sent_to_the_channel_counts_once(
    visitor: Browser, workspace: FakeSlack, room: Room, watch: str
) -> None:
    connected(workspace, watch=watch, bridge_channel="#support")
    visitor.say("question")
    flush()
    ts = say(workspace, room, "U0ANA", "answer")
    wide = {**workspace.message_event(room.id, ts), "subtype": "thread_broadcast"}
    deliver(workspace.envelope(wide), state="ignored")
    assert texts(visitor) == ["question", "answer"]
    assert Ticket.objects.count() == 1


def test_a_triage_card_of_a_chat_stays_internal(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    """L12: only the bridge speaks to the visitor."""
    triage = workspace.room("triage")
    connected(workspace, triage_channel="#triage", bridge_channel="#support")
    visitor.say("question")
    flush()
    say(workspace, triage, "U0ANA", "who is that?")
    assert texts(visitor) == ["question"]
    assert Thread.objects.get(role="triage").messages.get().visibility == "internal"
    say(workspace, room, "U0ANA", "hello")
    assert texts(visitor) == ["question", "hello"]


def test_a_restricted_chat_stops_and_says_so(
    asked: Browser, workspace: FakeSlack, room: Room
) -> None:
    ticket = Ticket.objects.get()
    asked.say("my password is x", "line-0002")
    team = agent("ana").teams.create(key="security", name="Security", restricted=True)
    act(lambda: tickets.restrict(tickets.lock(ticket.pk), team))
    flush()
    card = card_of(workspace, room)
    said = str(workspace.posted(room.id))
    assert "password" not in said
    assert "is restricted now" in str(card.extra["blocks"])
    assert "question" not in str(card.extra["blocks"])
    say(workspace, room, "U0ANA", "an answer")
    tick = workspace.react("U0ANA", room.id, card.ts, "white_check_mark")
    deliver(workspace.envelope(tick), state="ignored")
    flush()
    assert texts(asked) == ["question", "my password is x"]
    assert whispers(workspace)[0][1].startswith("This chat is restricted now")
    ticket.refresh_from_db()
    assert ticket.is_live
    act(lambda: tickets.restrict(tickets.lock(ticket.pk), None))
    asked.say("thanks", "line-0003")
    flush()
    assert [text for _, text in lines(workspace, room)] == ["question", "thanks"]
    assert "Waiting" in str(card_of(workspace, room).extra["blocks"])


def test_a_chat_that_is_restricted_before_it_is_shown_never_is(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("question")
    team = agent("ana").teams.create(key="security", name="Security", restricted=True)
    act(lambda: tickets.restrict(tickets.lock(Ticket.objects.get().pk), team))
    flush()
    assert workspace.posted(room.id) == []
    assert Outgoing.objects.count() == 0


def test_spam_is_not_answered_from_slack(asked: Browser, workspace: FakeSlack, room: Room) -> None:
    act(lambda: tickets.mark_spam(tickets.lock(Ticket.objects.get().pk)))
    say(workspace, room, "U0ANA", "hello")
    assert "hello" not in texts(asked)
