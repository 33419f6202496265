"""What happens to a message after it was filed: edited, deleted, reacted to.

Nothing is promised about order: of two versions the greater counts, a deletion is final, of two
states of a reaction the later one counts.
"""

from datetime import datetime

from inbox.channels.models import Source
from inbox.common import work
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets.models import Message, Reaction, Thread, TicketEvent, Tombstone
from inbox.tickets.recording import change_field, lock, record


def edit_message(
    message: Message, *, text: str, new_text: str, html: str, version: str, at: datetime
) -> bool:
    """Take a newer version over; False when the one that is here is as new."""
    ticket = lock(message.ticket_id)
    if message.deleted_at is not None or version <= message.version:
        return False
    if (message.body_text, message.new_text) == (text, new_text):
        message.version = version[:40]
        message.save(update_fields=["version"])
        return True
    message.body_text, message.new_text, message.body_html = text, new_text, html
    message.version, message.edited_at = version[:40], at
    message.search_text = "\n".join([message.subject, message.author_label, new_text[:100_000]])
    message.save(
        update_fields=[
            "body_text",
            "new_text",
            "body_html",
            "version",
            "edited_at",
            "search_text",
        ]
    )
    record(ticket, kinds.MESSAGE_EDITED, message=message.pk)
    return True


def move_thread(thread: Thread, key: str, source: Source | None, *, permalink: str) -> None:
    """The conversation lives at another place of its connection now, under another key."""
    ticket, was = lock(thread.ticket_id), thread.thread_key
    thread.thread_key, thread.source = key[:250], source
    thread.save(update_fields=["thread_key", "source"])
    change_field(ticket, "source", source)
    change_field(ticket, "permalink", permalink)
    record(ticket, kinds.MOVED, to=str(source or ""), thread=thread.pk, was=was)
    bury(thread.realm, was, work.current().now)


def moved_thread(realm: str, key: str) -> Thread | None:
    """The conversation that had this key before it moved; what is no such key costs one look."""
    if not is_buried(realm, key):
        return None
    moved = TicketEvent.objects.filter(kind=kinds.MOVED, data__was=key[:250]).order_by("-pk")
    rows = Thread.objects.filter(realm=realm, pk__in=[event.data["thread"] for event in moved])
    return rows.first()


def delete_message(message: Message, *, at: datetime) -> bool:
    """Leave a tombstone; the words are no longer shown anywhere."""
    if message.deleted_at is not None:
        return False
    ticket = lock(message.ticket_id)
    message.deleted_at = at
    message.body_text = message.new_text = message.body_html = message.search_text = ""
    message.save(update_fields=["deleted_at", "body_text", "new_text", "body_html", "search_text"])
    record(ticket, kinds.MESSAGE_DELETED, message=message.pk)
    return True


def bury(realm: str, message_key: str, at: datetime) -> None:
    """Remember that a message was deleted that has not come yet, or that a key is out of use."""
    Tombstone.objects.bulk_create(
        [Tombstone(realm=realm, message_key=message_key[:250], at=at)], ignore_conflicts=True
    )


def is_buried(realm: str, message_key: str) -> bool:
    """Whether a message was deleted before it came, or a key is out of use."""
    return Tombstone.objects.filter(realm=realm, message_key=message_key[:250]).exists()


def note_reaction(
    realm: str, message_key: str, *, emoji: str, author: Identity, active: bool, at: datetime
) -> bool:
    """Keep a reaction's newest state; False when a later one is known."""
    row, made = Reaction.objects.get_or_create(
        realm=realm,
        message_key=message_key[:250],
        emoji=emoji[:80],
        author=author,
        defaults={"active": active, "at": at},
    )
    if made:
        return True
    newer = Reaction.objects.filter(pk=row.pk, at__lt=at)
    return bool(newer.update(active=active, at=at))


def reactions_on(realm: str, message_key: str) -> list[Reaction]:
    """What is on a message now, in the order in which it came."""
    rows = Reaction.objects.filter(realm=realm, message_key=message_key[:250], active=True)
    return list(rows.select_related("author__contact", "author__user").order_by("at", "pk"))
