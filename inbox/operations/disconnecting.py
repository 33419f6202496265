"""Taking a connection away: it stops at once, its credentials end at the vendor's, then here.

Tickets and threads stay. Connected again, the same threads go on.
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from inbox.audit import services as audit
from inbox.channels import directory
from inbox.channels.contract import DeliveryError
from inbox.channels.health import WELL
from inbox.channels.models import Channel

log = structlog.get_logger(__name__)

BY = "connections"  # as the audit log names what is done without anybody
LEASE = timedelta(minutes=5)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=2)
MOST_ATTEMPTS = 12  # about half a day; afterwards somebody has to ask for it


def disconnect(channel: Channel, *, by: audit.By, request: HttpRequest | None = None) -> None:
    """Stop a connection, and have its credentials end at the vendor's by the clockwork.

    What cannot be ended at the vendor's is only forgotten here, at once.
    """
    with transaction.atomic():
        row = Channel.objects.select_for_update().get(pk=channel.pk)
        if row.disconnected_at is not None:
            return
        now = timezone.now()
        can_revoke = row.type.revoke is not None and bool(row.secrets)
        row.active, row.disconnected_at, row.next_poll_at = False, now, None
        row.revoke_at, row.revoke_attempts, row.revoke_error = now if can_revoke else None, 0, ""
        if not can_revoke:
            row.secrets_text = ""
        for name, value in WELL.items():
            setattr(row, name, value)
        row.save()
        told = {"revoked at the vendor": "asked for" if can_revoke else "not possible"}
        audit.record(by, "channel.disconnected", str(row), new=told, request=request)
    directory.forget()


def end_replaced(
    before: Channel,
    channel: Channel,
    *,
    works: bool,
    by: audit.By,
    request: HttpRequest | None = None,
) -> str:
    """End at the vendor's what other credentials have replaced; what is left over, in words.

    The vendor is asked once, outside of any transaction: what it refuses, somebody ends by hand.
    """
    kind = channel.type
    if kind.revoke is None or not kind.ends_alone(before.config, channel.config):
        return ""
    left = f"; the credentials before these still count at {kind.label}"
    if not works:
        return left
    try:
        kind.revoke(before.config)
    except DeliveryError as error:
        log.warning("revoke_failed", channel=str(channel), reason=error.text)
        return f"{left}, end them there: {error.text}"
    audit.record(by, "channel.revoked", str(channel), new={"which": "replaced"}, request=request)
    return ""


def ask_again(channel: Channel, *, by: audit.By, request: HttpRequest | None = None) -> None:
    """Have the vendor asked once more to end the credentials."""
    with transaction.atomic():
        left = Channel.objects.filter(pk=channel.pk, disconnected_at__isnull=False)
        again = {"revoke_at": timezone.now(), "revoke_attempts": 0}
        if left.exclude(secrets_text="").update(**again):
            audit.record(by, "channel.revoke_asked", str(channel), request=request)


def forget(channel: Channel, *, by: audit.By, request: HttpRequest | None = None) -> None:
    """Forget the credentials here, whether or not the vendor has ended them."""
    with transaction.atomic():
        left = Channel.objects.filter(pk=channel.pk, disconnected_at__isnull=False)
        if left.exclude(secrets_text="").update(revoke_at=None, revoke_error="", secrets_text=""):
            audit.record(by, "channel.forgotten", str(channel), request=request)
    directory.forget()


def due_ids(now: datetime) -> list[int]:
    """Connections whose vendor has still to be told."""
    rows = Channel.objects.filter(revoke_at__lte=now).order_by("revoke_at")
    return list(rows.values_list("pk", flat=True)[:20])


def revoke(pk: int, now: datetime) -> bool:
    """Ask one vendor, outside of any transaction, and keep what became of it."""
    mine = Channel.objects.filter(pk=pk, revoke_at__lte=now)
    if not mine.update(revoke_at=now + LEASE, revoke_attempts=F("revoke_attempts") + 1):
        return False
    channel = Channel.objects.get(pk=pk)
    try:
        if channel.type.revoke is not None:
            channel.type.revoke(channel.config)
    except DeliveryError as error:
        _put_off(channel, now, error)
    else:
        _ended(channel)
    directory.forget()
    return True


def _as_claimed(channel: Channel) -> dict[str, object]:
    """It is still the same attempt: nobody connected it again or asked anew meanwhile."""
    names = ("pk", "disconnected_at", "revoke_at", "revoke_attempts")
    return {name: getattr(channel, name) for name in names}


def _ended(channel: Channel) -> None:
    with transaction.atomic():
        done = Channel.objects.filter(**_as_claimed(channel))
        if done.update(revoke_at=None, revoke_error="", secrets_text=""):
            audit.record(BY, "channel.revoked", str(channel))


def _put_off(channel: Channel, now: datetime, error: DeliveryError) -> None:
    log.warning("revoke_failed", channel=str(channel), reason=error.text)
    attempts = channel.revoke_attempts
    is_over = error.permanent or attempts >= MOST_ATTEMPTS
    wait = min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT)
    again = None if is_over else now + wait
    left = Channel.objects.filter(**_as_claimed(channel))
    left.update(revoke_at=again, revoke_error=error.text[:250])
