"""What desk and widget share: how a stream is written, and who may go on reading it."""

import asyncio
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable, Collection, Hashable
from typing import Any, Generic, TypeVar

import structlog
from asgiref.sync import sync_to_async
from django.db import OperationalError, connections
from django.http import StreamingHttpResponse

from inbox.common.live import Heard, Signal, Wants, hub

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 2.0
AGAIN_MILLISECONDS = 1000
STILL_HERE = ": still here\n\n"
SHUT = "shut"
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def answer(events: AsyncIterator[str]) -> StreamingHttpResponse:
    """Server-sent events that no proxy holds back."""
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


def event(name: str, data: object, number: int = 0) -> str:
    """One event. Without a number it is never resumed: who comes back asks anew."""
    numbered = f"id: {number}\n" if number else ""
    text = data if isinstance(data, str) else json.dumps(data)
    return f"{numbered}event: {name}\ndata: {text}\n\n"


def in_thread(call: Callable[..., Any]) -> Callable[..., Any]:
    """Ask the database on a shared thread, and give its connection back: a stream lasts long."""

    def asked(*args: Any) -> Any:
        try:
            return call(*args)
        finally:
            connections.close_all()

    return sync_to_async(asked, thread_sensitive=False)


async def patiently(call: Callable[..., Any], *args: Any) -> Any:
    """The same, and again where the database is busy or away for a while.

    A stream that ended instead would be opened again at once, which costs more than the question.
    """
    while True:
        try:
            return await in_thread(call)(*args)
        except OperationalError as error:
            log.warning("stream_waits", error=str(error)[:80])
            await asyncio.sleep(_spread_milliseconds() / 1000)


def comes_again() -> str:
    """When a browser opens a stream again that has ended."""
    return f"retry: {_spread_milliseconds()}\n\n"


def _spread_milliseconds() -> int:
    """Not all at the same moment when a server comes back."""
    return AGAIN_MILLISECONDS + secrets.randbelow(2 * AGAIN_MILLISECONDS)


class Ear:
    """A stream's listening. It begins before anything is read from the database.

    So what happens meanwhile is read or heard of, never neither.
    """

    def __init__(self, wants: Wants) -> None:
        self._heard = hub().listen(heartbeat_seconds=HEARTBEAT_SECONDS, wants=wants)
        self._next: asyncio.Future[Heard | None] = asyncio.ensure_future(anext(self._heard))

    async def hear(self) -> Heard | None:
        """The next that is wanted; None is a heartbeat."""
        found = await self._next
        self._next = asyncio.ensure_future(anext(self._heard))
        return found

    def close(self) -> None:
        """Nothing is wanted any more."""
        self._next.cancel()


class Gate(Generic[K, V]):
    """Who reads a stream in this process, and whether they still may.

    Whatever takes a right away (the admin, a command, SQL) need not know of streams: one question
    for all readers is asked every two seconds, however many there are, and none when there is none.
    `ask`: what is true of those of these readers who may still read.
    """

    def __init__(self, name: str, ask: Callable[[Collection[K]], dict[K, V]]) -> None:
        self._name, self._ask, self._lock = name, ask, threading.Lock()
        self._readers: dict[K, int] = {}
        self._known: dict[K, V] = {}
        self._running = False

    def enter(self, reader: K, *, found: V) -> None:
        """A stream begins."""
        with self._lock:
            self._readers[reader] = self._readers.get(reader, 0) + 1
            self._known[reader] = found
            if not self._running:
                self._running = True
                threading.Thread(target=self._watch, name=self._name, daemon=True).start()

    def leave(self, reader: K) -> None:
        """A stream has ended."""
        with self._lock:
            self._readers[reader] -= 1
            if not self._readers[reader]:
                del self._readers[reader], self._known[reader]

    def of(self, reader: K) -> V | None:
        """What is true of a reader now; None: they may not read any more."""
        return self._known.get(reader)

    def look(self) -> None:
        """Ask once, and end the streams of those who may not read any more."""
        with self._lock:
            readers = list(self._readers)
        found = self._ask(readers) if readers else {}
        with self._lock:
            self._known.update({r: found[r] for r in readers if r in self._readers and r in found})
            shut = [r for r in readers if r not in found and r in self._readers]
            for reader in shut:
                self._known.pop(reader, None)
        for reader in shut:
            hub().publish(Signal(SHUT, data={"gate": self._name, "reader": reader}))

    def shuts(self, heard: Heard, reader: K) -> bool:
        """Whether this is the end of a reader's stream."""
        return (
            isinstance(heard, Signal)
            and heard.name == SHUT
            and heard.data == {"gate": self._name, "reader": reader}
        )

    def _watch(self) -> None:
        pause = threading.Event()
        while self._anybody():
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the database is away: readers go on, we ask again
                log.warning("gate_failed", gate=self._name, error=type(error).__name__)
            finally:
                connections.close_all()
            pause.wait(LOOK_SECONDS)

    def _anybody(self) -> bool:
        with self._lock:
            self._running = bool(self._readers)
            return self._running
