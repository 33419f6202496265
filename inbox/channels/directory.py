"""Which channels there are, kept for a moment in each process.

The inlet and the intake need the channel of every delivery. Reading it anew each time would cost
a statement per mail, so it is kept for `KEEP_SECONDS`; whoever changes a channel calls `forget`,
other processes notice when the time is over.
"""

import threading
import time

from inbox.channels.contract import Capability
from inbox.channels.health import OK
from inbox.channels.models import Channel

KEEP_SECONDS = 2.0


class _Kept(threading.local):
    """Per thread: SQLite connections and Django's instances do not like to be shared."""

    def __init__(self) -> None:
        self.until = 0.0
        self.by_pk: dict[int, Channel] = {}


_kept = _Kept()
_generation = 0


def forget() -> None:
    """Read the channels again at the next question, in every thread of this process."""
    global _generation  # noqa: PLW0603 - one counter tells all threads that what they kept is old
    _generation += 1


def _channels() -> dict[int, Channel]:
    now = time.monotonic()
    if now >= _kept.until or getattr(_kept, "generation", -1) != _generation:
        _kept.by_pk = {channel.pk: channel for channel in Channel.objects.all()}
        _kept.until = now + KEEP_SECONDS
        _kept.generation = _generation
    return _kept.by_pk


def anywhere(capability: Capability) -> bool:
    """Whether any channel can do this, so that nothing is asked where none can."""
    return any(capability in channel.type.capabilities for channel in _channels().values())


def by_id(pk: int) -> Channel:
    """The channel of this id. Raises `Channel.DoesNotExist`."""
    found = _channels().get(pk)
    return found if found is not None else Channel.objects.get(pk=pk)


def by_key(kind: str, key: str) -> Channel:
    """The active channel of this name. Raises `Channel.DoesNotExist`."""
    for channel in _channels().values():
        if (channel.kind, channel.key) == (kind, key) and channel.active:
            return channel
    return Channel.objects.get(kind=kind, key=key, active=True)


def own_addresses() -> frozenset[str]:
    """The addresses of all our channels, lower case."""
    return frozenset(address.lower() for c in _channels().values() if (address := c.address))


def is_own(address: str, ours: frozenset[str]) -> bool:
    """Whether an address is one of ours, its plus part aside."""
    local, _, domain = address.lower().partition("@")
    return f"{local.partition('+')[0]}@{domain}" in ours or address.lower() in ours


def every() -> list[Channel]:
    """Every channel, those that were taken away too, in the order they came."""
    return [channel for _, channel in sorted(_channels().items())]


def active() -> list[Channel]:
    """Every active channel, in a steady order."""
    found = [channel for channel in _channels().values() if channel.active]
    return sorted(found, key=lambda channel: (channel.kind, channel.key))


def unplugged() -> list[Channel]:
    """Every channel that waits for a repair."""
    found = [channel for channel in _channels().values() if channel.health != OK]
    return sorted(found, key=lambda channel: (channel.kind, channel.key))
