"""A visitor's stream: server-sent events of one conversation, cheap while nothing is said."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Collection
from typing import Any

import structlog
from django.db import OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from inbox.channels.models import Channel
from inbox.common.crypto import digest_of
from inbox.common.live import RELOAD, Change, Heard, Signal
from inbox.livechat import feed, office, passing, sessions
from inbox.livechat.models import Conversation
from inbox.tickets import kinds
from inbox.web.chat import Ask, Refused, guarded
from inbox.web.streaming import (
    HEARTBEAT_SECONDS,
    STILL_HERE,
    Ear,
    Gate,
    answer,
    comes_again,
    event,
    in_thread,
    patiently,
)

log = structlog.get_logger(__name__)


def _valid(digests: Collection[str]) -> dict[str, bool]:
    return dict.fromkeys(sessions.still_valid(digests, now=timezone.now()), True)


gate: Gate[str, bool] = Gate("chats", _valid)


async def stream(request: HttpRequest, key: str) -> HttpResponseBase:
    """Server-sent events of one conversation, resumed by `Last-Event-ID`."""
    found: list[tuple[Conversation, str]] = []

    def admit(channel: Channel) -> HttpResponse:
        if request.method != "GET":
            raise Refused(405, "A stream is read.")
        ask = Ask(request, channel, {})
        found.append((ask.conversation(), digest_of(ask.token)))
        return HttpResponse()

    refused: HttpResponse = await in_thread(guarded)(request, key, admit)
    if not found:
        return refused
    last = request.headers.get("last-event-id", "")
    begin = int(last) if last.isdigit() and len(last) < 16 else 0
    response = answer(_Telling(*found[0], begin).events())
    for name in ("Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy", "Vary"):
        if name in refused:
            response[name] = refused[name]
    return response


class _Telling:
    """What one open page has been told, and what it still has to hear."""

    def __init__(self, conversation: Conversation, reader: str, last: int) -> None:
        self.conversation, self.reader, self.last = conversation, reader, last
        self.page = secrets.token_hex(8)
        self.ticket: int | None = None
        self.person: dict[str, Any] | None = None
        self.resumed = last > 0
        self.due = False  # one wake-up that has not been followed yet stands for all
        self.handed = False  # meanwhile somebody else may have become the one who answers

    async def events(self) -> AsyncIterator[str]:
        """The conversation, as it goes on."""
        gate.enter(self.reader, found=True)
        ear = Ear(self.wants)
        said_at = time.monotonic()
        try:
            await asyncio.sleep(0)  # from here on it listens
            yield comes_again()
            async for said in self._begin():
                yield said
            while gate.of(self.reader):
                heard = await ear.hear()
                if time.monotonic() - said_at >= HEARTBEAT_SECONDS:
                    said_at = time.monotonic()
                    await asyncio.to_thread(passing.stay, self.conversation.pk, self.page)
                async for said in self._said(heard):
                    yield said
        finally:
            ear.close()
            gate.leave(self.reader)
            loop = asyncio.get_running_loop()
            loop.run_in_executor(None, _gone, self.conversation.pk, self.page)

    def wants(self, heard: Heard) -> bool:
        """Whether this page must be woken: asked for everything that happens anywhere."""
        if isinstance(heard, Signal):
            return self._wants_signal(heard) or gate.shuts(heard, self.reader)
        if not self._concerns(heard):
            return False
        if kinds.ASSIGNED in heard.kinds or heard.kinds == [RELOAD]:
            self.handed = True
        woken, self.due = self.due, True
        return not woken

    def _concerns(self, change: Change) -> bool:
        """A change of the chat's ticket; that it has got one is a signal (`begun`)."""
        return change.kinds == [RELOAD] or change.ticket == self.ticket

    def _wants_signal(self, heard: Signal) -> bool:
        if heard.name == "online":
            return self.person is not None and heard.data.get("name") == self.person["name"]
        if heard.name == passing.BEGUN:
            return heard.data.get("conversation") == self.conversation.pk
        if self.ticket is None or heard.ticket != self.ticket:
            return False
        if heard.name == "team_read":
            return heard.data.get("conversation") == self.conversation.pk
        return heard.name == "typing"

    async def _begin(self) -> AsyncIterator[str]:
        self.person = await patiently(office.person, self.conversation, timezone.now())
        async for said in self._unread():
            yield said
        if self.resumed:  # what changed while the line was down is not told twice by itself
            yield event("person", self.person)
            yield event("team_read", {"id": self.conversation.team_read})

    async def _said(self, heard: Heard | None) -> AsyncIterator[str]:
        if heard is None:
            yield STILL_HERE
        elif isinstance(heard, Signal):
            async for said in self._passed(heard):
                yield said
        else:
            async for said in self._unread():
                yield said
            if self.handed:
                async for said in self._whose():
                    yield said

    async def _passed(self, heard: Signal) -> AsyncIterator[str]:
        if heard.name == passing.BEGUN:
            async for said in self._unread():
                yield said
        elif heard.name == "typing":
            yield event("typing", {"name": str(heard.data.get("name", ""))})
        elif heard.name == "team_read":
            yield event("team_read", {"id": heard.data.get("id")})
        elif heard.name == "online":
            async for said in self._whose():
                yield said

    async def _unread(self) -> AsyncIterator[str]:
        rows = None
        while rows is None or rows:
            self.due = False  # before reading: what comes from here on wakes again
            rows, self.ticket = await patiently(_unseen, self.conversation, self.last, self.page)
            for row in rows:
                self.last = row["id"]
                yield event(row["kind"], row, self.last)

    async def _whose(self) -> AsyncIterator[str]:
        self.handed = False  # as above
        found = await patiently(_person, self.conversation)
        if found != self.person:
            self.person = found
            yield event("person", found)


def _person(conversation: Conversation) -> dict[str, Any] | None:
    fresh = Conversation.objects.select_related("channel__owner", "thread__ticket__owner")
    return office.person(fresh.get(pk=conversation.pk), timezone.now())


def _unseen(
    conversation: Conversation, last: int, page: str
) -> tuple[list[dict[str, Any]], int | None]:
    # the first word makes the thread, a merge moves it, another page may have been closed
    conversation.refresh_from_db(fields=["thread", "seen_at", "team_read"])
    passing.come(conversation, page, timezone.now())
    ticket = conversation.thread.ticket_id if conversation.thread else None
    return feed.after(conversation, last), ticket


def _gone(pk: int, page: str) -> None:
    try:
        passing.go(pk, page, timezone.now())
    except OperationalError as error:  # who is not seen any more counts as gone soon anyway
        log.warning("gone_unnoticed", error=str(error)[:80])
    finally:
        connections.close_all()
