"""What parts of live chat do to each other: proofs, histories, locks, presence, overload."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis import ConnectionError as RedisAway

from inbox import pipeline
from inbox.channels.models import Channel
from inbox.common import live
from inbox.common.live import Change, Heard
from inbox.common.work import Actor
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import PRESET
from inbox.livechat import continuing, passing, rating, services, sessions
from inbox.livechat.identity import proof
from inbox.livechat.models import Conversation
from inbox.livechat.tests.conftest import SECRET, SITE, Browser, answer, file_all
from inbox.livechat.tests.slackside import card_of, fetch_files, flush, room, shown
from inbox.livechat.tests.test_bridge_cards import tick
from inbox.sla.models import Policy
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from integrations.slack.tests.conftest import deliver, workspace
from rig.desk import act, agent
from rig.slack import FakeSlack
from rig.slack_api import Room

__all__ = ["room", "workspace"]
pytestmark = pytest.mark.django_db


def signed(user: str = "user-42") -> dict[str, str]:
    """What a site's page says of somebody who has signed in."""
    return {"user_id": user, "user_hash": proof(SECRET, user, "")}


def texts(browser: Browser) -> list[str]:
    """What a page shows."""
    return [row["text"] for row in browser.read() if row["kind"] == "message"]


# ------------------------------------------------------------------ signing in


def test_an_open_chat_goes_on_when_its_visitor_signs_in(visitor: Browser) -> None:
    visitor.say("before")
    key = Conversation.objects.get().key
    began = visitor.begin(**signed()).json()
    assert (began["conversation"], began["history"]) == (key, [])
    visitor.say("after", client_id="line-0002")
    assert texts(visitor) == ["before", "after"]
    ticket = Ticket.objects.get()
    assert {row.role for row in Message.objects.filter(ticket=ticket)} == {"asker"}
    answer(ticket, "an answer")
    phone = Browser()
    phone.begin(**signed())
    assert texts(phone) == ["before", "after", "an answer"]


def test_a_line_on_its_way_goes_on_too(visitor: Browser) -> None:
    visitor.call("POST", "messages/", {"client_id": "line-0001", "body": "not filed yet"})
    visitor.begin(**signed())
    file_all()
    assert texts(visitor) == ["not filed yet"]


def test_a_page_that_was_only_looked_at_stands_in_nobodys_way(chat: Channel) -> None:
    phone, laptop = Browser(), Browser()
    phone.begin(**signed())
    laptop.begin()
    laptop.say("from the laptop")
    phone.begin(**signed())
    laptop.begin(**signed())
    assert texts(phone) == texts(laptop) == ["from the laptop"]


def test_an_open_chat_of_the_person_is_not_disturbed(chat: Channel) -> None:
    phone, laptop = Browser(), Browser()
    phone.begin(**signed())
    phone.say("from the phone")
    laptop.begin()
    laptop.say("a stranger's words", client_id="line-0002")
    laptop.begin(**signed())
    assert texts(laptop) == ["from the phone"]
    assert laptop.begin().json()["history"] == []


@pytest.mark.parametrize("token", ["", "x" * 43, "of another person", "revoked"])
def test_nobody_takes_over_a_strangers_chat(visitor: Browser, token: str) -> None:
    if token == "of another person":
        visitor.begin(**signed("user-1"))
    visitor.say("mine")
    owner = Conversation.objects.exclude(thread=None).get().visitor
    thief = Browser(token=visitor.token if token in ("of another person", "revoked") else token)
    if token == "revoked":
        visitor.call("POST", "reset/", {})
    thief.begin(**signed("user-2"), email="visitor@example.org")
    assert texts(thief) == []
    assert Conversation.objects.exclude(thread=None).get().visitor == owner


# ------------------------------------------------------------------ which chat is the current one


def test_an_old_chat_that_was_opened_again_is_the_current_one_everywhere(visitor: Browser) -> None:
    visitor.say("the first question")
    first = Conversation.objects.get()
    act(tickets.close, Ticket.objects.get(), resolution="solved", at=timezone.now())
    two_days_ago = timezone.now() - timedelta(days=2)
    Conversation.objects.update(ended_at=two_days_ago)
    assert visitor.begin().json()["conversation"] != first.key
    visitor.say("the second question", client_id="line-0002")
    Conversation.objects.exclude(pk=first.pk).update(ended_at=two_days_ago)
    act(tickets.reopen, Ticket.objects.order_by("pk")[0], at=timezone.now())
    began = visitor.begin().json()
    assert began["conversation"] == first.key
    assert texts(visitor) == ["the first question"]
    assert [row["title"] for row in began["history"]] == ["the second question"]


def test_a_page_with_an_older_chat_is_told_where_its_words_went(visitor: Browser) -> None:
    old = visitor.begin().json()["conversation"]
    visitor.say("the first question")
    Conversation.objects.update(ended_at=timezone.now() - timedelta(days=2))
    other_tab = Browser(token=visitor.token)
    new = other_tab.begin().json()["conversation"]
    said = visitor.say("from the older page", client_id="line-0002").json()
    assert said["conversation"] == new != old
    assert texts(other_tab) == ["from the older page"]


