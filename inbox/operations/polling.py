"""Polled channels: one poll at a time each, by a lease; the cursor moves after the commit."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F, Q

from inbox.channels import inlet
from inbox.channels.contract import Capability, ChannelError, Polled
from inbox.channels.health import WELL, ill
from inbox.channels.models import Channel
from inbox.common.queue import Job, enqueue

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)
EVERY = timedelta(seconds=60)


def polled() -> list[Channel]:
    """Active channels whose kind fetches and that are set up for it."""
    return [
        channel
        for channel in Channel.objects.filter(active=True)
        if channel.type.poll is not None
        and Capability.POLL in channel.type.capabilities
        and channel.type.can_poll(channel.config)
    ]


def ring_due(*, now: datetime) -> int:
    """Ring for every channel whose time has come."""
    due = [c for c in polled() if c.next_poll_at is None or c.next_poll_at <= now]
    for channel in due:
        enqueue(Job.POLL, channel.pk)
    return len(due)


def ask_for(channel: Channel, *, since: datetime, place: str = "") -> None:
    """Have the next poll look through the whole time since then, in one place or all.

    What is known is not stored twice.
    """
    cursor = {"since": since.isoformat()}
    if place:  # the other places stay as far as they are
        cursor = {**channel.poll_cursor, **cursor, "only": place}
    Channel.objects.filter(pk=channel.pk).update(poll_cursor=cursor, next_poll_at=None)
    enqueue(Job.POLL, channel.pk)


def poll_now(
    key: str | None, *, now: datetime, since: datetime | None = None, place: str = ""
) -> dict[str, int | None]:
    """Fetch at once from one channel or all, with `since` as in `ask_for`; new deliveries by
    channel."""
    found: dict[str, int | None] = {}
    for channel in polled():
        if key in (None, channel.key, str(channel)):
            if since is not None:
                ask_for(channel, since=since, place=place)
            found[str(channel)] = poll(channel.pk, now=now)
    return found


def poll(pk: int, *, now: datetime) -> int | None:
    """Fetch from one channel; the number of new deliveries, None when another poll is running."""
    free = Q(poll_lease_until=None) | Q(poll_lease_until__lt=now)
    mine = Channel.objects.filter(free, pk=pk)
    if not mine.update(poll_lease_until=now + LEASE, poll_fence=F("poll_fence") + 1):
        return None
    channel = Channel.objects.get(pk=pk)
    stored: list[int] = []
    try:
        cursor = _fetch(channel, now, stored)
        _finish(channel, now, poll_cursor=cursor, **_health(cursor, now))
    except ChannelError as error:
        log.warning("poll_failed", channel=str(channel), reason=str(error))
        _finish(channel, now, **ill(str(error)))
    except Exception as error:  # noqa: BLE001 - one broken mailbox must not stop the others
        log.warning("poll_failed", channel=str(channel), reason=type(error).__name__)
        _finish(channel, now, **ill("the mailbox could not be read"))
    return len(stored)


def _health(cursor: Mapping[str, Any], now: datetime) -> dict[str, object]:
    """What a poll has learned: `trouble` names places that it could not read.

    One that has not `asked` the vendor, because nothing was due, has learned nothing.
    """
    if not cursor.get("asked", True):
        return {}
    trouble = str(cursor.get("trouble") or "")
    return {**(ill(trouble) if trouble else WELL), "last_in_at": now}


def _fetch(channel: Channel, now: datetime, stored: list[int]) -> Mapping[str, Any]:
    def store(found: Polled) -> None:
        delivery = inlet.receive(
            channel,
            dedupe_key=found.dedupe_key,
            headers=found.headers,
            body=found.body,
            now=now,
            received_at=found.received_at,
        )
        if delivery is not None:
            stored.append(delivery.pk)

    assert channel.type.poll is not None  # noqa: S101 - `polled` asked; tells the type checker
    return channel.type.poll(channel.config, channel.poll_cursor, store)


def _finish(channel: Channel, now: datetime, **values: object) -> None:
    mine = Channel.objects.filter(pk=channel.pk, poll_fence=channel.poll_fence)
    mine.update(poll_lease_until=None, next_poll_at=now + EVERY, **values)
