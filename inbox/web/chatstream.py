"""A visitor's stream: server-sent events of one conversation, cheap while nothing is said."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from inbox.channels.models import Channel
from inbox.common.live import RELOAD, Change, hub
from inbox.livechat import feed
from inbox.livechat.models import Conversation
from inbox.tickets import kinds
from inbox.web.chat import Ask, Refused, guarded

HEARTBEAT_SECONDS = 15.0


async def stream(request: HttpRequest, key: str) -> HttpResponseBase:
    """Server-sent events of one conversation, resumed by `Last-Event-ID`."""
    found: list[Conversation] = []

    def admit(channel: Channel) -> HttpResponse:
        if request.method != "GET":
            raise Refused(405, "A stream is read.")
        found.append(Ask(request, channel, {}).conversation())
        return HttpResponse()

    refused: HttpResponse = await _in_thread(guarded)(request, key, admit)
    if not found:
        return refused
    last = request.headers.get("last-event-id", "")
    begin = int(last) if last.isdigit() and len(last) < 16 else 0
    response = StreamingHttpResponse(_events(found[0], begin), content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    for name in ("Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy", "Vary"):
        if name in refused:
            response[name] = refused[name]
    return response


def _in_thread(call: Callable[..., Any]) -> Callable[..., Any]:
    """Ask the database on a shared thread, and give its connection back: a stream lasts long."""

    def asked(*args: Any) -> Any:
        try:
            return call(*args)
        finally:
            connections.close_all()

    return sync_to_async(asked, thread_sensitive=False)


async def _events(conversation: Conversation, last: int) -> AsyncIterator[str]:
    read = _in_thread(_unseen)
    ticket: int | None = None
    due = False  # one wake-up that has not been followed yet stands for all

    def wants(change: Change) -> bool:
        nonlocal due
        if due or not _concerns(change, ticket):
            return False
        due = True
        return True

    changes = hub().listen(heartbeat_seconds=HEARTBEAT_SECONDS, wants=wants)
    # it listens before it reads: what is said meanwhile is read or heard of, never neither
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    try:
        yield "retry: 2000\n\n"
        while True:
            due = False  # before reading: what comes from here on wakes again
            rows, ticket = await read(conversation, last)
            while rows:
                for row in rows:
                    last = row["id"]
                    yield f"id: {last}\nevent: {row['kind']}\ndata: {json.dumps(row)}\n\n"
                rows, ticket = await read(conversation, last)
            if await waiting is None:
                yield ": still here\n\n"
            waiting = asyncio.ensure_future(anext(changes))
    finally:
        waiting.cancel()
        asyncio.get_running_loop().run_in_executor(None, _gone, conversation.pk)


def _concerns(change: Change, ticket: int | None) -> bool:
    """A change of the chat's ticket; the first word of a chat makes its ticket."""
    if ticket is None:
        return change.kinds == [RELOAD] or kinds.OPENED in change.kinds
    return change.ticket == ticket or change.kinds == [RELOAD]


def _unseen(conversation: Conversation, last: int) -> tuple[list[dict[str, Any]], int | None]:
    # the first word makes the thread, a merge moves it, another page may have been closed
    conversation.refresh_from_db(fields=["thread", "seen_at"])
    feed.note_seen(conversation, timezone.now())
    ticket = conversation.thread.ticket_id if conversation.thread else None
    return feed.after(conversation, last), ticket


def _gone(pk: int) -> None:
    try:
        feed.note_gone(pk)
    finally:
        connections.close_all()
