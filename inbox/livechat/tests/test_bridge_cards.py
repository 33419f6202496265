"""The card of a chat, who closes it, what its thread reads like, and tickets that are merged."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.intake.tests.test_mail import arrive
from inbox.livechat.models import Conversation, Visitor
from inbox.livechat.tests.conftest import Browser, answer
from inbox.livechat.tests.slackside import (
    card_of,
    flush,
    lines,
    react,
    room,
    say,
    shown,
)
from inbox.operations import acting
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Thread, Ticket
from inbox.tickets.tokens import token_for
from integrations.slack.tests.conftest import deliver, workspace
from rig.desk import act, agent
from rig.slack import FakeSlack
from rig.slack_api import Room

__all__ = ["room", "workspace"]
pytestmark = pytest.mark.django_db


def tick() -> None:
    """The clockwork, once."""
    for find, do in acting.CLOCKWORK:
        if "freshen" in do.__name__:
            now = timezone.now()
            for pk in find(now):
                do(pk, now)


def test_the_card_says_how_it_stands(visitor: Browser, workspace: FakeSlack, room: Room) -> None:
    visitor.begin(name="Mira *the* <!channel>")
    Conversation.objects.update(seen_at=timezone.now())
    visitor.say("question")
    flush()
    card = shown(card_of(workspace, room))
    assert "*Visitor*\\nMira *the* &lt;!channel&gt; (their own word)" in card
    assert '*Page*\\nhttps://docs.example.com/start"' in card
    assert "*Where*\\non the page now" in card
    assert "*Waiting* since <!date^" in card
    assert "*With*\\nnobody yet" in card
    assert "goes to the visitor. `note:` in front" in card
    assert f"/tickets/{Ticket.objects.get().pk}/" in card
    say(workspace, room, "U0ANA", "answer")
    flush()
    card = shown(card_of(workspace, room))
    assert "Answered since <!date^" in card
    assert "*With*\\nAna" in card
    Conversation.objects.update(seen_at=None, email="mira@example.org")
    tick()
    flush()
    assert "gone; answers go by mail" in shown(card_of(workspace, room))
    Conversation.objects.update(seen_at=timezone.now())
    tick()
    flush()
    assert "on the page now" in shown(card_of(workspace, room))
    count = Outgoing.objects.count()
    tick()
    assert Outgoing.objects.count() == count


def test_a_verified_visitor_is_said_to_be(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.begin(name="Mira")
    Visitor.objects.update(verified=True)
    visitor.say("question")
    flush()
    assert "Mira (signed in on the site)" in shown(card_of(workspace, room))


def test_many_changes_are_one_call(visitor: Browser, workspace: FakeSlack, room: Room) -> None:
    visitor.say("question")
    flush()
    before, begun = len(workspace.called("chat.update")), timezone.now()
    ticket = Ticket.objects.get()
    for n in range(12):
        name = "ana" if n % 2 else "ben"
        act(tickets.assign, ticket, agent(name), at=timezone.now())
    waiting = Outgoing.objects.filter(state="queued", payload__effect="card")
    assert waiting.count() == 1
    assert waiting.get().not_before > begun + timedelta(seconds=1)
    flush()
    assert len(workspace.called("chat.update")) == before + 1
    assert "*With*\\nAna" in shown(card_of(workspace, room))


@pytest.mark.parametrize("where", ["card", "line", "answer"])
def test_emoji_of_the_team_act_wherever_they_stand(
    visitor: Browser, workspace: FakeSlack, room: Room, where: str
) -> None:
    """👀 takes, ✅ closes, taking it off opens again; on lines of ours as well."""
    visitor.say("question")
    flush()
    spots = {"card": card_of(workspace, room).ts}
    spots["line"] = workspace.posted(room.id, spots["card"])[0].ts
    spots["answer"] = say(workspace, room, "U0ANA", "answer")
    act(tickets.assign, Ticket.objects.get(), None, at=timezone.now())
    react(workspace, room, "U0ANA", spots[where], "eyes")
    assert Ticket.objects.get().owner == agent("ana")
    react(workspace, room, "U0ANA", spots[where], "white_check_mark")
    assert Ticket.objects.get().status == "closed"
    assert visitor.read()[-1]["kind"] == "closed"
    flush()
    assert "Closed since" in shown(card_of(workspace, room))
    react(workspace, room, "U0ANA", spots[where], "white_check_mark", added=False)
    assert Ticket.objects.get().is_live
    flush()
    assert "Closed since" not in shown(card_of(workspace, room))


def test_a_visitors_words_are_inert(visitor: Browser, workspace: FakeSlack, room: Room) -> None:
    evil = "<!here> @channel [docs](https://evil.example) <https://evil.example|docs> &lt;!here&gt;"
    visitor.begin(name="[x](mention:U0ANA)")
    visitor.say(f"{evil}\n```\n<@U0ANA>\n```")
    flush()
    ((name, said),) = lines(workspace, room)
    assert name == "[x](mention:U0ANA) (visitor)"
    assert said == (
        "&lt;!here&gt; @channel [docs](https://evil.example) "
        "&lt;https://evil.example|docs&gt; &amp;lt;!here&amp;gt;\n```\n&lt;@U0ANA&gt;\n```"
    )
    card = card_of(workspace, room)
    inside = [block for block in card.extra["blocks"] if block["type"] != "header"]
    whole = card.text + str(inside)  # a header is plain text: Slack reads nothing in it
    assert not any(word in whole for word in ("<@", "<!here", "<!channel", "<https://evil"))
    posts = [call.json() for call in workspace.called("chat.postMessage")]
    assert all(post.get("parse", "none") == "none" for post in posts)
    assert not any(post.get("link_names") for post in posts)


def test_what_the_team_writes_is_readable_outside(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    """Names instead of ids; nothing of a colleague but the name."""
    visitor.say("question")
    flush()
    text = (
        "<@U0HELP> and <@U0NOBODY> in <#C0NOWHERE> know :wave: :partyparrot:, "
        "see <https://docs.example.com/a|the docs> <!here> *now*"
    )
    blocks = [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "emoji", "name": "wave", "unicode": "1f44b"},
            {"type": "emoji", "name": "partyparrot"},
            {"type": "emoji", "name": "here", "unicode": "d800"},
        ]}]}
    ]  # fmt: skip
    ts = workspace.say("U0ANA", room.id, text, thread=card_of(workspace, room).ts, blocks=blocks)
    deliver(workspace.envelope(workspace.message_event(room.id, ts)))
    seen = visitor.read()[-1]
    assert seen["text"] == (
        "@helper and @somebody in #somebody know 👋 :partyparrot:, "
        "see the docs (https://docs.example.com/a) @here *now*"
    )
    assert seen["author"] == "Ana"
    assert '<a href="https://docs.example.com/a"' in seen["html"]
    assert "<b>now</b>" in seen["html"]
    assert not any(word in str(seen) for word in ("U0", "C0NOWHERE", "ana@", "T024"))


def test_a_mail_of_a_visitor_who_left_is_in_the_thread(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    connect("email", "support", {"address": "support@example.com"})
    visitor.begin(name="Mira", email="mira@example.org")
    visitor.say("question")
    ticket = Ticket.objects.get()
    token = token_for(ticket.pk, "mira@example.org")
    mail = (
        f"From: Mira <mira@example.org>\r\nTo: support+t.{token}@example.com\r\n"
        "Subject: Re: chat\r\nMessage-ID: <r1@example.org>\r\n\r\nBy mail now.\r\n"
    )
    arrive(mail.encode(), now=timezone.now())
    flush()
    assert lines(workspace, room) == [
        ("Mira (visitor)", "question"),
        ("Mira (visitor, by mail)", "By mail now."),
    ]


def test_merged_chats_keep_their_own_threads(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    """Each visitor is answered in their own thread, also after it is undone."""
    other = Browser()
    other.begin(name="Noa")
    visitor.begin(name="Mira")
    visitor.say("first chat")
    other.say("second chat", "line-0002")
    flush()
    first, second = Ticket.objects.order_by("pk")
    cards = [post for post in workspace.posted(room.id) if not post.thread_ts]
    act(tickets.merge, first, into=second, at=timezone.now())
    visitor.say("more of the first", "line-0003")
    other.say("more of the second", "line-0004")
    flush()
    under = [[p.text for p in workspace.posted(room.id, card.ts)] for card in cards]
    assert under == [["first chat", "more of the first"], ["second chat", "more of the second"]]
    assert f"#{second.pk}" in shown(cards[0])
    answer_in(workspace, room, cards[0].ts, "for the first")
    answer_in(workspace, room, cards[1].ts, "for the second")
    assert [r["text"] for r in visitor.read()][-1] == "for the first"
    assert [r["text"] for r in other.read()][-1] == "for the second"
    act(tickets.unmerge, Ticket.objects.get(pk=first.pk), at=timezone.now())
    answer_in(workspace, room, cards[0].ts, "still for the first")
    assert [r["text"] for r in visitor.read()][-1] == "still for the first"
    assert "still" not in str(other.read())
    first.refresh_from_db()
    assert first.messages.filter(new_text="still for the first").exists()


def answer_in(fake: FakeSlack, room: Room, root: str, text: str) -> None:
    """Ana answers in one of several threads."""
    ts = fake.say("U0ANA", room.id, text, thread=root)
    deliver(fake.envelope(fake.message_event(room.id, ts)))


def test_a_card_on_its_way_follows_a_merge(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    other = Browser()
    other.begin()
    visitor.say("first chat")
    other.say("second chat", "line-0002")
    first, second = Ticket.objects.order_by("pk")
    act(tickets.merge, first, into=second, at=timezone.now())
    flush()
    threads = Thread.objects.filter(role="bridge").order_by("pk")
    assert [(row.ticket_id, row.moved_from) for row in threads] == [
        (second.pk, [first.pk]),
        (second.pk, []),
    ]
    cards = [post for post in workspace.posted(room.id) if not post.thread_ts]
    answer_in(workspace, room, cards[0].ts, "for the first")
    assert [row["text"] for row in visitor.read()][-1] == "for the first"
    assert "for the first" not in str(other.read())


def test_a_chat_that_is_merged_into_a_mail_goes_on(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    connect("email", "support", {"address": "support@example.com"})
    mail = "From: m@example.org\r\nTo: support@example.com\r\nSubject: s\r\nMessage-ID: <a@b>\r\n"
    arrive(f"{mail}\r\nby mail\r\n".encode(), now=timezone.now())
    visitor.say("by chat")
    mailed, chat = Ticket.objects.order_by("pk")
    flush()
    act(tickets.merge, chat, into=mailed, at=timezone.now())
    visitor.say("more", "line-0002")
    say(workspace, room, "U0ANA", "answer")
    flush()
    assert [text for _, text in lines(workspace, room)] == ["by chat", "more"]
    assert [row["text"] for row in visitor.read()] == ["by chat", "more", "answer"]
    assert "by mail" not in str(lines(workspace, room))


def test_what_is_split_off_is_answered_where_it_was_asked(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("one question")
    visitor.say("another question", "line-0002")
    flush()
    ticket = Ticket.objects.get()
    second = ticket.messages.order_by("pk")[1]
    fresh = act(tickets.split, ticket, [second.pk], at=timezone.now())
    answer(fresh, "another answer")
    flush()
    assert [row["text"] for row in visitor.read()][-1] == "another answer"
    cards = [post for post in workspace.posted(room.id) if not post.thread_ts]
    assert len(cards) == 2
    answer_in(workspace, room, cards[1].ts, "and from Slack")
    assert [row["text"] for row in visitor.read()][-1] == "and from Slack"
    assert fresh.messages.filter(new_text="and from Slack").exists()
