"""What a visitor may read: the entries of their conversation, and nothing else of its ticket."""

from collections.abc import Iterable
from typing import Any

from inbox.livechat.models import Conversation, Entry
from inbox.outbox.rendering import clean, to_html
from inbox.tickets.models import Attachment, AuthorRole, Direction, Message

AT_ONCE = 100


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
