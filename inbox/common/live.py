"""Who listens to what has changed: one hub per process, joined by Redis where there is one.

An event only says *what* changed; pages fetch their own fragment. A hub that fails loses a hint,
never data: browsers ask again by themselves.
"""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
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


Wants = Callable[[Change], bool]


class Hub:
    """Fans out to the listeners of this process; safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[
            asyncio.Queue[Change | None], tuple[asyncio.AbstractEventLoop, Wants]
        ] = {}

    def publish(self, change: Change) -> None:
        """Hand a change to every listener; a slow one is told to reload instead."""
        with self._lock:
            listeners = list(self._listeners.items())
        for queue, (loop, wants) in listeners:
            if not wants(change):
                continue
            try:
                loop.call_soon_threadsafe(_offer, queue, change)
            except RuntimeError:  # its loop is closed: the tab is gone
                self._forget(queue)

    async def listen(
        self, *, heartbeat_seconds: float = 15.0, wants: "Wants" = lambda _: True
    ) -> AsyncIterator[Change | None]:
        """Changes as they come, or those that are wanted; None is a heartbeat.

        `wants` is asked in the publisher's thread.
        """
        queue: asyncio.Queue[Change | None] = asyncio.Queue(LONGEST_QUEUE)
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

    def _forget(self, queue: "asyncio.Queue[Change | None]") -> None:
        with self._lock:
            self._listeners.pop(queue, None)


def _offer(queue: "asyncio.Queue[Change | None]", change: Change) -> None:
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        change = Change(event_id=change.event_id, ticket=0, kinds=[RELOAD], restricted_team=None)
    queue.put_nowait(change)


@cache
def hub() -> Hub:
    """This process's hub; with Redis a thread brings in what other processes publish."""
    made = Hub()
    if settings.REDIS_URL:
        threading.Thread(target=_relay, args=(made,), name="live", daemon=True).start()
    return made


@cache
def _client() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=0.3)


def publish(event_id: int, ticket: int, kinds: list[str], restricted_team: int | None) -> None:
    """Tell every open browser that a ticket changed. Never raises."""
    change = Change(event_id, ticket, kinds, restricted_team)
    if not settings.REDIS_URL:
        hub().publish(change)
        return
    try:
        _client().publish(TOPIC, json.dumps(asdict(change)))
    except redis.RedisError as error:
        log.warning("live_failed", error=type(error).__name__)


def _relay(made: Hub) -> None:
    while True:
        try:
            client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
            pubsub: Any = client.pubsub(  # type: ignore[no-untyped-call]  # redis ships it untyped
                ignore_subscribe_messages=True
            )
            pubsub.subscribe(TOPIC)
            for message in pubsub.listen():
                made.publish(Change(**json.loads(message["data"])))
        except (redis.RedisError, ValueError, TypeError) as error:
            log.warning("live_relay_failed", error=type(error).__name__)
            time.sleep(1)
