"""Answers that wait for a person's yes: a held row has their words, and no message says them yet.

Approval makes the message, which then leaves by the very row that held the draft.
"""

from inbox.accounts.models import User
from inbox.common import work
from inbox.outbox.models import HeldReason, Outgoing, OutgoingState
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Message, Status, Thread, Ticket

LONGEST = 20_000


def write(ticket: Ticket, thread: Thread, *, text: str, key: str) -> Outgoing:
    """An answer for a thread, held until somebody approves it; `key` is unique for its cause."""
    now = work.current().now
    return Outgoing.objects.create(
        ticket=ticket,
        thread=thread,
        channel=thread.channel,
        kind="reply",
        payload={"text": text},
        idempotency_key=key[:80],
        state=OutgoingState.HELD,
        held_reason=HeldReason.APPROVAL,
        created_at=now,
        not_before=now,
        rule_key=work.current().actor.rule_key,
    )


def is_unsaid(row: Outgoing) -> bool:
    """Whether it is a draft that no message says yet."""
    return row.message_id is None and row.thread_id is not None


def reword(row: Outgoing, text: str) -> None:
    """Change a draft's words. Raises `NotAllowed` when it has left or was discarded."""
    text = text.replace("\r\n", "\n")
    if not text.strip():
        raise VerbError("Write something first.", field="text")
    if len(text) > LONGEST:
        raise VerbError(f"That is longer than {LONGEST} characters.", field="text")
    waiting = Outgoing.objects.filter(
        pk=row.pk, state=OutgoingState.HELD, held_reason=HeldReason.APPROVAL, message=None
    )
    if not waiting.update(payload={**row.payload, "text": text}):
        raise NotAllowed("Somebody else decided this a moment ago.")
    row.payload = {**row.payload, "text": text}


def say(row: Outgoing, *, delay_seconds: int = 0) -> None:
    """Make the draft an answer on its ticket, wherever a merge has brought its thread."""
    user = User.objects.filter(pk=work.current().actor.user_id or 0).first()
    if user is None:
        raise NotAllowed("Only a person can approve an answer.")
    thread = Thread.objects.select_related("channel", "source").get(outgoing=row)
    ticket = tickets.lock(thread.ticket_id)
    if ticket.status in (Status.TRASHED, Status.SPAM):
        raise NotAllowed("The ticket was put away; restore it first.")
    text = row.payload["text"]
    message = tickets.reply(
        ticket, body=text, user=user, thread=thread, delay_seconds=delay_seconds
    )
    work.current().cache.setdefault("drafts", {})[message.pk] = row


def take_back(row: Outgoing) -> Outgoing:
    """Undo an approval while nothing has left: its message goes, a new draft has its words."""
    ended = {"state": OutgoingState.FAILED, "error": f"taken back by {work.current().actor.label}"}
    queued = Outgoing.objects.filter(pk=row.pk, state=OutgoingState.QUEUED, message__isnull=False)
    if not queued.update(**ended):
        raise NotAllowed("It has left already.")
    said = Message.objects.select_related("ticket", "thread__channel").get(outgoing=row)
    again = write(said.ticket, said.thread, text=said.body_text, key=f"again:{row.pk}")
    tickets.delete_message(said, at=work.current().now)
    return again
