"""What happens to a message after it was filed: edited, deleted, reacted to.

Nothing is promised about order: of two versions the greater counts, a deletion is final, of two
states of a reaction the later one counts.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max

from inbox.accounts.models import User
from inbox.channels.models import Source
from inbox.common import work
from inbox.common.crypto import signature
from inbox.common.versions import bump, kept
from inbox.people.models import Identity
from inbox.tickets import drafts, kinds, status
from inbox.tickets.messages import ERASED, EXPIRED
from inbox.tickets.models import (
    AuthorRole,
    Message,
    Reaction,
    Status,
    Thread,
    Ticket,
    TicketEvent,
    Tombstone,
    Visibility,
)
from inbox.tickets.recording import change_field, lock, record

TAKEN_BACK = "taken_back"  # a message's flag: it was written and never left


def edit_message(
    message: Message, *, text: str, new_text: str, html: str, version: str, at: datetime
) -> bool:
    """Take a newer version over; False when the one that is here is as new."""
    ticket = lock(message.ticket_id)
    if message.deleted_at is not None or version <= message.version or _is_gone(message):
        return False
    if (message.body_text, message.new_text) == (text, new_text):
        message.version = version[:40]
        message.save(update_fields=["version"])
        return True
    message.body_text, message.new_text, message.body_html = text, new_text, html
    message.version, message.edited_at = version[:40], at
    message.save(
        update_fields=[
            "body_text",
            "new_text",
            "body_html",
            "version",
            "edited_at",
        ]
    )
    record(ticket, kinds.MESSAGE_EDITED, message=message.pk)
    return True


def _is_gone(message: Message) -> bool:
    """Whether its words were erased: no newer version brings them back."""
    return not {ERASED, EXPIRED}.isdisjoint(message.flags)


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
    message.body_text = message.new_text = message.body_html = ""
    message.save(update_fields=["deleted_at", "body_text", "new_text", "body_html"])
    record(ticket, kinds.MESSAGE_DELETED, message=message.pk)
    return True


def take_back(message: Message) -> None:
    """Undo an answer that has not left: its words are a draft again, the ticket is ours again."""
    ticket, current = lock(message.ticket_id), work.current()
    user = User.objects.filter(pk=current.actor.user_id or 0).first()
    if user is not None:
        drafts.give_back(message, user)
    message.flags = [*message.flags, TAKEN_BACK]
    message.save(update_fields=["flags"])
    delete_message(message, at=current.now)
    _answered_before(ticket)
    record(ticket, kinds.TAKEN_BACK, message=message.pk, said_at=message.filed_at.isoformat())
    moved = ticket.events.filter(kind=kinds.STATUS, at=message.filed_at).order_by("pk").last()
    if moved is not None and moved.data["to"] == ticket.status != Status.OPEN:
        status.reopen(ticket, why="the answer was taken back")


def _answered_before(ticket: Ticket) -> None:
    """The newest answer is the one before, if there was one."""
    said = ticket.messages.filter(
        visibility=Visibility.PUBLIC, message_class="normal", deleted_at=None
    ).exclude(role__in=[AuthorRole.ASKER, AuthorRole.BOT])
    change_field(ticket, "answered_at", said.aggregate(last=Max("sent_at"))["last"])


def bury(realm: str, message_key: str, at: datetime) -> None:
    """Remember that a message was deleted that has not come yet, or that a key is out of use."""
    Tombstone.objects.bulk_create(
        [Tombstone(realm=realm, message_key=message_key[:250], at=at)], ignore_conflicts=True
    )


def is_buried(realm: str, message_key: str) -> bool:
    """Whether a message was deleted before it came, or a key is out of use."""
    return Tombstone.objects.filter(realm=realm, message_key=message_key[:250]).exists()


_CONVERSATION = "conversation:"  # before its key, so that no message has the same
FORGOTTEN = "erased:"  # before the digest of a key whose message was erased


def forget_keys(keys: Iterable[tuple[str, str]]) -> None:
    """Remember messages (realm, key), by digests alone: they are erased and never filed again."""
    now = work.current().now
    Tombstone.objects.bulk_create(
        [Tombstone(realm=realm, message_key=_digest(realm, key), at=now) for realm, key in keys],
        ignore_conflicts=True,
    )
    bump("forgotten")


def forget_conversation(realm: str, thread_key: str) -> None:
    """Whatever of this conversation is still on its way is never filed."""
    forget_keys([(realm, _CONVERSATION + thread_key)])


def is_conversation_forgotten(realm: str, thread_key: str) -> bool:
    """Whether a whole conversation was erased."""
    return is_forgotten(realm, _CONVERSATION + thread_key)


def is_forgotten(realm: str, key: str) -> bool:
    """Whether a message of this key was erased. Costs nothing where nobody was ever erased."""
    return kept("forgotten", _any_forgotten) and is_buried(realm, _digest(realm, key))


def _any_forgotten() -> bool:
    return Tombstone.objects.filter(message_key__startswith=FORGOTTEN).exists()


def _digest(realm: str, key: str) -> str:
    return FORGOTTEN + signature("erased", realm, key, length=52)


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
