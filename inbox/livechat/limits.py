"""How much one visitor or address may do (vendor-apis 14.2); counted in the cache."""

import time
from ipaddress import IPv4Address, ip_address, ip_network
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
    "chat_strangers_per_channel_minute": 60,
    "chat_proofs_per_address_hour": 3600,
    "chat_ratings_per_hour": 3600,
    "chat_transcripts_per_day": 86400,
}
_own: dict[str, int] = {}


def spend(name: str, who: object) -> None:
    """Count one in the window of a limit, whose name is that of a setting. Raises `TooMany`."""
    _refuse_over(name, _count(_key(name, who), WINDOWS[name]), int(setting(name)))


def look(name: str, who: object) -> None:
    """Raises `TooMany` when the next one would be too many; counts nothing."""
    _refuse_over(name, _counted(_key(name, who)) + 1, int(setting(name)))


def is_busy(name: str, who: object) -> bool:
    """Count one, and whether this window or the one before it had more than the limit."""
    most, before = int(setting(name)), _key(name, who, windows_ago=1)
    return _count(_key(name, who), WINDOWS[name]) > most or _counted(before) > most


def is_first(key: str, *, seconds: int) -> bool:
    """Whether nobody has used a key in this time: what is signed once is used once."""
    return _count(f"once:{key}", seconds) == 1


def _key(name: str, who: object, *, windows_ago: int = 0) -> str:
    return f"{name}:{who}:{int(time.time() // WINDOWS[name]) - windows_ago}"


def _counted(key: str) -> int:
    try:
        return int(cache.get(key, 0))
    except Exception:  # noqa: BLE001 - as in `_count`
        return _own.get(key, 0)


def _count(key: str, seconds: int) -> int:
    try:
        cache.add(key, 0, timeout=2 * seconds)
        return int(cache.incr(key))
    except Exception:  # noqa: BLE001 - a cache that is away must not switch the limit off
        if len(_own) > 10_000:
            _own.clear()
        _own[key] = _own.get(key, 0) + 1
        return _own[key]


def _refuse_over(name: str, count: int, most: int) -> None:
    if count > most:
        raise TooMany(name, ceil(WINDOWS[name] - time.time() % WINDOWS[name]))


def group_of(address: str) -> str:
    """What counts as one address: of IPv6 a household's /64, for it has all of them."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), 64), strict=False))
