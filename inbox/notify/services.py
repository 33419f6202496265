"""Telling staff: once, on the desk at once, by mail where they asked for it, never at night."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import Q

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.channels.contract import Capability
from inbox.common import hours, live, work
from inbox.common.config import setting
from inbox.common.queue import after_commit
from inbox.common.veiling import veil
from inbox.common.versions import kept
from inbox.notify import choices
from inbox.notify.models import Notice
from inbox.outbox import services as outbox
from inbox.outbox.effects import queue_effect
from inbox.people.models import Identity
from inbox.tickets import kinds, queries
from inbox.tickets.models import TicketEvent

AT_ONCE = 500
JUST_NOW = timedelta(seconds=30)
TOLD = "told"  # the signal by which open pages hear of a notice


def zone_of(user: User) -> str:
    """The person's own zone, else the installation's."""
    return user.timezone or str(settings.TIME_ZONE)


def quiet_of(user: User) -> list[str]:
    """The person's own night, else the installation's."""
    return list(user.quiet_hours or setting("quiet_hours"))


def is_quiet(user: User, at: datetime) -> bool:
    """Whether it is night where they are."""
    return hours.within(at, zone_of(user), quiet_of(user))


def tell(
    user: User,
    *,
    key: str,
    kind: str,
    text: str,
    body: str = "",
    at_once: bool = False,
    **fields: Any,
) -> None:
    """Tell one person something, once per `key`, where they want to be told of this kind.

    At night it waits for the morning, unless it has to be known at once.
    """
    media = choices.media(user.told, kind)
    if not media:
        return
    now = work.current().now
    shown = str if user.sees_addresses else veil
    _keep(
        Notice(
            key=key[:120],
            user=user,
            kind=kind,
            text=shown(text)[:300],
            body=shown(body),
            made_at=now,
            not_before=now if at_once else hours.after(now, zone_of(user), quiet_of(user)),
            on_desk=choices.BROWSER in media,
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


def on_event(event: TicketEvent) -> None:
    """Tell a ticket's owner that a colleague gave it to them, or of an answer in it."""
    if event.echo or work.current().historic:
        return
    ticket = event.ticket
    if event.kind == kinds.ASSIGNED and event.actor_kind == "user":
        owner = ticket.owner
        # who hands over says it with a note
        if owner is not None and owner.pk != event.actor_user_id and not event.data.get("why"):
            text = f"{event.actor_label} gave you #{ticket.pk} {ticket.subject}"
            key = f"assigned:{ticket.pk}:{owner.pk}:{event.at.timestamp()}"
            tell(owner, key=key, kind="assigned", text=text, ticket=ticket)
    elif event.kind == kinds.MESSAGE_IN and ticket.owner_id and _hears_replies(ticket.owner_id):
        owner = User.objects.get(pk=ticket.owner_id)
        text = f"There is an answer in #{ticket.pk} {ticket.subject}"
        key = f"reply:{ticket.pk}:{ticket.last_message_id}"
        tell(owner, key=key, kind="reply", text=text, ticket=ticket)


def _hears_replies(pk: int) -> bool:
    """Whether somebody wants to be told of every answer; kept, for every message passes here."""
    return pk in kept("told", _load_hearing)


def _load_hearing() -> frozenset[int]:
    rows = User.objects.filter(is_active=True, told__has_key="reply").values_list("pk", "told")
    return frozenset(pk for pk, told in rows if choices.media(told, "reply"))


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
    if notice.read_at is None and _may_know(notice):
        _tell(notice)
    return True


def _may_know(notice: Notice) -> bool:
    """Whether the ticket is still theirs to know of: it may have been restricted since."""
    user, ticket = notice.user, notice.ticket
    return user is None or ticket is None or queries.sees(user, ticket)


def _tell(notice: Notice) -> None:
    user = notice.user
    if user is None:
        _by_mail(notice, notice.address)
    elif user.is_active:
        if notice.on_desk:
            after_commit(partial(live.signal, TOLD, user=user.pk))
        media = choices.media(user.told, notice.kind)
        if choices.MAIL in media and user.email:
            _by_mail(notice, user.email)
        if choices.CHAT in media:
            _by_message(notice, user)


def _by_mail(notice: Notice, address: str) -> None:
    body = f"{notice.body or notice.text}\n\n{_link(notice)}"
    key = f"notice:{notice.pk}"
    outbox.queue_system_mail(to=address, subject=notice.text, text=body, key=key)


def _link(notice: Notice, fallback: str = "/") -> str:
    path = notice.url or (notice.ticket.get_absolute_url() if notice.ticket else fallback)
    return str(settings.BASE_URL).rstrip("/") + path


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
        text = f"{notice.text}\n{notice.body}\n[Open it]({_link(notice, '/notices/')})"
        queue_effect(channel, "direct", data={"person": identity.external_id, "text": text})
        return


def unread(user: User) -> list[Notice]:
    """What somebody has not read yet, newest first; a ticket that was restricted since is gone."""
    seen = Q(ticket=None) | Q(ticket__in=queries.visible_to(user))
    rows = Notice.objects.filter(seen, user=user, on_desk=True, read_at=None).select_related(
        "ticket"
    )
    return list(rows.order_by("-pk")[:50])


def just_told(user: User, now: datetime) -> list[Notice]:
    """What somebody was told in the last half minute: for open pages that hear of it."""
    rows = Notice.objects.filter(user=user, on_desk=True, read_at=None, told_at__gt=now - JUST_NOW)
    return list(rows.select_related("ticket").order_by("pk")[:5])


def read(user: User, *, pk: int | None = None, now: datetime) -> None:
    """Mark one notice as read, or all of them."""
    mine = Notice.objects.filter(user=user, read_at__isnull=True)
    mine.filter(Q(pk=pk) if pk else Q()).update(read_at=now)
