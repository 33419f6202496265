"""Sending a row in three steps: claim, commit · network · a change that records the result.

    queued → sending → sent | failed | queued again (surely not sent) | uncertain
    uncertain → sent | queued (surely not there) | held (nobody can tell; a person decides)

A worker that dies leaves `sending` with a lease that ends; whoever finds it treats the outcome as
unknown. Nothing is ever sent a second time before the vendor was asked by our marker.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.db import connection
from django.utils.dateparse import parse_datetime

from inbox.channels import directory
from inbox.channels.contract import (
    DeliveryError,
    OutboundEffect,
    OutboundFile,
    OutboundMessage,
    SendReceipt,
)
from inbox.channels.health import WELL, ill
from inbox.channels.models import Channel
from inbox.common.crash import point
from inbox.common.queue import Job, enqueue
from inbox.outbox import elsewhere
from inbox.outbox.effects import EFFECT
from inbox.outbox.models import HeldReason, Outgoing, OutgoingState
from inbox.outbox.rendering import to_html
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.files import path_of
from inbox.tickets.models import Message, Thread

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=90)
GIVE_UP = timedelta(days=2)
BRIDGED = "bridge"  # a line of a chat, shown again where the team talks
FIRST_WAIT, LONGEST_WAIT = 15.0, 900.0
BLOCKED_WAIT = timedelta(minutes=5)
PROBE_WAIT = timedelta(seconds=15)
PROBES = 2
BLOCKED = "blocked"  # the health of a channel whose rows wait for a repair
CLAIM = """
UPDATE inbox_outgoing
SET state = %s, fence = fence + 1, lease_until = %s, attempts = attempts + %s, probes = probes + %s
WHERE id = %s AND not_before <= %s AND (
    state = %s OR (state = %s AND (lease_until IS NULL OR lease_until < %s)))
AND (lane = '' OR NOT EXISTS (
    SELECT 1 FROM inbox_outgoing before WHERE before.lane = inbox_outgoing.lane
    AND before.id < inbox_outgoing.id AND before.state IN ('queued', 'sending', 'uncertain')))
AND NOT EXISTS (SELECT 1 FROM inbox_channel
    WHERE inbox_channel.id = channel_id AND disconnected_at IS NOT NULL)
