"""Queueing what leaves: snapshots of messages, forwards and automatic answers, as rows."""

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.channels.contract import Capability
from inbox.channels.models import Channel
from inbox.common import work
from inbox.common.config import setting
from inbox.common.queue import Job, enqueue
from inbox.outbox import effects, elsewhere
from inbox.outbox.models import AutomaticMail, Outgoing
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import (
    AuthorRole,
    Direction,
    Message,
    Status,
    Ticket,
    TicketEvent,
    Visibility,
)
from inbox.tickets.tokens import token_for
from inbox.tickets.using import need_use

lane_of, author_key, place_of = effects.lane_of, effects.author_key, effects.place_of

TICKS = {kinds.CLOSED, kinds.REOPENED}
ROBOTS = (
    "noreply",
    "no-reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "mailer-daemon",
    "postmaster",
)


def on_event(event: TicketEvent) -> None:
    """The pipeline's last step: public messages of ours become rows that leave."""
    if event.echo or work.current().historic:
        return
    if event.kind in TICKS:
        effects.tick(event)
    elsewhere.on_event(event)
    if event.kind != kinds.MESSAGE_OUT:
        return
    message = work.current().objects["message", event.data["message"]]
    # What staff wrote in their own mail client came in by a delivery: it is out already.
    if message.delivery_id is None and message.visibility == Visibility.PUBLIC:
        queue_message(message)


def queue_message(message: Message) -> Outgoing | None:
    """The row that sends a message of ours by the channel of its thread."""
    ticket, channel = message.ticket, message.thread.channel
    if Capability.REPLY not in channel.type.capabilities or ticket.status == Status.SPAM:
        return None
    delays: dict[int, timedelta] = work.current().cache.get("delays", {})
    automatic = message.role == AuthorRole.BOT
    row = {
        "ticket": ticket,
        "channel": channel,
        "thread": message.thread,
        "message": message,
        "kind": "auto_reply" if automatic else "reply",
        "automatic": automatic,
        "visibility": message.visibility,
        "lane": lane_of(channel, message.thread.outer_key),
        "payload": _payload(message, automatic=automatic),
    }
    drafts: dict[int, Outgoing] = work.current().cache.get("drafts", {})
    delay = delays.get(message.pk, timedelta())
    if message.pk in drafts:
        return _leave_by(drafts[message.pk], row, delay)
    return insert(delay=delay, key=f"message:{message.pk}", **row)


def _leave_by(draft: Outgoing, fields: dict[str, Any], delay: timedelta) -> Outgoing:
    """An approved draft's own row takes the message, and leaves after the delay."""
    for name, value in {**fields, "not_before": work.current().now + delay}.items():
        setattr(draft, name, value)
    draft.save(update_fields=[*fields, "not_before"])
    if not delay:
        enqueue(Job.DELIVER, draft.pk)
    return draft


def _payload(message: Message, *, automatic: bool) -> dict[str, Any]:
    answered = _answered(message)
    people = [*message.to, *message.cc]
    return {
        "external_id": message.external_id,
        "thread_key": message.thread.outer_key,
        "place": place_of(message.thread),
        "text": message.body_text,
        "subject": _reply_subject(message, answered),
        "to": message.to,
        "cc": message.cc,
        "reply_token": token_for(message.ticket_id, people[0]) if people else "",
        "in_reply_to": answered.external_id if answered else "",
        "references": message.references,
        "author_name": "" if automatic else message.author_label,
        "author_key": author_key(message.author_user_id, message.thread.channel),
        "automatic": "auto-replied" if automatic else "",
        "quote_from": answered.author_label if answered else "",
        "quote_text": (answered.new_text or answered.body_text)[:20_000] if answered else "",
        "quote_at": answered.sent_at.isoformat() if answered else None,
        "files": [
            [file.filename, file.content_type, file.sha256] for file in message.attachments.all()
        ],
    }


def _answered(message: Message) -> Message | None:
    """The public message that is answered: only that one is ever quoted (trust.md 15)."""
    if not message.references:
        return None
    return Message.objects.filter(
        ticket=message.ticket_id,
        realm=message.realm,
        external_id=message.references[-1],
        visibility=Visibility.PUBLIC,
    ).first()


def _reply_subject(message: Message, answered: Message | None) -> str:
    return (answered.subject if answered and answered.subject else message.ticket.subject) or ""


def insert(*, delay: timedelta, key: str, **fields: Any) -> Outgoing:
    """One row that leaves after a delay; its job is rung for."""
    now = work.current().now
    row = Outgoing(
        idempotency_key=key,
        created_at=now,
        not_before=now + delay,
        rule_key=work.current().actor.rule_key,
        **fields,
    )
    row.save(force_insert=True)
    if not delay:
        enqueue(Job.DELIVER, row.pk)
    return row


def open_conversation(
    channel: Channel,
    *,
    kind: str,
    key: str,
    user: User,
    delay: timedelta,
    payload: dict[str, Any],
    ticket: Ticket | None = None,
) -> Outgoing:
    """The row that opens a conversation in `payload["place"]`; the same key again is the same row.

    `payload`: place, subject, text, and what the caller wants to find again when it is out.
    """
    known = Outgoing.objects.filter(idempotency_key=key).first()
    if known is not None:
        return known
    need_use(channel)
    return insert(
        ticket=ticket,
        channel=channel,
        kind=kind,
        lane=lane_of(channel, ""),
        delay=delay,
        key=key,
        payload={
            "thread_key": "",
            "author_name": user.display_name,
            "author_key": author_key(user.pk, channel),
            **payload,
        },
    )


