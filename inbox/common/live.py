"""Who listens to what has changed: one hub per process, joined by Redis where there is one.

A change only says *what* changed; pages fetch their own fragment. A signal is what passes by itself
(somebody types, somebody looks): it is told once and stored nowhere. A hub that fails loses a hint,
never data: browsers ask again by themselves.
"""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

TOPIC = "switchboard:live"
LONGEST_QUEUE = 200
RELOAD = "reload"


@dataclass(frozen=True)
class Change:
    """One ticket changed; the id is that of its newest event."""

    event_id: int
    ticket: int
    kinds: list[str]
    restricted_team: int | None


@dataclass(frozen=True)
class Signal:
    """Something that passes, about a ticket or (0) about none."""

    name: str
    ticket: int = 0
    restricted_team: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


Heard = Change | Signal
Wants = Callable[[Heard], bool]


class Hub:
    """Fans out to the listeners of this process; safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[
            asyncio.Queue[Heard | None], tuple[asyncio.AbstractEventLoop, Wants]
        ] = {}

    def publish(self, heard: Heard) -> None:
        """Hand it to every listener; a slow one is told to reload instead."""
        with self._lock:
            listeners = list(self._listeners.items())
        for queue, (loop, wants) in listeners:
            if not wants(heard):
                continue
            try:
                loop.call_soon_threadsafe(_offer, queue, heard)
            except RuntimeError:  # its loop is closed: the tab is gone
                self._forget(queue)

    async def listen(
        self, *, heartbeat_seconds: float = 15.0, wants: "Wants" = lambda _: True
    ) -> AsyncIterator[Heard | None]:
        """What is published as it comes, or what of it is wanted; None is a heartbeat.

        `wants` is asked in the publisher's thread.
        """
        queue: asyncio.Queue[Heard | None] = asyncio.Queue(LONGEST_QUEUE)
        with self._lock:
            self._listeners[queue] = (asyncio.get_running_loop(), wants)
        try:
            while True:
                try:
                    yield await asyncio.wait_for(queue.get(), heartbeat_seconds)
                except TimeoutError:
                    yield None
        finally:
            self._forget(queue)

    @property
    def listeners(self) -> int:
        """How many streams are open in this process."""
        return len(self._listeners)

    def _forget(self, queue: "asyncio.Queue[Heard | None]") -> None:
        with self._lock:
            self._listeners.pop(queue, None)


def _offer(queue: "asyncio.Queue[Heard | None]", heard: Heard) -> None:
    if queue.full():
        # whoever reloads asks for everything, also for what the signals were about
        while not queue.empty():
            queue.get_nowait()
        heard = Change(event_id=getattr(heard, "event_id", 0), **_EVERYTHING)
    queue.put_nowait(heard)


_EVERYTHING: dict[str, Any] = {"ticket": 0, "kinds": [RELOAD], "restricted_team": None}


@cache
def hub() -> Hub:
    """This process's hub; with Redis a thread brings in what other processes publish."""
    made = Hub()
    if settings.REDIS_URL:
        given = (made, settings.REDIS_URL)
        threading.Thread(target=_relay, args=given, name="live", daemon=True).start()
    return made


@cache
def client() -> "redis.Redis":
    """The connection for what is short-lived: it gives up soon."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.3)


def publish(event_id: int, ticket: int, kinds: list[str], restricted_team: int | None) -> None:
    """Tell every open browser that a ticket changed. Never raises."""
    _tell(Change(event_id, ticket, kinds, restricted_team))


def signal(
    name: str, /, *, ticket: int = 0, restricted_team: int | None = None, **data: object
) -> None:
    """Tell every open stream what passes. Never raises."""
    _tell(Signal(name, ticket, restricted_team, data))


def _tell(heard: Heard) -> None:
    if not settings.REDIS_URL:
        hub().publish(heard)
        return
    try:
        client().publish(TOPIC, packed(heard))
    except redis.RedisError as error:
        log.warning("live_failed", error=type(error).__name__)


# ------------------------------------------------------------------ between processes

FIELDS: dict[type[Change] | type[Signal], dict[str, Any]] = {
    Change: {"event_id": int, "ticket": int, "kinds": list, "restricted_team": int | None},
    Signal: {"name": str, "ticket": int, "restricted_team": int | None, "data": dict},
}


def packed(heard: Heard) -> str:
    """A change or a signal as other processes read it."""
    return json.dumps(asdict(heard))


def unpacked(payload: bytes | str) -> Heard | None:
    """What another process says; None for what this version does not know.

    A field that a newer version has added is left out.
    """
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    for made, fields in FIELDS.items():
        if all(isinstance(found.get(name, ...), wanted) for name, wanted in fields.items()):
            read = made(**{name: found[name] for name in fields})
            return read if all(isinstance(kind, str) for kind in found.get("kinds", ())) else None
    return None


def _relay(made: Hub, url: str) -> None:
    while True:
        try:
            bring_in(made, url)
        except Exception as error:  # noqa: BLE001 - the one thread of this process must not end
            log.warning("live_relay_failed", error=type(error).__name__)
            time.sleep(1)


def bring_in(made: Hub, url: str) -> None:
    """Hand on what other processes publish, until the line breaks. Raises `RedisError`."""
    connection = redis.Redis.from_url(url, socket_connect_timeout=2)
    pubsub: Any = connection.pubsub()  # type: ignore[no-untyped-call]  # redis ships it untyped
    pubsub.subscribe(TOPIC)
    for message in pubsub.listen():
        if message["type"] == "subscribe":
            # whoever listened before this connection stood may have missed something
            made.publish(Change(event_id=0, **_EVERYTHING))
        elif (heard := unpacked(message["data"])) is not None:
            made.publish(heard)
        else:
            log.info("live_unknown", size=len(message["data"]))