RETURNING *
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an attempt; `apply` writes it inside a change."""

    row: Outgoing
    values: dict[str, Any]
    event: str = ""
    receipt: SendReceipt | None = None
    blocked: str = ""  # what somebody has to repair at the vendor before anything leaves


Step = Callable[[], Outcome]


def claim(pk: int, *, now: datetime) -> Step | None:
    """Take a row and say what to do with it outside the transaction; None when nothing is due.

    A queued row is sent. A row in `sending` whose lease ended, or an uncertain one, is looked up.
    """
    row = _take(pk, now, state="sending", was=("queued", "queued"), attempt=1)
    if row is not None:
        point("out_after_sending_commit")
        return partial(_send, row, now)
    row = _take(pk, now, state="uncertain", was=("uncertain", "sending"), attempt=0)
    return partial(_probe, row, now) if row is not None else None


def _take(
    pk: int, now: datetime, *, state: str, was: tuple[str, str], attempt: int
) -> Outgoing | None:
    lease, due = (connection.ops.adapt_datetimefield_value(at) for at in (now + LEASE, now))
    first, second = was
    probe = 1 - attempt
    values = [state, lease, attempt, probe, pk, due, first, second, due]
    if first == "uncertain":
        # an uncertain row that somebody is looking up right now is not taken twice
        sql = CLAIM.replace(
            "state = %s OR", "(state = %s AND (lease_until IS NULL OR lease_until < %s)) OR"
        )
        values.insert(7, due)
    else:
        sql = CLAIM
    rows = list(Outgoing.objects.raw(sql, values))
    return rows[0] if rows else None


# ------------------------------------------------------------------ network


def _send(row: Outgoing, now: datetime) -> Outcome:
    channel = directory.by_id(row.channel_id)
    point("out_before_send")
    try:
        receipt = _leave(row, channel)
    except DeliveryError as error:
        return _after_error(row, error, now)
    except FileNotFoundError:
        return _failed(row, "an attached file is gone")
    point("out_after_send")
    return _sent(row, receipt, now)


def _leave(row: Outgoing, channel: Channel) -> SendReceipt:
    if row.kind != EFFECT:
        return channel.type.send(outbound(row), channel.config)
    if channel.type.effect is None:
        raise DeliveryError("this kind cannot do that", permanent=True)
    return channel.type.effect(_effect(row), channel.config)


def _effect(row: Outgoing) -> OutboundEffect:
    data = dict(row.payload)
    repeatable = bool(data.pop("repeatable", True))
    if data.get("target_of"):
        made = _made_by(data["target_of"])
        data |= {name: made[name] for name in ("target", "more", "files") if name in made}
    return OutboundEffect(
        kind=str(data.pop("effect")),
        idempotency_key=row.idempotency_key,
        data=data,
        repeatable=repeatable,
        again=row.attempts > 1 or row.probes > 0,
    )


def _made_by(pk: int) -> dict[str, Any]:
    """What an earlier row posted; it may still be on its way. Raises `DeliveryError`."""
    row = Outgoing.objects.filter(pk=pk).first()
    if row is None or not row.receipt.get("target"):
        gone = row is None or row.state in (OutgoingState.FAILED, OutgoingState.HELD)
        raise DeliveryError("what should be changed was not posted", permanent=gone)
    made: dict[str, Any] = row.receipt
    return made


def _probe(row: Outgoing, now: datetime) -> Outcome:
    """Ask the vendor whether our marker is there; without an answer a person decides."""
    channel = directory.by_id(row.channel_id)
    if row.kind == EFFECT:
        # repeating it is harmless; a card that may be there twice is better than none
        return _later(row, OutgoingState.QUEUED, now, "done again, because nobody knows")
    find = channel.type.find_sent
    if find is None:
        return _held(row)
    try:
        receipt = find(outbound(row), channel.config)
    except DeliveryError as error:
        if error.uncertain or (error.permanent and not (error.blocked and _waits(row))):
            return _held(row)
        return _later(row, OutgoingState.UNCERTAIN, now + PROBE_WAIT, error.text)
    if receipt is not None:
        return _sent(row, receipt, now)
    if row.probes < PROBES:
        return _later(row, OutgoingState.UNCERTAIN, now + PROBE_WAIT, row.error)
    return _later(row, OutgoingState.QUEUED, now, "was not there; sent again")


def _after_error(row: Outgoing, error: DeliveryError, now: datetime) -> Outcome:
    if error.uncertain:
        values = {"state": OutgoingState.UNCERTAIN, "error": error.text, "probes": 0}
        return Outcome(row=row, values={**values, "not_before": now}, event=kinds.SEND_UNCERTAIN)
    if error.blocked and _waits(row) and now - row.created_at <= GIVE_UP:
        # nobody looks after these rows: they leave by themselves once it is repaired
        later = _later(row, OutgoingState.QUEUED, now + BLOCKED_WAIT, error.text)
        return replace(later, blocked=error.text)
    if error.permanent or now - row.created_at > GIVE_UP:
        return _failed(row, error.text)
    wait = error.retry_after_seconds or min(FIRST_WAIT * 2 ** (row.attempts - 1), LONGEST_WAIT)
    jitter = 1 + 0.2 * random.random()  # noqa: S311 - spreads retries, protects nothing
    again = now + timedelta(seconds=min(max(wait, 1), 3600) * jitter)
    return _later(row, OutgoingState.QUEUED, again, error.text)


def _waits(row: Outgoing) -> bool:
    return row.kind == BRIDGED or row.payload.get("effect") in ("card", "edit", "delete")


def _sent(row: Outgoing, receipt: SendReceipt, now: datetime) -> Outcome:
    values = {
        "state": OutgoingState.SENT,
        "sent_at": now,
        "error": "",
        "receipt": {**receipt.data, "target": receipt.external_id},
    }
    return Outcome(row=row, values=values, event=kinds.SENT, receipt=receipt)


def _failed(row: Outgoing, text: str) -> Outcome:
    values = {"state": OutgoingState.FAILED, "error": text[:500]}
    return Outcome(row=row, values=values, event=kinds.SEND_FAILED)


def _held(row: Outgoing) -> Outcome:
    values = {"state": OutgoingState.HELD, "held_reason": HeldReason.UNCERTAIN}
    text = row.error or "the sending was interrupted; it may have been sent"
    return Outcome(row=row, values={**values, "error": text}, event=kinds.SEND_UNCERTAIN)


def _later(row: Outgoing, state: str, at: datetime, text: str) -> Outcome:
    return Outcome(row=row, values={"state": state, "not_before": at, "error": text[:500]})


# ------------------------------------------------------------------ the record


def apply(outcome: Outcome) -> bool:
    """Write the outcome, unless the row was taken over meanwhile (the fence)."""
    row = outcome.row
    values = {"lease_until": None, **outcome.values}
    mine = Outgoing.objects.filter(pk=row.pk, fence=row.fence)
    point("out_before_record")
    if not mine.update(**values):
        log.warning("outgoing_taken_over", outgoing=row.pk)
        return False
    # a forward carries a customer's message, which keeps its own id
    if outcome.receipt and outcome.receipt.external_id and row.kind in ("reply", "auto_reply"):
        _name_message(row, outcome.receipt)
    if row.lane:
        _ring_lane(row, outcome)
    _tell_health(row, outcome)
    if row.kind in (EFFECT, BRIDGED):
        _open_thread(row, outcome)
        if outcome.receipt is not None:
            elsewhere.done(row, outcome.receipt, values["sent_at"])
        return True  # a tick on a thread is nothing to report on the ticket
    if outcome.event and row.ticket_id is not None:
        ticket = tickets.lock(row.ticket_id)
        why = values.get("error", "")
        tickets.record(ticket, outcome.event, outgoing=row.pk, message=row.message_id, why=why)
    return True


def _open_thread(row: Outgoing, outcome: Outcome) -> None:
    """A card's discussion belongs to its ticket: what is said under it is a note."""
    role = row.payload.get("thread_role")
    if not role or outcome.receipt is None or row.ticket_id is None:
        return
    channel = directory.by_id(row.channel_id)
    key = outcome.receipt.external_id.partition("/")[2]
    ticket, moved = tickets.lock(row.ticket_id), list(row.payload.get("moved_from", ()))
    while ticket.merged_into_id is not None:  # merged while the card was on its way
        moved.append(ticket.pk)
        ticket = tickets.lock(ticket.merged_into_id)
    Thread.objects.get_or_create(
        realm=channel.realm,
        thread_key=key[:250],
        defaults={"ticket": ticket, "channel": channel, "role": role, "moved_from": moved},
    )


