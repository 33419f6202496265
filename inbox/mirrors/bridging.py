"""Live chats shown to the team as threads of a forum, line by line (S15).

What is said under the card comes back by the intake; here is only the way out. A forum that is
down stops nothing: the lines are rows, and leave in their order when it is back.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from inbox.channels.contract import Capability
from inbox.common import work
from inbox.mirrors import chatcards
from inbox.mirrors import services as mirrors
from inbox.mirrors.models import MirrorTarget, Purpose
from inbox.outbox import services as outbox
from inbox.outbox.effects import queue_effect
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.outbox.sending import BRIDGED
from inbox.tickets import kinds
from inbox.tickets.models import Direction, Message, ThreadRole, TicketEvent, Visibility

SHOWN_AGAIN = mirrors.SHOWN_AGAIN | {
    kinds.MESSAGE_IN,
    kinds.MESSAGE_OUT,
    kinds.MERGED,
    kinds.UNMERGED,
}


def on_event(event: TicketEvent) -> None:
    """Public lines of a chat go to its thread; edits and deletions follow them."""
    found = mirrors.targets(Purpose.BRIDGE)
    if work.current().historic or not found:
        return
    if event.ticket.restricted_team_id:
        _stop(event)
        return
    follow = FOLLOW.get(event.kind)
    if follow is not None:
        follow(event, found)
    if event.kind in SHOWN_AGAIN:
        chatcards.refresh(event.ticket)


def _stop(event: TicketEvent) -> None:
    """It is a team's own from now on: what waits behind its concealed card never leaves."""
    if event.kind == kinds.RESTRICTED:
        rows = Outgoing.objects.filter(ticket=event.ticket, kind=BRIDGED)
        rows.filter(state=OutgoingState.QUEUED).delete()


def _said(event: TicketEvent, found: list[MirrorTarget]) -> None:
    message = work.current().objects["message", event.data["message"]]
    if _is_line(message):
        for target in found:
            _pass_on(message, target)


def _is_line(message: Message) -> bool:
    """Of the chat itself: the thread counts, for tickets of several kinds can be merged."""
    public = message.visibility == Visibility.PUBLIC and message.deleted_at is None
    chat = Capability.LIVE in message.thread.channel.type.capabilities
    return public and chat and message.thread.role == ThreadRole.CUSTOMER


def _pass_on(message: Message, target: MirrorTarget) -> None:
    """The words and each file as rows of their own: what fails stands alone."""
    card = chatcards.post(message, target)
    row: dict[str, Any] = {
        "ticket": message.ticket,
        "channel": target.channel,
        "kind": BRIDGED,
        "automatic": True,
        "lane": card.outgoing.lane,
        "delay": timedelta(),
    }
    line = {
        "of": message.pk,
        "thread_of": card.outgoing_id,
        "author_name": _name(message),
        "author_key": outbox.author_key(message.author_user_id, target.channel),
        "foreign": message.direction == Direction.IN,
    }
    files = [file for file in message.attachments.all() if not file.is_missing]
    keys = _keys(message.pk, target)
    words = message.new_text or message.body_text or f"sent {_names(message)}"
    outbox.insert(key=next(keys), payload={**line, "text": words}, **row)
    for file in files:
        held = [[file.filename, file.content_type, file.sha256]]
        outbox.insert(key=next(keys), payload={**line, "text": "", "files": held}, **row)


def _names(message: Message) -> str:
    return ", ".join(file.filename for file in message.attachments.all())


MOST_FILES = 50


def _keys(message_id: int, target: MirrorTarget) -> Iterator[str]:
    """The keys of a line's rows: the words, then its files."""
    yield f"bridge:{message_id}:{target.pk}"
    for number in range(MOST_FILES):
        yield f"bridge:{message_id}:{target.pk}:{number}"


def _name(message: Message) -> str:
    """Who speaks. A visitor chooses the name, so it always says that it is one."""
    if message.direction == Direction.OUT:
        return message.author_label
    ways = ["visitor"]
    if message.sender_key:
        ways.append("by mail")
    if "unverified_participant" in message.flags:
        ways = ["not known to be the visitor", "by mail"]
    return f"{message.author_label[:50] or 'Visitor'} ({', '.join(ways)})"


def _rows(message_id: int, found: list[MirrorTarget]) -> list[Outgoing]:
    keys = [key for target in found for key in _keys(message_id, target)]
    return list(Outgoing.objects.filter(idempotency_key__in=keys).order_by("pk"))


def _edited(event: TicketEvent, found: list[MirrorTarget]) -> None:
    rows = [row for row in _rows(event.data["message"], found) if row.payload["text"]]
    if not rows:
        return
    message = Message.objects.get(pk=event.data["message"])
    for row in rows:
        data = {"target_of": row.pk, "text": message.new_text or message.body_text}
        data["foreign"] = row.payload["foreign"]
        queue_effect(row.channel, "edit", data=data, ticket=message.ticket, lane=row.lane)


def _deleted(event: TicketEvent, found: list[MirrorTarget]) -> None:
    """What has not left never does; the rest is taken back."""
    for row in _rows(event.data["message"], found):
        mine = Outgoing.objects.filter(pk=row.pk, state=OutgoingState.QUEUED)
        if not mine.delete()[0]:
            data: dict[str, Any] = {"target_of": row.pk}
            queue_effect(row.channel, "delete", data=data, ticket=row.ticket, lane=row.lane)


FOLLOW: dict[str, Callable[[TicketEvent, list[MirrorTarget]], None]] = {
    kinds.MESSAGE_IN: _said,
    kinds.MESSAGE_OUT: _said,
    kinds.MESSAGE_EDITED: _edited,
    kinds.MESSAGE_DELETED: _deleted,
}