# ------------------------------------------------------------------ automatic answers


def send_automatic(ticket: Ticket, *, text: str) -> Message | None:
    """An automatic answer to the asker, within the caps of L8; None says nothing was sent.

    Never to robots, lists, spam or our own addresses, and never twice in a row.
    """
    reason = _why_not_automatic(ticket)
    if reason:
        tickets.record(ticket, kinds.FLAGGED, flag="not_answered_automatically", why=reason)
        return None
    message = tickets.reply(ticket, body=text, user=None)
    AutomaticMail.objects.bulk_create(
        AutomaticMail(address=address.lower(), ticket=ticket, at=work.current().now)
        for address in [*message.to, *message.cc] or [f"thread:{message.thread_id}"]
    )
    return message


def _why_not_automatic(ticket: Ticket) -> str:
    last = ticket.messages.filter(direction=Direction.IN).order_by("-id").first()
    if ticket.status in (Status.SPAM, Status.TRASHED):
        return "spam and trash are never answered"
    if last is None or last.message_class != "normal" or ticket.opener_class != "normal":
        return "robots and lists are never answered"
    if set(last.flags) & {"unverified_participant", "sender_forged"}:
        return "the sender is not known to be who they say"
    route = tickets.reply_route(ticket)
    if route.nobody:
        return "they left no address"
    to = route.to
    if any(address.split("@")[0] in ROBOTS for address in to):
        return "a no-reply address is never answered"
    if any(directory.is_own(address, directory.own_addresses()) for address in to):
        return "our own address is never answered"
    return _over_cap(ticket, to)


def _over_cap(ticket: Ticket, to: tuple[str, ...]) -> str:
    now = work.current().now
    hour, day = now - timedelta(hours=1), now - timedelta(days=1)
    sent = AutomaticMail.objects
    caps = (
        (sent.filter(address__in=to, at__gt=hour), "automatic_per_address_hour"),
        (sent.filter(address__in=to, at__gt=day), "automatic_per_address_day"),
        (sent.filter(ticket=ticket, at__gt=hour), "automatic_per_ticket_hour"),
        (sent.filter(ticket=ticket), "automatic_per_ticket"),
    )
    full = next((name for rows, name in caps if rows.count() >= setting(name)), "")
    return f"the limit {full} is reached" if full else ""


def addressed(ticket: Ticket, text: str) -> str:
    """A template's words for this ticket: `{name}` is how its channel calls the asker."""
    asker = ticket.asker
    name = ticket.channel.type.mention(asker.external_id, asker.name, asker.handle) if asker else ""
    return text.replace("{name}", name or "there").replace("{subject}", ticket.subject)


def queue_system_mail(*, to: str, subject: str, text: str, key: str) -> Outgoing | None:
    """A mail to staff through the system channel; None while none is set."""
    kind, _, name = str(settings.SYSTEM_CHANNEL).partition("/")
    if not name or Outgoing.objects.filter(idempotency_key=key).exists():
        return None
    try:
        channel = directory.by_key(kind, name)
    except Channel.DoesNotExist:
        return None
    marker = uuid.uuid4().hex
    return insert(
        ticket=None,
        channel=channel,
        kind="notice",
        automatic=True,
        delay=timedelta(),
        key=key,
        payload={
            "external_id": channel.type.new_external_id(channel.config, marker),
            "text": text,
            "subject": subject,
            "to": [to],
            "automatic": "auto-generated",
        },
    )


# ------------------------------------------------------------------ forwarding


def forward_unless_copied(ticket: Ticket, message: Message, *, address: str) -> Outgoing | None:
    """Pass a message on unless the address already got it (S29)."""
    got = {known.lower() for known in (*message.to, *message.cc)}
    return None if address.lower() in got else forward(ticket, message, address=address)


def forward(ticket: Ticket, message: Message, *, address: str) -> Outgoing | None:
    """Pass a customer's message on to an address, once."""
    channel: Channel = message.thread.channel
    if Capability.FORWARD not in channel.type.capabilities:
        raise VerbError(f"{channel.type.label} cannot forward to an address.", field="address")
    need_use(channel)
    if message.visibility != Visibility.PUBLIC:
        raise NotAllowed("Internal notes are never forwarded.")
    key = f"forward:{message.pk}:{address.lower()}"
    if Outgoing.objects.filter(idempotency_key=key[:80]).exists():
        return None
    row = insert(
        ticket=ticket,
        channel=channel,
        message=message,
        kind="forward",
        automatic=True,
        visibility=message.visibility,
        delay=timedelta(),
        key=key[:80],
        payload=_forward_payload(channel, message, address),
    )
    tickets.record(ticket, kinds.FORWARDED, address=address, message=message.pk)
    return row


def _forward_payload(channel: Channel, message: Message, address: str) -> dict[str, Any]:
    marker = uuid.uuid4().hex
    return {
        "external_id": channel.type.new_external_id(channel.config, marker),
        "thread_key": "",
        "text": f"{message.author_label} <{message.sender_key}> wrote to {channel.address}:",
        "subject": f"Fwd: {message.subject}",
        "to": [address],
        "cc": [],
        "automatic": "auto-generated",
        "quote_from": message.author_label,
        "quote_text": message.body_text[:100_000],
        "quote_at": message.sent_at.isoformat(),
        "files": [[f.filename, f.content_type, f.sha256] for f in message.attachments.all()],
    }
