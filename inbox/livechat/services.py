"""What visitors do, and the pipeline's step that decides what they get to see."""

import base64
import json
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import F, QuerySet

from inbox.channels import directory, inlet
from inbox.channels.contract import Capability, InboundFile
from inbox.channels.models import Channel
from inbox.common import work
from inbox.common.queue import after_commit
from inbox.livechat import continuing, passing
from inbox.livechat.limits import spend
from inbox.livechat.models import Conversation, Entry, EntryKind
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Thread, ThreadRole, Ticket, TicketEvent, Visibility

LEADS = "leads"


def say(
    conversation: Conversation,
    *,
    client_id: str,
    text: str,
    now: datetime,
    file: InboundFile | None = None,
) -> bool:
    """Store a visitor's line; False when it was here before. Raises `TooMany`.

    It comes in by the one door, so that it is filed exactly once and rules see it.
    """
    spend("chat_messages_per_minute", conversation.visitor_id)
    visitor, channel = conversation.visitor, conversation.channel
    sent: dict[str, Any] = {
        "conversation": conversation.key,
        "line": client_id,
        "visitor": {
            "id": visitor.external_key,
            "name": visitor.name,
            "email": conversation.email,
            "verified": visitor.verified,
        },
        "text": text,
        "at": now.isoformat(),
        "page": conversation.page,
        "referrer": conversation.referrer,
        "topic": conversation.topic,
        "purpose": channel.settings.get("purpose", ""),
    }
    if file is not None:
        content = base64.b64encode(file.content).decode()
        sent["file"] = {"name": file.filename, "type": file.content_type, "base64": content}
    stored = inlet.receive(
        channel,
        dedupe_key=f"{conversation.key}:{client_id}",
        headers={"content-type": "application/json"},
        body=json.dumps(sent).encode(),
        now=now,
    )
    return stored is not None


def end(conversation: Conversation) -> None:
    """The visitor is done. A question that nobody has answered stays on the queue."""
    # the ticket first, as when a line is filed: two that wait for each other would both fail
    ticket = tickets.lock(conversation.thread.ticket_id) if conversation.thread else None
    _mark_ended(Conversation.objects.filter(pk=conversation.pk))
    if ticket is not None and ticket.is_live and ticket.answered_at is not None:
        tickets.close(ticket, resolution="solved", why="the visitor ended the chat")


def _mark_ended(rows: QuerySet[Conversation]) -> None:
    """Each end is a closing of its own, to be rated once; one that has ended ends no more."""
    rows.filter(ended_at=None).update(ended_at=work.current().now, closings=F("closings") + 1)


# ------------------------------------------------------------------ the step


def on_event(event: TicketEvent) -> None:
    """Public messages become entries of the conversation once they are out."""
    if not any(Capability.LIVE in c.type.capabilities for c in directory.active()):
        return
    if event.kind in (kinds.MESSAGE_IN, kinds.MESSAGE_OUT):
        message = work.current().objects["message", event.data["message"]]
        if event.kind == kinds.MESSAGE_IN or message.delivery_id is not None:
            _show(message, first=bool(event.data.get("first")))
    elif event.kind == kinds.SENT and event.data.get("message"):
        rows = Message.objects.select_related("thread__channel")
        _show(rows.get(pk=event.data["message"]))
    elif event.kind in (kinds.MESSAGE_EDITED, kinds.MESSAGE_DELETED):
        _change(event.data["message"])
    elif event.kind == kinds.CLOSED:
        _close(event.ticket)
    elif event.kind == kinds.REOPENED:
        _open_again(event.ticket)


def _show(message: Message, *, first: bool = False) -> None:
    thread = message.thread
    conversation = _conversation_of(message)
    if conversation is None or message.visibility != Visibility.PUBLIC or message.deleted_at:
        return
    if conversation.thread_id is None:
        conversation.thread = thread
        conversation.save(update_fields=["thread"])
        after_commit(partial(passing.begin, conversation))
    _, made = Entry.objects.get_or_create(
        conversation=conversation,
        message=message,
        kind=EntryKind.MESSAGE,
        defaults={"at": work.current().now},
    )
    if made and message.direction == "out":
        continuing.plan(conversation)
    elif made:
        # who writes goes on, also where the question was still open when they had ended it
        Conversation.objects.filter(pk=conversation.pk).update(ended_at=None)
        continuing.heard(conversation, message)
    if first and conversation.channel.settings.get("purpose") == LEADS:
        tickets.set_kind(tickets.lock(message.ticket_id), "lead")


def _conversation_of(message: Message) -> Conversation | None:
    """The chat that a message is part of: it was said there, or in the chat's bridge."""
    thread: Thread | None = message.thread
    if message.thread.role == ThreadRole.BRIDGE:
        # of tickets that were merged, a bridge goes on with the chat that came with it
        rows = Thread.objects.filter(ticket=message.ticket_id, role=ThreadRole.CUSTOMER)
        chats = [row for row in rows.select_related("channel") if _is_chat(row)]
        mine = (row for row in chats if row.moved_from == message.thread.moved_from)
        thread = next(mine, None)
    if thread is None or not _is_chat(thread):
        return None
    known = Conversation.objects.select_related("channel", "visitor")
    found = known.filter(channel=thread.channel, key=thread.thread_key).first()
    # a part that was split off is answered where it was asked
    return found or known.filter(entries__message__thread=thread).first()


def _is_chat(thread: Thread) -> bool:
    channel: Channel = thread.channel
    return Capability.LIVE in channel.type.capabilities


def file_came(message: Message) -> None:
    """A file's bytes were fetched: the visitor's page shows its message anew."""
    if message.thread.role == ThreadRole.BRIDGE and message.deleted_at is None:
        tickets.lock(message.ticket_id)
        _change(message.pk)


def _change(message_id: int) -> None:
    for entry in Entry.objects.filter(message=message_id, kind=EntryKind.MESSAGE):
        Entry.objects.create(
            conversation_id=entry.conversation_id,
            message_id=message_id,
            kind=EntryKind.CHANGED,
            at=work.current().now,
        )


def _close(ticket: Ticket) -> None:
    rows = Conversation.objects.filter(thread__ticket=ticket)
    _mark_ended(rows)
    for conversation in rows.select_related("channel"):
        _tell(conversation, EntryKind.CLOSED)
        continuing.plan_closing(conversation)


def _open_again(ticket: Ticket) -> None:
    """The team goes on with it; a visitor who wrote again knows that already."""
    for conversation in Conversation.objects.filter(thread__ticket=ticket, ended_at__isnull=False):
        _tell(conversation, EntryKind.OPENED)
    Conversation.objects.filter(thread__ticket=ticket).update(ended_at=None)


def _tell(conversation: Conversation, kind: EntryKind) -> None:
    Entry.objects.create(conversation=conversation, kind=kind, at=work.current().now)
