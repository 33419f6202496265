"""Telling staff: once, on the desk at once, by mail where they asked for it, never at night."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Q

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.channels.contract import Capability
from inbox.common import hours, work
from inbox.common.config import setting
from inbox.notify.models import Notice
from inbox.outbox import services as outbox
from inbox.outbox.effects import queue_effect
from inbox.people.models import Identity

AT_ONCE = 500


def zone_of(user: User) -> str:
    """The person's own zone, else the installation's."""
    return user.timezone or str(settings.TIME_ZONE)


def is_quiet(user: User, at: datetime) -> bool:
    """Whether it is night where they are."""
    return hours.within(at, zone_of(user), setting("quiet_hours"))


def tell(user: User, *, key: str, kind: str, text: str, **fields: Any) -> None:
    """Tell one person something, once per `key`; at night it waits for the morning."""
    now = work.current().now
    _keep(
        Notice(
            key=key[:120],
            user=user,
            kind=kind,
            text=text[:300],
            made_at=now,
            not_before=hours.after(now, zone_of(user), setting("quiet_hours")),
            **fields,
        )
    )


def tell_address(address: str, *, key: str, kind: str, text: str, **fields: Any) -> None:
    """Tell an address or a channel that is nobody's own."""
    now = work.current().now
    zone = str(settings.TIME_ZONE)
    not_before = hours.after(now, zone, setting("quiet_hours"))
    _keep(
        Notice(
            key=key[:120],
            address=address[:250],
            kind=kind,
            text=text[:300],
            made_at=now,
            not_before=not_before,
            **fields,
        )
    )


def _keep(notice: Notice) -> None:
    # the key is unique: whoever comes second, or again, tells nothing
    Notice.objects.bulk_create([notice], ignore_conflicts=True)


def untold_ids(now: datetime) -> list[int]:
    """Notices whose time has come and that nobody has sent yet."""
    rows = Notice.objects.filter(told_at__isnull=True, not_before__lte=now)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def send(pk: int, now: datetime) -> bool:
    """Hand one notice to the outbox, or leave it on the desk alone. False when it was told."""
    rows = Notice.objects.filter(pk=pk, told_at__isnull=True, not_before__lte=now)
    if not rows.update(told_at=now):
        return False
    notice = Notice.objects.select_related("user", "ticket").get(pk=pk)
    address = notice.address or (notice.user.email if notice.user and _by_mail(notice) else "")
    if address and notice.read_at is None:
        path = notice.url or (notice.ticket.get_absolute_url() if notice.ticket else "/")
        link = settings.BASE_URL.rstrip("/") + path
        body = f"{notice.body or notice.text}\n\n{link}"
        outbox.queue_system_mail(
            to=address, subject=notice.text, text=body, key=f"notice:{notice.pk}"
        )
    if notice.user is not None and notice.read_at is None:
        _by_message(notice, notice.user)
    return True


def _by_message(notice: Notice, user: User) -> None:
    """To a member of a connected workspace as a direct message too."""
    mine = Identity.objects.filter(user=user).exclude(kind="email")
    for identity in mine:
        channel = next(
            (
                c
                for c in directory.active()
                if c.kind == identity.kind and c.realm == identity.realm
            ),
            None,
        )
        if channel is None or Capability.CARD not in channel.type.capabilities:
            continue
        path = notice.url or (notice.ticket.get_absolute_url() if notice.ticket else "/notices/")
        link = settings.BASE_URL.rstrip("/") + path
        text = f"{notice.text}\n{notice.body}\n[Open it]({link})"
        queue_effect(channel, "direct", data={"person": identity.external_id, "text": text})
        return


def _by_mail(notice: Notice) -> bool:
    user = notice.user
    if user is None or not user.is_active:
        return False
    return user.mail_digests if notice.kind == "digest" else user.mail_notices


def unread(user: User) -> list[Notice]:
    """What somebody has not read yet, newest first."""
    rows = Notice.objects.filter(user=user, read_at__isnull=True).select_related("ticket")
    return list(rows.order_by("-pk")[:50])


def read(user: User, *, pk: int | None = None, now: datetime) -> None:
    """Mark one notice as read, or all of them."""
    mine = Notice.objects.filter(user=user, read_at__isnull=True)
    mine.filter(Q(pk=pk) if pk else Q()).update(read_at=now)
