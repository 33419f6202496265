"""Notes that the team writes at another desk, where the conversation also lives."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from inbox.channels.contract import DeliveryError, InboundMessage
from inbox.channels.models import Channel, Delivery, DeliveryState
from inbox.common.queue import Job, enqueue
from inbox.intake import aftermath, matching
from inbox.outbox import elsewhere
from inbox.people import services as people
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import (
    Attachment,
    AuthorRole,
    Direction,
    LateNote,
    Thread,
    Visibility,
)

OURS = "our own note came back"
LATE = "a note whose conversation is no ticket yet; it is filed when there is one"
KEPT_FOR = timedelta(days=30)  # as long as the delivery's own body


# ------------------------------------------------------------------ notes


def file_note(
    inbound: InboundMessage,
    channel: Channel,
    *,
    delivery: Delivery,
    files: Sequence[Attachment],
) -> str:
    """File a note as one of the ticket's own. Returns why it was not filed, or "".

    It opens no ticket, wakes nobody outside, and whose turn it is stays as it was. Raises
    `DeliveryError` while it may be one of ours that nobody has confirmed.
    """
    if elsewhere.own_note(channel, _marked(inbound), inbound.message_key):
        return OURS
    wait_for_own(inbound, channel)
    match = matching.named(inbound, channel)
    if match.thread is None:
        return _keep(inbound, channel, delivery)
    ticket = tickets.lock(match.thread.ticket_id)
    sender = people.resolve(channel.kind, channel.realm, inbound.author)
    ours = speaks_for_us(sender, inbound, channel)
    message = tickets.add_message(
        ticket,
        match.thread,
        direction=Direction.OUT if ours or inbound.author.is_bot else Direction.IN,
        visibility=Visibility.INTERNAL,
        role=_role(inbound, ours=ours),
        external_id=inbound.message_key,
        sender_key=inbound.sender_key,
        sent_at=inbound.sent_at,
        quiet=True,
        author=sender,
        author_user=sender.user if ours else None,
        author_label=sender.label[:250],
        subject=inbound.subject[:250],
        body_text=inbound.text,
        new_text=inbound.new_text or inbound.text,
        body_html=inbound.html,
        message_class=inbound.message_class,
        matched_by=match.matched_by,
        notes=list(inbound.notes),
        version=inbound.version,
        edited_at=inbound.edited_at,
        delivery=delivery,
        files=files,
    )
    aftermath.settle(message, channel)
    return ""


def speaks_for_us(sender: Identity, inbound: InboundMessage, channel: Channel) -> bool:
    """Whether one of the team wrote: who is a full member of another desk is, too."""
    colleague = channel.type.one_to_one and inbound.author.member_kind == people.FULL
    return people.is_team(sender) or inbound.is_own or colleague


def wait_for_own(inbound: InboundMessage, channel: Channel) -> None:
    """What may be ours is filed once we know what the vendor calls ours. Raises `DeliveryError`."""
    mine = inbound.is_own and channel.type.one_to_one
    if mine and elsewhere.is_on_its_way(channel, inbound.thread_key[:250]):
        raise DeliveryError("something of ours in this conversation is not confirmed yet")


def _marked(inbound: InboundMessage) -> list[str]:
    return [inbound.text, inbound.html, *(ref.external_id for ref in inbound.refs)]


def _role(inbound: InboundMessage, *, ours: bool) -> str:
    if inbound.author.is_bot:
        return AuthorRole.BOT
    return AuthorRole.TEAM if ours else AuthorRole.COMMUNITY


# ------------------------------------------------------------------ notes that come first


def _keep(inbound: InboundMessage, channel: Channel, delivery: Delivery) -> str:
    if inbound.joins_only:
        return "belongs to a conversation that is no ticket"
    LateNote.objects.bulk_create(
        [LateNote(delivery=delivery, realm=channel.realm, thread_key=inbound.thread_key[:250])],
        ignore_conflicts=True,
    )
    return LATE


def late_note_ids(now: datetime) -> list[int]:
    """Notes whose conversation is a ticket by now, and those that have waited long enough."""
    there = Thread.objects.filter(realm=OuterRef("realm"), thread_key=OuterRef("thread_key"))
    old = Q(delivery__received_at__lt=now - KEPT_FOR)
    return list(LateNote.objects.filter(Exists(there) | old).values_list("pk", flat=True)[:500])


def file_late(pk: int, now: datetime) -> bool:
    """Read the note's delivery once more; what else was in it is here and changes nothing."""
    row = LateNote.objects.filter(pk=pk).first()
    if row is None:
        return False
    fresh = Delivery.objects.filter(pk=row.delivery_id, received_at__gte=now - KEPT_FOR)
    over = [DeliveryState.DONE, DeliveryState.IGNORED]
    changed = (
        fresh.filter(state__in=over)
        .exclude(body=b"")
        .update(state=DeliveryState.PENDING, not_before=now)
    )
    if changed:
        enqueue(Job.PROCESS_DELIVERY, row.delivery_id)
    row.delete()
    return True
