"""What passes over streams: to whom, at what cost, and that it ends with the right to read."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from inbox.accounts.models import Team, User
from inbox.channels.models import Channel
from inbox.common import live, presence
from inbox.common.live import RELOAD, Change, Heard, Signal
from inbox.livechat import passing, sessions
from inbox.livechat.models import Conversation, VisitorToken
from inbox.livechat.tests.conftest import SECRET, Browser, chat, visitor
from inbox.livechat.tests.test_stream import begin, file_lines, post, wait
from inbox.operations.connecting import connect
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from inbox.web import chatstream
from inbox.web import live as deskstream
from inbox.web.streaming import LOOK_SECONDS
from rig.desk import act, agent, ticket
from rig.worker import Site

__all__ = ["chat", "visitor"]


class Stream(threading.Thread):
    """An open stream, read until it ends."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.line.request("GET", path, headers=headers)
        self.socket: socket.socket = self.line.sock
        self.answer = self.line.getresponse()
        assert self.answer.status == 200
        self.heard: list[tuple[str, str]] = []
        self.ended = threading.Event()
        self.start()

    def run(self) -> None:
        """Keep every event by its name."""
        name = ""
        try:
            while row := self.answer.readline().decode():
                if row.startswith("event: "):
                    name = row[7:].strip()
                elif row.startswith("data: "):
                    self.heard.append((name, row[6:].strip()))
        except (OSError, http.client.HTTPException, ValueError):
            return
        else:
            self.ended.set()

    def close(self) -> None:
        """The page is closed."""
        with suppress(OSError):  # the other side was first
            self.socket.shutdown(socket.SHUT_RDWR)
        self.join(30)
        self.answer.close()
        self.line.close()

    def of(self, name: str) -> list[Any]:
        """What was said under a name."""
        return [json.loads(text) for event, text in self.heard if event == name]

    def names(self) -> set[str]:
        """The names of everything that was said."""
        return {name for name, _ in self.heard}


Widget = Callable[..., Stream]


@pytest.fixture
def widget(live_site: Site) -> Iterator[Widget]:
    """Opens the stream of a visitor."""
    opened: list[Stream] = []

    def open_stream(token: str, last: int = 0) -> Stream:
        headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": str(last)}
        opened.append(Stream(live_site.port, "/chat/docs/stream/", headers))
        return opened[-1]

    yield open_stream
    for one in opened:
        one.close()


@pytest.fixture
def desk(live_site: Site) -> Iterator[Widget]:
    """Opens the desk's stream of an account."""
    opened: list[Stream] = []

    def open_stream(name: str) -> Stream:
        client = Client()
        client.force_login(User.objects.get(username=name))
        cookie = f"sessionid={client.session.session_key}"
        opened.append(Stream(live_site.port, "/live/", {"Cookie": cookie}))
        user = User.objects.get(username=name)
        wait(lambda: presence.is_online([user.pk]), "the stream is open")
        return opened[-1]

    yield open_stream
    for one in opened:
        one.close()


@pytest.fixture
def two(process_env: dict[str, str], live_site: Site) -> tuple[list[str], list[Ticket]]:
    """Two visitors who have written: their tokens and tickets."""
    connect("livechat", "docs", {"site_name": "Docs", "identity_secret": SECRET})
    agent("ana")
    tokens = [begin(live_site.port) for _ in range(2)]
    for number, token in enumerate(tokens):
        line = {"client_id": f"line-000{number}", "body": f"q{number}"}
        assert post(live_site.port, "messages/", line, token)[0] == 201
    file_lines(2)
    rows = Conversation.objects.order_by("pk").values_list("thread__ticket", flat=True)
    return tokens, [Ticket.objects.get(pk=pk) for pk in rows]


Two = tuple[list[str], list[Ticket]]


