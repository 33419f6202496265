"""Before the transaction: claim a delivery and read it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from inbox.channels import directory
from inbox.channels.contract import InboundBatch
from inbox.channels.models import Channel, Delivery
from inbox.common.crash import point
from inbox.tickets.models import Thread

LEASE = timedelta(seconds=60)
# One statement claims and reads: compare-and-set with a lease and a fence, on both databases.
CLAIM = """
UPDATE inbox_delivery
SET state = 'processing', attempts = attempts + 1, fence = fence + 1, lease_until = %s
WHERE id = %s AND (
    (state = 'pending' AND (not_before IS NULL OR not_before <= %s))
    OR (state = 'processing' AND lease_until < %s))
RETURNING *
"""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A delivery that this process works on; the fence refuses it after the lease was lost."""

    delivery: Delivery
    channel: Channel

    @property
    def fence(self) -> int:
        """The claim's number; a later claim has a higher one."""
        return self.delivery.fence


def claim(pk: int, *, now: datetime) -> Claim | None:
    """Take a pending delivery, or one whose worker was lost; None when there is nothing to do."""
    lease, due = (connection.ops.adapt_datetimefield_value(at) for at in (now + LEASE, now))
    rows = list(Delivery.objects.raw(CLAIM, [lease, pk, due, due]))
    if not rows:
        return None
    point("t2_after_claim")
    return Claim(delivery=rows[0], channel=directory.by_id(rows[0].channel_id))


def read(claimed: Claim) -> InboundBatch:
    """What the delivery says. Asks the vendor once and keeps the answer, so a replay is the same.

    Raises `UnknownEvent`, `MalformedBody` and whatever `complete` raises.
    """
    kind, config, delivery = claimed.channel.type, claimed.channel.config, claimed.delivery
    completed: Mapping[str, Any] | None = delivery.completed
    if completed is None:
        completed = kind.complete(delivery.raw, config)
        if completed is not None:
            Delivery.objects.filter(pk=delivery.pk, fence=claimed.fence).update(completed=completed)
    batch = kind.parse(_with_time(delivery), config, completed)
    return _with_parents(batch, claimed.channel) if kind.parent is not None else batch


def _with_parents(batch: InboundBatch, channel: Channel) -> InboundBatch:
    """First messages of threads that are not here: the answer came first, or before our time.

    Raises `ChannelError` when the vendor has to be asked again later.
    """
    assert channel.type.parent is not None  # noqa: S101 - the caller asked; tells the type checker
    found = []
    for message in batch.messages:
        is_first = message.message_key.endswith(message.thread_key.rpartition("/")[2])
        if not is_first and not message.joins_only and not _is_known(message.thread_key, channel):
            parent = channel.type.parent(message, channel.config)
            if parent is not None:
                found.append(parent)
        found.append(message)
    return replace(batch, messages=tuple(found))


def _is_known(thread_key: str, channel: Channel) -> bool:
    return Thread.objects.filter(realm=channel.realm, thread_key=thread_key[:250]).exists()


def _with_time(delivery: Delivery) -> Any:
    raw = delivery.raw
    stamp = {"x-received-at": delivery.received_at.isoformat()}
    return type(raw)(headers={**stamp, **raw.headers}, body=raw.body, url=raw.url)
