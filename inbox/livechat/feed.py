"""What a visitor may read: the entries of their conversation, and nothing else of its ticket."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from inbox.livechat.models import Conversation, Entry
from inbox.outbox.rendering import clean, to_html
from inbox.tickets.models import Attachment, AuthorRole, Direction, Message

AT_ONCE = 100
SEEN_FOR = timedelta(seconds=45)
SEEN_EVERY = timedelta(seconds=12)


def after(conversation: Conversation, entry_id: int) -> list[dict[str, Any]]:
    """The entries behind an id, oldest first, at most `AT_ONCE`."""
    rows = Entry.objects.filter(conversation=conversation, pk__gt=entry_id)
    found = list(rows.select_related("message__author_user").order_by("pk")[:AT_ONCE])
    files = _files(row.message_id for row in found if row.message_id)
    return [_shown(row, conversation, files) for row in found]


def _files(messages: Iterable[int]) -> dict[int, list[Attachment]]:
    found: dict[int, list[Attachment]] = {}
    for file in Attachment.objects.filter(message__in=list(messages), is_missing=False):
        found.setdefault(file.message_id or 0, []).append(file)
    return found


def _shown(
    entry: Entry, conversation: Conversation, files: dict[int, list[Attachment]]
) -> dict[str, Any]:
    shown = {"id": entry.pk, "kind": entry.kind, "at": entry.at.isoformat()}
    message = entry.message
    if message is None:
        return shown
    mine = message.direction == Direction.IN
    _, _, line = message.external_id.partition(":")
    return {
        **shown,
        "message": message.pk,
        "mine": mine,
        "client_id": line if mine else "",
        "author": "" if mine else _author(message, conversation),
        "text": message.new_text,
        "html": _html(message),
        "at": message.sent_at.isoformat(),
        "edited": message.edited_at is not None,
        "deleted": message.deleted_at is not None,
        "files": [
            {"id": file.pk, "name": file.filename, "size": file.size}
            for file in files.get(message.pk, ())
        ],
    }


def _author(message: Message, conversation: Conversation) -> str:
    if message.role == AuthorRole.BOT:
        return conversation.channel.address
    person = message.author_user
    return person.display_name if person else message.author_label


def _html(message: Message) -> str:
    """What another channel has rendered, cleaned once more; else Markdown."""
    forum = message.body_html and message.direction == Direction.OUT
    return clean(message.body_html) if forum else to_html(message.new_text)


# ------------------------------------------------------------------ presence


def is_here(conversation: Conversation, now: datetime) -> bool:
    """Whether a page of the visitor is open."""
    return conversation.seen_at is not None and now - conversation.seen_at < SEEN_FOR


def note_seen(conversation: Conversation, now: datetime) -> None:
    """A page is open; written down now and then."""
    if conversation.seen_at is None or now - conversation.seen_at > SEEN_EVERY:
        conversation.seen_at = now
        Conversation.objects.filter(pk=conversation.pk).update(seen_at=now)


def note_gone(pk: int) -> None:
    """A page was closed; another one that is still open says so within seconds."""
    Conversation.objects.filter(pk=pk).update(seen_at=None)


def note_read(conversation: Conversation, entry_id: int) -> None:
    """The visitor has had everything up to an entry before their eyes."""
    rows = Conversation.objects.filter(pk=conversation.pk, read_entry__lt=entry_id)
    if conversation.entries.filter(pk=entry_id).exists():
        rows.update(read_entry=entry_id)