@pytest.mark.service
def test_each_visitor_hears_of_their_own_chat_alone(widget: Widget, two: Two) -> None:
    (first, second), rows = two
    a, b = widget(first), widget(second)
    wait(lambda: a.of("message") and b.of("message"), "both are told what they wrote")
    mine, theirs = rows
    live.signal("typing", ticket=theirs.pk, name="Bo")
    passing.team_has_read(theirs.pk, None, theirs.last_message_id or 0)
    live.signal("typing", ticket=mine.pk, name="Ana")
    wait(lambda: a.of("typing"), "the first is told")
    assert a.of("typing") == [{"name": "Ana"}]
    wait(lambda: b.of("team_read"), "the second is told")
    assert b.of("typing") == [{"name": "Bo"}]
    assert a.of("team_read") == []
    assert b.of("team_read") == [{"id": Conversation.objects.latest("pk").team_read}]
    assert a.names() == {"message", "typing"}


@pytest.mark.service
def test_chats_of_one_ticket_are_told_their_own_reading(widget: Widget, two: Two) -> None:
    (first, second), (kept, merged) = two
    act(tickets.merge, merged, into=kept)
    a, b = widget(first), widget(second)
    wait(lambda: a.of("message") and b.of("message"), "both are open")
    kept.refresh_from_db()
    passing.team_has_read(kept.pk, None, kept.last_message_id or 0)
    wait(lambda: a.of("team_read") and b.of("team_read"), "both are told")
    told = [row.team_read for row in Conversation.objects.order_by("pk")]
    assert [a.of("team_read"), b.of("team_read")] == [[{"id": told[0]}], [{"id": told[1]}]]
    assert told[0] != told[1]


@pytest.mark.service
def test_the_visitor_is_told_who_answers_and_whether_they_are_here(
    widget: Widget, desk: Widget, two: Two
) -> None:
    (token, _), (row, _) = two
    page = widget(token)
    wait(lambda: page.of("message"), "it is open")
    act(tickets.assign, row, User.objects.get(username="ana"), at=timezone.now())
    ana = {"name": "Ana", "initials": "A", "here": False}
    wait(lambda: page.of("person") == [ana], "it is Ana")
    stream = desk("ana")
    wait(lambda: page.of("person") == [ana, {**ana, "here": True}], "Ana is here")
    stream.close()
    wait(lambda: page.of("person")[2:] == [ana], "Ana has gone")
    # who comes back is told what may have changed meanwhile
    last = page.of("message")[-1]["id"]
    again = widget(token, last)
    wait(lambda: again.of("team_read"), "it is open again")
    assert (again.of("person"), again.of("team_read")) == ([ana], [{"id": 0}])


@pytest.mark.service
def test_a_stream_ends_when_its_token_does(widget: Widget, two: Two) -> None:
    (first, second), _ = two
    a, b = widget(first), widget(second)
    wait(lambda: a.of("message") and b.of("message"), "both are open")
    sessions.revoke(first)
    wait(a.ended.is_set, "the first is closed")
    assert not b.ended.is_set()
    VisitorToken.objects.update(expires_at=timezone.now())
    wait(b.ended.is_set, "so is the second, whose token is over")


@pytest.mark.service
@pytest.mark.parametrize("how", ["deactivated", "password", "signed out"])
def test_a_desk_ends_with_the_account(desk: Widget, two: Two, how: str) -> None:
    agent("bo")
    ana, bo = desk("ana"), desk("bo")
    users = User.objects.filter(username="ana")
    if how == "deactivated":
        users.update(is_active=False)  # by whatever way: nothing of ours is called
    elif how == "password":
        users.update(password="another")
    else:
        pk = str(users.get().pk)
        for row in Session.objects.all():
            if row.get_decoded()[SESSION_KEY] == pk:
                row.delete()
    wait(ana.ended.is_set, "Ana's is closed")
    assert not bo.ended.is_set()


@pytest.mark.service
def test_who_leaves_a_team_hears_no_more_of_it(desk: Widget, two: Two) -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    bo = agent("bo")
    bo.teams.add(team)
    secret, known = ticket(), ticket()
    act(tickets.restrict, secret, team)
    stream = desk("bo")
    live.signal("presence", ticket=secret.pk, restricted_team=team.pk)
    wait(lambda: f"presence-{secret.pk}" in stream.names(), "a member hears of it")
    bo.teams.clear()

    def silent() -> bool:
        stream.heard.clear()
        live.signal("presence", ticket=secret.pk, restricted_team=team.pk)
        live.publish(0, secret.pk, ["note"], team.pk)
        live.signal("presence", ticket=known.pk)
        wait(lambda: f"presence-{known.pk}" in stream.names(), "of others one hears")
        return f"presence-{secret.pk}" not in stream.names()

    wait(silent, "nobody hears of it who is no member")
    assert stream.names() == {f"presence-{known.pk}"}