def _ring_lane(row: Outgoing, outcome: Outcome) -> None:
    """The next row of the lane may go, as far behind this one as the vendor wants."""
    if outcome.values.get("state") in (OutgoingState.QUEUED, OutgoingState.UNCERTAIN):
        return
    waiting = Outgoing.objects.filter(lane=row.lane, state=OutgoingState.QUEUED)
    following = waiting.order_by("pk").first()
    if following is None:
        return
    seconds = directory.by_id(row.channel_id).type.lane_seconds
    sent_at = outcome.values.get("sent_at")
    earliest = (sent_at or following.not_before) + timedelta(seconds=seconds)
    if following.not_before < earliest:
        Outgoing.objects.filter(pk=following.pk).update(not_before=earliest)
    enqueue(Job.DELIVER, following.pk, after_seconds=seconds)


def _name_message(row: Outgoing, receipt: SendReceipt) -> None:
    """The vendor's own id for our message, by which its echo is recognised."""
    Message.objects.filter(outgoing=row).exclude(external_id=receipt.external_id).update(
        external_id=receipt.external_id
    )


def _under(data: dict[str, Any]) -> str:
    """The thread of a card that an earlier row posts. Raises `DeliveryError` until it is there."""
    card = data.get("thread_of")
    return str(_made_by(card)["target"]).partition("/")[2] if card else ""


def outbound(row: Outgoing) -> OutboundMessage:
    """The snapshot as the integration gets it. Raises `FileNotFoundError`, `DeliveryError`."""
    data = row.payload
    quote_at = data.get("quote_at")
    return OutboundMessage(
        idempotency_key=row.idempotency_key,
        external_id=data.get("external_id", ""),
        thread_key=_under(data) or data.get("thread_key", ""),
        text=data["text"],
        place=data.get("place", ""),
        labels=tuple(data.get("labels", ())),
        html=to_html(data["text"]),
        subject=data.get("subject", ""),
        to=tuple(data.get("to", ())),
        cc=tuple(data.get("cc", ())),
        reply_token=data.get("reply_token", ""),
        in_reply_to=data.get("in_reply_to", ""),
        references=tuple(data.get("references", ())),
        author_name=data.get("author_name", ""),
        author_key=data.get("author_key", ""),
        foreign=data.get("foreign", False),
        automatic=data.get("automatic", ""),
        quote_from=data.get("quote_from", ""),
        quote_text=data.get("quote_text", ""),
        quote_at=parse_datetime(quote_at) if quote_at else None,
        created_at=row.created_at,
        files=tuple(
            OutboundFile(filename=name, content_type=kind, content=path_of(digest).read_bytes())
            for name, kind, digest in data.get("files", ())
        ),
    )


def _tell_health(row: Outgoing, outcome: Outcome) -> None:
    """Say on the channel's health page what has to be repaired, until nothing waits for it."""
    channel = directory.by_id(row.channel_id)
    if outcome.blocked:
        Channel.objects.filter(pk=channel.pk).update(**ill(outcome.blocked, state=BLOCKED))
        directory.forget()
    elif channel.health == BLOCKED and outcome.values.get("state") == OutgoingState.SENT:
        waiting = Outgoing.objects.filter(channel=channel, state=OutgoingState.QUEUED)
        if not waiting.filter(error=channel.health_text).exists():
            Channel.objects.filter(pk=channel.pk).update(**WELL)
            directory.forget()
