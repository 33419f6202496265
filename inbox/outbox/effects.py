"""What leaves and is no message: ticks on threads, edits, cards. Most may be repeated."""

import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from inbox.channels.contract import Capability, Card
from inbox.channels.models import Channel
from inbox.common import work
from inbox.common.config import setting
from inbox.common.queue import Job, enqueue
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Thread, ThreadRole, Ticket, TicketEvent
from inbox.tickets.using import need_use

EFFECT = "effect"
# Ends of tickets that nobody in the thread should see as an answer.
UNTICKED = {"spam", "transactional", "duplicate"}
OPPOSITE = {"react": "unreact", "unreact": "react", "close": "reopen", "reopen": "close"}


def queue_effect(
    channel: Channel,
    kind: str,
    *,
    data: dict[str, Any],
    ticket: Ticket | None = None,
    repeatable: bool = True,
    lane: str = "",
    delay: timedelta = timedelta(),
) -> Outgoing:
    """A row that does something at the vendor, in the lane of its conversation's messages."""
    now = work.current().now
    row = Outgoing(
        ticket=ticket,
        channel=channel,
        kind=EFFECT,
        automatic=True,
        lane=lane or lane_of(channel, data.get("thread_key", "")),
        payload={"effect": kind, "repeatable": repeatable, "text": "", **data},
        idempotency_key=f"{kind}:{uuid.uuid4().hex}"[:80],
        created_at=now,
        not_before=now + delay,
        rule_key=work.current().actor.rule_key,
    )
    row.save(force_insert=True)
    if not delay:
        enqueue(Job.DELIVER, row.pk)
    return row


def lane_of(channel: Channel, thread_key: str) -> str:
    """Rows of one lane leave in their order; most kinds have none."""
    lane = channel.type.lane(thread_key)
    if not lane and channel.type.one_to_one:
        lane = thread_key  # an answer and the closing after it arrive in this order
    return f"{channel.pk}:{lane}"[:120] if lane else ""


def place_of(thread: Thread) -> str:
    """The source inside the connection where a conversation stands, or ""."""
    return thread.source.external_key if thread.source else ""


def author_key(user_id: int | None, channel: Channel) -> str:
    """The writer's own identity at the vendor, so that they speak with their own face (S68)."""
    if user_id is None:
        return ""
    mine = Identity.objects.filter(user=user_id, kind=channel.kind, realm=channel.realm)
    return mine.values_list("external_id", flat=True).first() or ""


def card_data(card: Card) -> dict[str, Any]:
    """A card as JSON, the way an outgoing row keeps it."""
    return asdict(card)


def tick(event: TicketEvent) -> None:
    """Closing puts the tick on the thread, opening again takes it off (S8)."""
    ticket = event.ticket
    closed = event.kind == kinds.CLOSED
    if closed and (ticket.resolution in UNTICKED or ticket.restricted_team_id):
        return
    for thread in ticket.threads.filter(role=ThreadRole.CUSTOMER).select_related("channel"):
        if Capability.REACT not in thread.channel.type.capabilities:
            continue
        target = _root_of(thread.pk)
        if target is None:
            continue
        if not closed and not _ticked(ticket, target):
            continue
        emoji = setting("emoji_done")[0]
        data = {"target": target, "emoji": emoji}
        _mark(thread.channel, "react" if closed else "unreact", data=data, ticket=ticket)
    if not closed and _last_said_there(ticket) == "close":
        stand_there(ticket, closed=False)


def stand_there(ticket: Ticket, *, closed: bool) -> None:
    """Close or open a public conversation at its vendor as well; what we closed opens with us.

    A one-to-one conversation needs no asking: it stands there as it stands here (`elsewhere`).
    """
    threads = ticket.threads.filter(role=ThreadRole.CUSTOMER).select_related("channel", "source")
    for thread in threads:
        # a part that was split off does not end the whole conversation
        is_part = thread.outer_key != thread.thread_key
        kind = thread.channel.type
        if is_part or kind.one_to_one or Capability.CLOSE not in kind.capabilities:
            continue
        if closed:
            need_use(thread.channel)
        data = {"thread_key": thread.thread_key, "place": place_of(thread)}
        data["reason"] = ticket.resolution
        _mark(thread.channel, "close" if closed else "reopen", data=data, ticket=ticket)


def _mark(channel: Channel, kind: str, *, data: dict[str, Any], ticket: Ticket) -> None:
    """Show at the source how the ticket stands, once that can no longer be taken back.

    What still waits is withdrawn by its opposite: nobody there sees either.
    """
    where = {f"payload__{name}": data[name] for name in ("target", "thread_key") if name in data}
    waiting = Outgoing.objects.filter(
        ticket=ticket, channel=channel, kind=EFFECT, state=OutgoingState.QUEUED, **where
    )
    if waiting.filter(payload__effect=OPPOSITE[kind]).delete()[0]:
        return
    by_hand = work.current().actor.kind == "user"
    delay = timedelta(seconds=int(setting("undo_seconds")) if by_hand else 0)
    queue_effect(channel, kind, data=data, ticket=ticket, delay=delay)


def _last_said_there(ticket: Ticket) -> str:
    if Capability.CLOSE not in ticket.channel.type.capabilities:
        return ""
    mine = Outgoing.objects.filter(ticket=ticket, kind=EFFECT)
    last = mine.filter(payload__effect__in=["close", "reopen"]).order_by("-pk").first()
    return str(last.payload["effect"]) if last else ""


def _root_of(thread_id: int) -> str | None:
    """The key of the thread's first message that is still there."""
    rows = Message.objects.filter(thread=thread_id, deleted_at__isnull=True)
    return rows.order_by("sent_at", "pk").values_list("external_id", flat=True).first()


def _ticked(ticket: Ticket, target: str) -> bool:
    mine = Outgoing.objects.filter(ticket=ticket, kind=EFFECT, payload__target=target)
    last = mine.filter(payload__effect__in=["react", "unreact"]).order_by("-pk").first()
    return last is not None and last.payload["effect"] == "react"


# ------------------------------------------------------------------ what was said already


def amend(message: Message, *, text: str) -> None:
    """Change an answer where it stands. Raises `VerbError` where that cannot be done."""
    need_use(message.thread.channel)
    _need_sent(message)
    if not text.strip():
        raise VerbError("Write something first.", field="body")
    now = work.current().now
    tickets.edit_message(
        message, text=text, new_text=text, html="", version=f"{now.timestamp():020.6f}", at=now
    )
    data = {**where(message), "text": text}
    queue_effect(message.thread.channel, "edit", data=data, ticket=message.ticket)


def withdraw(message: Message) -> None:
    """Delete an answer where it stands; a tombstone stays on the ticket."""
    need_use(message.thread.channel)
    _need_sent(message)
    tickets.delete_message(message, at=work.current().now)
    data = where(message)
    queue_effect(message.thread.channel, "delete", data=data, ticket=message.ticket)


def where(message: Message) -> dict[str, str]:
    """Where a message stands at its vendor."""
    thread = message.thread
    where = {"thread_key": thread.outer_key, "place": place_of(thread)}
    return {"target": message.external_id, **where}


def _need_sent(message: Message) -> None:
    sent = Outgoing.objects.filter(message=message, state="sent").exists()
    if not sent or Capability.EDIT not in message.thread.channel.type.capabilities:
        raise VerbError("This cannot be changed where it went.", field="message")
    if message.deleted_at is not None:
        raise VerbError("It is deleted already.", field="message")
