"""How much one visitor or address may do (vendor-apis 14.2); counted in the cache."""

import time
from math import ceil

from django.core.cache import cache

from inbox.common.config import setting


class TooMany(Exception):
    """A limit is reached; it is over in `retry_after_seconds`."""

    def __init__(self, name: str, retry_after_seconds: int) -> None:
        super().__init__(f"{name} is reached")
        self.retry_after_seconds = retry_after_seconds


WINDOWS = {
    "chat_messages_per_minute": 60,
    "chat_conversations_per_half_day": 12 * 3600,
    "chat_identifies_per_hour": 3600,
    "chat_visitors_per_address_hour": 3600,
    "chat_transcripts_per_day": 86400,
}
_own: dict[str, int] = {}


def spend(name: str, who: object) -> None:
    """Count one in the window of a limit, whose name is that of a setting. Raises `TooMany`."""
    seconds = WINDOWS[name]
    now = time.time()
    key = f"{name}:{who}:{int(now // seconds)}"
    try:
        cache.add(key, 0, timeout=seconds + 5)
        count = cache.incr(key)
    except Exception:  # noqa: BLE001 - a cache that is away must not switch the limit off
        if len(_own) > 10_000:
            _own.clear()
        count = _own[key] = _own.get(key, 0) + 1
    if count > int(setting(name)):
        raise TooMany(name, ceil(seconds - now % seconds))
