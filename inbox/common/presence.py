"""Who is where just now: in Redis, or in this process when there is none; never in the database.

Everything lapses by itself, so that whoever vanishes without a word is soon no longer there. When
Redis is away nobody is anywhere: pages then show less, and nothing fails.
"""

import json
import threading
import time
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Any, Protocol

import redis
import structlog
from django.conf import settings

from inbox.common import live

log = structlog.get_logger(__name__)

Value = dict[str, Any]
Clock = Callable[[], float]

PREFIX = "switchboard:here:"
LONGEST_SECONDS = 120  # nothing is noted for longer; a place that nobody renews is gone by then
REST_SECONDS = 5.0
MOST_PLACES = 10_000  # in one process, before those are looked for where nobody is any more
ONLINE_SECONDS = 40.0
VISITOR_SECONDS = 45.0  # an open page of a visitor says so more often than that
# a page that is changed for another closes its stream and opens the next one
BETWEEN_PAGES_SECONDS = 5.0


class Store(Protocol):
    """Places, who is there, and what is said of them."""

    def put(self, place: str, who: str, value: Value, seconds: float) -> Value | None:
        """Note somebody for so long; what was said of them before."""

    def drop(self, place: str, who: str) -> Value | None:
        """Somebody has left; what was said of them."""

    def at(self, places: Sequence[str]) -> list[dict[str, Value]]:
        """Who is at each of these places."""


class OwnStore:
    """In this process alone."""

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._places: dict[str, dict[str, tuple[float, Value]]] = {}

    def put(self, place: str, who: str, value: Value, seconds: float) -> Value | None:
        """See `Store`."""
        with self._lock:
            known = self._fresh(place)
            before = known.get(who)
            if len(self._places) > MOST_PLACES:
                self._places = {p: there for p in self._places if (there := self._fresh(p))}
            self._places[place] = {**known, who: (self._clock() + seconds, value)}
        return before[1] if before else None

    def drop(self, place: str, who: str) -> Value | None:
        """See `Store`."""
        with self._lock:
            known = self._fresh(place)
            before = known.pop(who, None)
            self._places[place] = known
            if not known:
                del self._places[place]
        return before[1] if before else None

    def at(self, places: Sequence[str]) -> list[dict[str, Value]]:
        """See `Store`."""
        with self._lock:
            return [{who: v for who, (_, v) in self._fresh(p).items()} for p in places]

    def _fresh(self, place: str) -> dict[str, tuple[float, Value]]:
        now = self._clock()
        return {who: kept for who, kept in self._places.get(place, {}).items() if kept[0] > now}


class RedisStore:
    """One hash a place. A field says until when it is true: fields do not lapse on their own."""

    def __init__(self, client: "redis.Redis", clock: Clock = time.time) -> None:
        self._client, self._clock, self._rest_until = client, clock, 0.0

    def put(self, place: str, who: str, value: Value, seconds: float) -> Value | None:
        """See `Store`."""
        until = self._clock() + seconds
        (raw,) = self._asked(lambda pipe: pipe.hgetall(PREFIX + place)) or [{}]
        known = self._fresh(raw)
        stale = [name.decode() for name in raw if name.decode() not in known]

        def write(pipe: Any) -> None:
            if stale:
                pipe.hdel(PREFIX + place, *stale)
            pipe.hset(PREFIX + place, who, json.dumps([until, value]))
            pipe.expire(PREFIX + place, LONGEST_SECONDS)

        self._asked(write)
        return known.get(who)

    def drop(self, place: str, who: str) -> Value | None:
        """See `Store`."""

        def take(pipe: Any) -> None:
            pipe.hget(PREFIX + place, who)
            pipe.hdel(PREFIX + place, who)

        raw, _ = self._asked(take) or [None, 0]
        return self._fresh({who.encode(): raw} if raw else {}).get(who)

    def at(self, places: Sequence[str]) -> list[dict[str, Value]]:
        """See `Store`."""

        def read(pipe: Any) -> None:
            for place in places:
                pipe.hgetall(PREFIX + place)

        return [self._fresh(raw) for raw in self._asked(read) or [{} for _ in places]]

    def _asked(self, ask: Callable[[Any], Any]) -> list[Any] | None:
        """One trip; None when Redis is away, and for a while it is not asked again."""
        if time.monotonic() < self._rest_until:
            return None
        pipe: Any = self._client.pipeline(transaction=False)
        try:
            ask(pipe)
            found: list[Any] = pipe.execute()
        except redis.RedisError as error:
            self._rest_until = time.monotonic() + REST_SECONDS
            log.warning("presence_failed", error=type(error).__name__)
            return None
        return found

    def _fresh(self, raw: dict[bytes, bytes]) -> dict[str, Value]:
        now, found = self._clock(), {}
        for who, kept in raw.items():
            try:
                until, value = json.loads(kept)
                if until > now and isinstance(value, dict):
                    found[who.decode()] = value
            except (ValueError, TypeError):  # written by another version
                continue
        return found


@cache
def store() -> Store:
    """This installation's store."""
    return RedisStore(live.client()) if settings.REDIS_URL else OwnStore()


def forget() -> None:
    """Nobody is anywhere in this process: for tests. What Redis holds lapses by itself."""
    store.cache_clear()


def note(place: str, who: str, *, seconds: float, value: Value | None = None) -> Value | None:
    """Somebody is at a place, for so many seconds unless it is noted again.

    Gives what was said of them before; None: they were not there.
    """
    return store().put(place, who, value or {}, min(seconds, LONGEST_SECONDS))


def leave(place: str, who: str) -> Value | None:
    """Somebody is gone. Gives what was said of them, None when they were not there."""
    return store().drop(place, who)


def at(*places: str) -> list[dict[str, Value]]:
    """Who is at each of these places, and what is said of them."""
    return store().at(places) if places else []


def chat(conversation_id: int) -> str:
    """Where the visitor of a chat is noted."""
    return f"chat:{conversation_id}"


# ------------------------------------------------------------------ colleagues


def is_online(user_ids: Collection[int]) -> set[int]:
    """Those of these accounts who have a page of the desk open."""
    ids = list(user_ids)
    return {pk for pk, tabs in zip(ids, at(*map(_desk, ids)), strict=True) if tabs}


def come(user_id: int, stream: str, name: str) -> None:
    """A page of the desk is open: said at its start, and again while it is."""
    online = bool(is_online([user_id]))
    note(_desk(user_id), stream, seconds=ONLINE_SECONDS)
    if not online:
        live.signal("online", user=user_id, name=name)


def go(user_id: int, stream: str) -> None:
    """A page was closed. Ask `gone` a little later, when the next one could have been opened."""
    note(_desk(user_id), stream, seconds=BETWEEN_PAGES_SECONDS)


def gone(user_id: int, name: str) -> None:
    """Say that somebody went, unless another page is open."""
    if not is_online([user_id]):
        live.signal("online", user=user_id, name=name)


def _desk(user_id: int) -> str:
    return f"desk:{user_id}"
