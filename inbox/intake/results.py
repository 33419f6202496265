"""What became of a delivery: done, ignored, unknown, tried again later, or failed."""

import random
from datetime import datetime, timedelta

import structlog
from django.db import Error as DatabaseError

from inbox.channels import directory
from inbox.channels.contract import (
    DeliveryError,
    InboundTrouble,
    MalformedBody,
    UnknownEvent,
)
from inbox.channels.health import ill
from inbox.channels.models import Channel, DeliveryState
from inbox.common import rows
from inbox.intake.prepare import Claim

log = structlog.get_logger(__name__)

TRIES = 12
LONGEST_WAIT_SECONDS = 600


class LostLease(RuntimeError):
    """Another worker took the delivery over; everything of this try is rolled back."""


def done(claimed: Claim, ignored: str, *, now: datetime) -> str:
    """Close the delivery inside the change. Raises `LostLease` when the fence has moved on."""
    state = DeliveryState.IGNORED if ignored else DeliveryState.DONE
    values = {"state": state, "reason": ignored[:250], "error": "", "lease_until": None}
    if not _write(claimed, done_at=now, **values):
        raise LostLease(f"delivery {claimed.delivery.pk}")
    return str(state)


def trouble(claimed: Claim, found: InboundTrouble) -> None:
    """Say on the channel's health page what the vendor says; pause it when nothing works."""
    values = ill(found.text)
    if found.pauses:
        values["active"] = False
    Channel.objects.filter(pk=claimed.channel.pk).update(**values)
    directory.forget()


def refresh(claimed: Claim) -> None:
    """What the vendor lists for us is asked for with the next turn of the clockwork."""
    Channel.objects.filter(pk=claimed.channel.pk).update(next_poll_at=None)


def failed(claimed: Claim, error: Exception, *, now: datetime) -> str:
    """Decide whether a delivery is tried again; the raw body stays either way."""
    pk = claimed.delivery.pk
    if isinstance(error, LostLease):
        log.warning("lease_lost", delivery=pk)
        return ""
    if isinstance(error, UnknownEvent):
        _write(claimed, state=DeliveryState.UNKNOWN, reason=str(error)[:250], done_at=now)
        return str(DeliveryState.UNKNOWN)
    log.error("delivery_failed", delivery=pk, channel=str(claimed.channel), exc_info=error)
    # Class name only: the text of an exception may quote the mail or a secret.
    text = str(error) if isinstance(error, MalformedBody | DeliveryError) else type(error).__name__
    if isinstance(error, MalformedBody) or claimed.delivery.attempts >= TRIES:
        _write(claimed, state=DeliveryState.FAILED, error=text[:500], done_at=now)
        return str(DeliveryState.FAILED)
    again = now + timedelta(seconds=_wait(claimed, error))
    _write(claimed, state=DeliveryState.PENDING, error=text[:500], not_before=again)
    return str(DeliveryState.PENDING)


def _wait(claimed: Claim, error: Exception) -> float:
    """Seconds: what the vendor asks for, never less; else twice as long with every try."""
    asked = error.retry_after_seconds if isinstance(error, DeliveryError) else None
    if asked is not None:
        return asked * (1 + random.random() / 4)  # noqa: S311 - spreads retries, protects nothing
    # A database that restarts or a lock that was held is gone in a moment.
    base = 1 if isinstance(error, DatabaseError) else 2
    longest = float(min(base * 2**claimed.delivery.attempts, LONGEST_WAIT_SECONDS))
    return longest * (0.5 + random.random())  # noqa: S311 - spreads retries, protects nothing


def _write(claimed: Claim, **values: object) -> bool:
    delivery = claimed.delivery
    changed = {"lease_until": None, **values}
    for name, value in changed.items():
        setattr(delivery, name, value)
    return rows.update_if(delivery, changed, fence=claimed.fence)
