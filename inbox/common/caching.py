"""The cache: Redis, and this process's own memory while Redis cannot be reached.

What is counted there are limits (signing in, the API, live chat). A Redis that is away must neither
switch a limit off nor close a door: each process then counts for itself, from nothing.
"""

import time
from typing import Any

import redis
import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

log = structlog.get_logger(__name__)

REST_SECONDS = 5.0  # so long Redis is not asked again once it did not answer


def _either(name: str) -> Any:
    """A method of the cache that Redis does, or else this process."""

    def method(self: "SteadyCache", *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= SteadyCache.rest_until:
            try:
                return getattr(RedisCache, name)(self, *args, **kwargs)
            except redis.RedisError as error:
                SteadyCache.rest_until = time.monotonic() + REST_SECONDS
                log.warning("cache_failed", error=type(error).__name__)
        return getattr(self.own, name)(*args, **kwargs)

    return method


class OwnCache(LocMemCache):
    """In this process alone; what it has not heard of is counted from nothing."""

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Count, also what Redis was told to begin with."""
        self.add(key, 0, timeout=None, version=version)
        return super().incr(key, delta, version)


class SteadyCache(RedisCache):
    """Redis where it answers. Only `clear` raises where it does not: all must be gone then."""

    rest_until = 0.0  # of the process: every thread has a cache object of its own

    add = _either("add")
    get = _either("get")
    set = _either("set")
    touch = _either("touch")
    delete = _either("delete")
    incr = _either("incr")
    has_key = _either("has_key")
    get_many = _either("get_many")
    set_many = _either("set_many")
    delete_many = _either("delete_many")

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        plain = {name: value for name, value in params.items() if name != "OPTIONS"}
        self.own = OwnCache("while-redis-is-away", plain)

    def clear(self) -> None:
        """Forget everything."""
        self.own.clear()
        super().clear()