def test_an_open_page_learns_that_a_chat_was_opened_again(visitor: Browser) -> None:
    visitor.say("question")
    ticket = Ticket.objects.get()
    act(tickets.close, ticket, resolution="solved", at=timezone.now())
    assert visitor.begin().json()["ended"]
    act(tickets.reopen, ticket, at=timezone.now())
    assert [row["kind"] for row in visitor.read()] == ["message", "closed", "opened"]
    assert not visitor.begin().json()["ended"]
    act(tickets.close, ticket, resolution="solved", at=timezone.now())
    visitor.say("one more thing", client_id="line-0002")  # who writes again knows it
    assert [row["kind"] for row in visitor.read()][3:] == ["closed", "message"]


# ------------------------------------------------------------------ at the same moment


def test_an_address_typed_while_another_is_confirmed_stays_a_claim(visitor: Browser) -> None:
    visitor.begin(email="mine@example.org")
    as_read = Conversation.objects.select_related("visitor").get()
    visitor.begin(email="victim@example.org")
    with pipeline.change(Actor.system("test")):
        continuing.confirm(as_read)
    assert Conversation.objects.get().email_confirmed_at is None


CHANGES: dict[str, Callable[[Conversation], Any]] = {
    "end": services.end,
    "rate": partial(rating.rate, score=5, comment="", closing=1),
    "mail": lambda row: continuing.write_to(row.pk, timezone.now()),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_ticket_is_locked_before_its_chat(visitor: Browser, what: str) -> None:
    """Filing a line holds the ticket and then changes the chat: the other way round, both wait."""
    visitor.say("question")
    row = Conversation.objects.select_related("thread__ticket", "visitor", "channel").get()
    with pipeline.change(Actor.system("test")), CaptureQueriesContext(connection) as asked:
        CHANGES[what](row)
    said = [one["sql"] for one in asked.captured_queries]
    locks = [n for n, sql in enumerate(said) if 'FROM "inbox_ticket"' in sql]
    holds = [
        n
        for n, sql in enumerate(said)
        if sql.startswith('UPDATE "inbox_conversation"')
        or (sql.startswith("SELECT") and 'FROM "inbox_conversation"' in sql)
    ]
    assert locks[0] < holds[0]


# ------------------------------------------------------------------ presence and the bridge


def test_a_visitor_who_only_waits_is_on_the_page(
    visitor: Browser, workspace: FakeSlack, room: Room
) -> None:
    visitor.say("question")
    row = Conversation.objects.get()
    passing.come(row, "a page", timezone.now())
    tick()
    flush()
    assert "on the page now" in shown(card_of(workspace, room))
    # nothing was said for long: the stream's heartbeat asks no database
    Conversation.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    passing.stay(row.pk, "a page")
    tick()
    act(tickets.assign, Ticket.objects.get(), agent("ana"), at=timezone.now())
    flush()
    assert "on the page now" in shown(card_of(workspace, room))
    passing.go(row.pk, "a page", timezone.now())
    tick()
    flush()
    assert "on the page now" not in shown(card_of(workspace, room))


def test_a_file_on_a_restricted_ticket_is_told_to_its_team_alone(
    visitor: Browser, workspace: FakeSlack, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.say("question")
    flush()
    card = card_of(workspace, room)
    ts = workspace.share("U0ANA", room.id, "plan.pdf", b"%PDF", text="see", thread=card.ts)
    deliver(workspace.envelope(workspace.message_event(room.id, ts)))
    team = agent("ben").teams.create(key="legal", name="Legal", restricted=True)
    act(tickets.restrict, Ticket.objects.get(), team, at=timezone.now())
    told: list[Heard] = []
    monkeypatch.setattr(live, "_tell", told.append)
    fetch_files()
    changes = [one for one in told if isinstance(one, Change)]
    assert changes
    assert {one.restricted_team for one in changes} == {team.pk}


# ------------------------------------------------------------------ overload


def _away(*_: object, **__: object) -> Any:
    raise OperationalError("couldn't get a connection after 2.00 sec")


@pytest.mark.parametrize("call", ["sessions", "messages"])
def test_a_visitor_is_asked_to_come_again_when_the_database_is_busy(
    visitor: Browser, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "known", _away)
    said = {"sessions": {}, "messages": {"client_id": "line-0001", "body": "x"}}[call]
    busy = visitor.call("POST", f"{call}/", said)
    assert (busy.status_code, busy["Retry-After"]) == (503, "5")
    assert busy["Access-Control-Allow-Origin"] == SITE
    assert busy.json()["type"] == "unavailable"


def test_the_desk_is_asked_to_come_again_when_the_database_is_busy(
    visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.say("question")
    number = Ticket.objects.get().pk
    desk = Client(raise_request_exception=False)
    desk.force_login(agent("ana"))
    monkeypatch.setattr(tickets, "reply", _away)
    busy = desk.post(f"/tickets/{number}/reply/", {"body": "an answer", "mode": "reply"})
    assert (busy.status_code, busy["Retry-After"]) == (503, "5")
    monkeypatch.setattr(tickets, "reply", lambda *_, **__: 1 / 0)
    assert desk.post(f"/tickets/{number}/reply/", {"body": "x", "mode": "reply"}).status_code == 500


def test_a_cache_that_is_away_costs_no_chat(chat: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    load(PRESET.read_text())
    chat.policy = Policy.objects.get(key="live-chat")
    chat.save()
    assert chat.policy.calendar_id is not None

    def gone(*_: object, **__: object) -> Any:
        raise RedisAway

    for name in ("get", "set", "add", "incr"):
        monkeypatch.setattr(cache, name, gone)
    assert Browser().begin().status_code == 200
