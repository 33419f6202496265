"""What a person decides about rows that failed or wait for somebody."""

from typing import Any

from inbox.common import work
from inbox.common.queue import Job, enqueue
from inbox.outbox import drafts
from inbox.outbox.models import HeldReason, Outgoing, OutgoingState
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed
from inbox.tickets.using import need_use

REPLY = "reply"


def retry(row: Outgoing) -> None:
    """Try a failed row again, at once (L24); a draft that was discarded waits for a yes again."""
    if drafts.is_unsaid(row):
        again = {"state": OutgoingState.HELD, "held_reason": HeldReason.APPROVAL, "error": ""}
        _move(row, {OutgoingState.FAILED}, **again)
        return
    if row.message is not None and row.message.deleted_at is not None:
        raise NotAllowed("What it says was deleted.")
    _release(row, {OutgoingState.FAILED})


def approve(row: Outgoing, *, delay_seconds: int = 0) -> None:
    """Let a draft that waited for a person go; an unsaid one can be taken back for a while."""
    _need(row, HeldReason.APPROVAL)
    if drafts.is_unsaid(row):
        _move(row, {OutgoingState.HELD}, held_reason="", state=OutgoingState.QUEUED)
        drafts.say(row, delay_seconds=delay_seconds)
        return
    _release(row, {OutgoingState.HELD})


def send_again(row: Outgoing) -> None:
    """It may have been sent; send it again under the same id, because a person says so."""
    _need(row, HeldReason.UNCERTAIN)
    _release(row, {OutgoingState.HELD})


def mark_sent(row: Outgoing) -> None:
    """It may have been sent; a person says that it was."""
    _need(row, HeldReason.UNCERTAIN)
    now = work.current().now
    _move(
        row, {OutgoingState.HELD}, state=OutgoingState.SENT, held_reason="", sent_at=now, error=""
    )
    if row.ticket_id is not None:
        tickets.record(tickets.lock(row.ticket_id), kinds.SENT, outgoing=row.pk, by_hand=True)


def undo(row: Outgoing) -> None:
    """Take back what has not left: an answer's words are a draft of who takes it back.

    What the send did to the ticket is undone too: it is ours to answer again.
    """
    if row.message is None or row.kind != REPLY:  # a forward names somebody else's message
        discard(row)
        return
    label = work.current().actor.label
    ended = {"state": OutgoingState.FAILED, "error": f"taken back by {label}"[:500]}
    if not Outgoing.objects.filter(pk=row.pk, state=OutgoingState.QUEUED).update(**ended):
        raise NotAllowed("It has left already.")
    tickets.take_back(row.message)


def discard(row: Outgoing) -> None:
    """Never send it."""
    waiting: set[str] = {OutgoingState.HELD, OutgoingState.FAILED, OutgoingState.QUEUED}
    label = work.current().actor.label
    _move(row, waiting, state=OutgoingState.FAILED, held_reason="", error=f"discarded by {label}")
    if row.ticket_id is not None and not drafts.is_unsaid(row):
        ticket = tickets.lock(row.ticket_id)
        data = {"outgoing": row.pk, "message": row.message_id, "why": "discarded"}
        tickets.record(ticket, kinds.SEND_FAILED, **data)


def _need(row: Outgoing, reason: str) -> None:
    if row.held_reason != reason:
        raise NotAllowed("This row does not wait for that.")


def _release(row: Outgoing, states: set[str]) -> None:
    need_use(row.channel)
    now = work.current().now
    _move(
        row,
        states,
        state=OutgoingState.QUEUED,
        held_reason="",
        not_before=now,
        attempts=0,
        error="",
    )
    enqueue(Job.DELIVER, row.pk)


def _move(row: Outgoing, states: set[str], **values: Any) -> None:
    """Compare-and-set: two people who decide at once do not both win."""
    if not Outgoing.objects.filter(pk=row.pk, state__in=states).update(**values):
        raise NotAllowed("Somebody else decided this a moment ago.")
    for name, value in values.items():
        setattr(row, name, value)
