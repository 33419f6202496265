"""Putting things into tickets: a new ticket, a message, a note, a file."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inbox.accounts.models import User
from inbox.channels.models import Channel, Fetch, Source
from inbox.common import rows, work
from inbox.common.queue import Job, enqueue
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets.errors import NotAllowed
from inbox.tickets.models import (
    Attachment,
    AuthorRole,
    Direction,
    Message,
    Status,
    Thread,
    Ticket,
    Visibility,
    WaitingOn,
)
from inbox.tickets.recording import adopt, count, own, record, touch

NO_SUBJECT = "(no subject)"


def open_ticket(
    *,
    subject: str,
    channel: Channel,
    asker: Identity | None,
    thread_key: str,
    at: datetime,
    source: Source | None = None,
    **fields: Any,
) -> tuple[Ticket, Thread]:
    """A new ticket and its first thread.

    Raises `IntegrityError` when the thread exists already: somebody filed it a moment ago, and
    the change has to be tried again from the start.
    """
    ticket = Ticket(
        subject=subject.strip()[:250] or NO_SUBJECT,
        channel=channel,
        source=source,
        asker=asker,
        status=Status.OPEN,
        waiting_on=WaitingOn.US,
        created_at=at,
        waiting_since=at,
        **fields,
    )
    rows.insert([ticket])
    adopt(ticket)
    count(ticket)
    thread = Thread(
        realm=channel.realm,
        thread_key=thread_key[:250],
        ticket=ticket,
        channel=channel,
        source=source,
    )
    rows.insert([thread])
    record(ticket, kinds.OPENED, channel=str(channel))
    return ticket, thread


def add_message(  # noqa: PLR0913 - a message has that many facts, all by name
    ticket: Ticket,
    thread: Thread,
    *,
    direction: str,
    visibility: str,
    role: str,
    external_id: str,
    sent_at: datetime,
    files: Sequence[Attachment] = (),
    quiet: bool = False,
    **fields: Any,
) -> Message:
    """File a message. Raises `IntegrityError` when it is here already.

    `quiet`: a robot's or a pleasantry; it reopens nothing and starts no clock.
    """
    ticket = own(ticket)
    message = Message(
        ticket=ticket,
        thread=thread,
        direction=direction,
        visibility=visibility,
        role=role,
        realm=thread.realm,
        external_id=external_id[:500],
        sent_at=sent_at,
        filed_at=work.current().now,
        **fields,
    )
    rows.insert([message])
    work.current().objects["message", message.pk] = message
    work.current().objects["files", message.pk] = list(files)
    _keep_files(message, files)
    _count_in(ticket, message)
    _tell(ticket, message, quiet=quiet)
    return message


def add_note(
    ticket: Ticket, *, body: str, user: User | None = None, files: Sequence[Attachment] = ()
) -> Message:
    """An internal note; it never leaves the house."""
    ticket = own(ticket)
    actor = work.current().actor
    return add_message(
        ticket,
        home_thread(ticket),
        direction=Direction.OUT,
        visibility=Visibility.INTERNAL,
        role=AuthorRole.TEAM if user else AuthorRole.BOT,
        external_id=f"note:{uuid.uuid4().hex}",
        sent_at=work.current().now,
        author_user=user,
        author_label=user.display_name if user else actor.label,
        body_text=body,
        new_text=body,
        files=files,
    )


def home_thread(ticket: Ticket) -> Thread:
    """The ticket's first customer thread, where notes are kept.

    Raises `NotAllowed` for a merged ticket: its threads are with the one it went into.
    """
    if ticket.status == Status.MERGED:
        raise NotAllowed("This ticket was merged; write on the ticket it went into.")
    return ticket.threads.order_by("id").first() or ticket.threads.get()


def _keep_files(message: Message, files: Sequence[Attachment]) -> None:
    for file in files:
        file.message = message
    Attachment.objects.bulk_create([file for file in files if file.pk is None])
    _fetch_later(message, files)
    uploaded = [file.pk for file in files if file.pk is not None]
    if uploaded:
        Attachment.objects.filter(pk__in=uploaded).update(message=message, draft=None)


def _fetch_later(message: Message, files: Sequence[Attachment]) -> None:
    for file in files:
        url = getattr(file, "fetch_from", "")
        if url:
            channel, now = message.thread.channel, work.current().now
            row = Fetch.objects.create(
                channel=channel, attachment=file, url=url[:1000], not_before=now
            )
            enqueue(Job.FETCH, row.pk)


def _count_in(ticket: Ticket, message: Message) -> None:
    ticket.message_count += 1
    ticket.last_message_id = message.pk
    ticket.last_message_at = max(ticket.last_message_at or message.sent_at, message.sent_at)
    touch(ticket, "message_count", "last_message_at", "last_message_id")
    _note_who_spoke(ticket, message)


def _note_who_spoke(ticket: Ticket, message: Message) -> None:
    """An answer is a word of anyone but the asker and robots (S3); a note is none."""
    if message.visibility == Visibility.INTERNAL or message.message_class != "normal":
        return
    if message.role == AuthorRole.ASKER:
        ticket.asked_at = max(ticket.asked_at or message.sent_at, message.sent_at)
        touch(ticket, "asked_at")
    elif message.role != AuthorRole.BOT:
        ticket.answered_at = max(ticket.answered_at or message.sent_at, message.sent_at)
        touch(ticket, "answered_at")


def _tell(ticket: Ticket, message: Message, *, quiet: bool) -> None:
    data = {
        "message": message.pk,
        "role": message.role,
        "class": message.message_class,
        "quiet": quiet,
        "first": ticket.message_count == 1,
    }
    if message.visibility == Visibility.INTERNAL:
        record(ticket, kinds.NOTE, **data)
    elif message.direction == Direction.OUT:
        record(ticket, kinds.MESSAGE_OUT, automatic=message.role == AuthorRole.BOT, **data)
    else:
        record(ticket, kinds.MESSAGE_IN, **data)