# ------------------------------------------------------------------ costs


def test_what_happens_elsewhere_asks_the_database_nothing(
    visitor: Browser, said: list[Heard], django_assert_num_queries: Any
) -> None:
    visitor.say("hello")
    conversation = Conversation.objects.select_related("channel", "visitor").get()
    telling = chatstream._Telling(conversation, "digest", 0)
    ticket = Ticket.objects.get().pk
    telling.ticket = ticket
    telling.person = {"name": "Ana", "initials": "A", "here": True}
    elsewhere: list[Heard] = [
        Change(1, ticket + 1, ["message_in"], None),
        Signal("typing", ticket + 1, None, {"name": "Bo"}),
        Signal("presence", ticket),
        Signal("typing_here", ticket),
        Signal("team_read", ticket, None, {"conversation": conversation.pk + 1, "id": 9}),
        Signal("online", data={"user": 1, "name": "Bo"}),
        Signal("of another version", ticket),
    ]
    here: list[Heard] = [
        Signal("typing", ticket, None, {"name": "Ana"}),
        Signal("team_read", ticket, None, {"conversation": conversation.pk, "id": 9}),
        Signal("online", data={"user": 1, "name": "Ana"}),
        Change(2, ticket, ["message_out"], None),
    ]

    async def told(heard: Heard | None) -> list[str]:
        return [text async for text in telling._said(heard)]

    with django_assert_num_queries(0):
        assert [telling.wants(heard) for heard in elsewhere] == [False] * len(elsewhere)
        assert [telling.wants(heard) for heard in here] == [True] * len(here)
        assert telling.wants(here[3]) is False  # one wake-up stands for all
        passing.stay(conversation.pk, "page")
        assert asyncio.run(told(None)) == [": still here\n\n"]
        assert asyncio.run(told(here[0])) == ['event: typing\ndata: {"name": "Ana"}\n\n']
        assert asyncio.run(told(here[1])) == ['event: team_read\ndata: {"id": 9}\n\n']


def test_a_change_of_who_answers_is_not_lost_behind_another(visitor: Browser) -> None:
    telling = chatstream._Telling(Conversation.objects.get(), "digest", 0)
    telling.ticket = 7
    assert telling.wants(Change(1, 7, ["message_in"], None)) is True
    assert telling.wants(Change(2, 7, ["assigned"], None)) is False
    assert telling.handed is True
    telling.handed = telling.due = False
    assert telling.wants(Change(3, 0, [RELOAD], None)) is True
    assert telling.handed is True


@pytest.mark.django_db
def test_one_question_for_all_who_read(said: list[Heard], django_assert_num_queries: Any) -> None:
    assert LOOK_SECONDS < 5  # a stream ends within five seconds
    readers = []
    for name in ("ana", "bo", "cy"):
        client = Client()
        user = agent(name)
        client.force_login(user)
        key = client.session.session_key
        readers.append((user.pk, User.objects.get(pk=user.pk).get_session_auth_hash(), key or ""))
    with django_assert_num_queries(3):
        assert set(deskstream._scopes(readers)) == set(readers)
    User.objects.filter(username="bo").update(is_active=False)
    assert set(deskstream._scopes(readers)) == {readers[0], readers[2]}
    assert deskstream._scopes([(readers[0][0], readers[0][1], "another session")]) == {}


def test_a_token_is_valid_for_its_channel_and_time(chat: Channel, visitor: Browser) -> None:
    (row,) = VisitorToken.objects.all()
    now = timezone.now()
    assert sessions.still_valid([row.digest, "forged"], now=now) == [row.digest]
    assert sessions.still_valid([row.digest], now=row.expires_at) == []
    Channel.objects.filter(pk=chat.pk).update(active=False)
    assert sessions.still_valid([row.digest], now=now) == []
