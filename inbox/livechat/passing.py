"""What passes between a visitor and the team: who is here, who types, what was read.

Typing and presence are never in the database (`common.presence`); what was read is, once for each
entry. Desks learn of the visitor by the signal `presence` of the chat's ticket, the visitor's page
of the team by `typing` and `team_read`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox.common import live, presence
from inbox.livechat.models import Conversation, Entry, EntryKind
from inbox.tickets.models import Direction

HERE_SECONDS = presence.VISITOR_SECONDS
SEEN_FOR = timedelta(seconds=HERE_SECONDS)
SEEN_EVERY = timedelta(seconds=12)
TYPING_SECONDS = 6.0
POLLING, TYPING = "polling", "typing"
# told to the pages of a chat that has got its ticket: else every ticket that is opened anywhere
# would wake every page where nobody has written yet
BEGUN = "begun"


def desk(ticket: int) -> str:
    """Where those of the team are noted who have a ticket open."""
    return f"ticket:{ticket}"


# ------------------------------------------------------------------ the visitor


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """The visitor as the desk sees them."""

    here: bool
    typing: bool
    left_at: datetime | None
    page: str


def visitor(conversation: Conversation, now: datetime) -> Visitor:
    """What the team sees of the visitor of a chat."""
    (there,) = presence.at(presence.chat(conversation.pk))
    here = bool(there) or seen_lately(conversation, now)
    return Visitor(
        here=here,
        typing=TYPING in there,
        left_at=None if here else _left(conversation),
        page=conversation.page,
    )


def _left(conversation: Conversation) -> datetime | None:
    # a browser that crashed said nothing: then it is when we last knew of it
    known = (conversation.left_at, conversation.seen_at)
    return max((at for at in known if at is not None), default=None)


def is_here(conversation: Conversation, now: datetime) -> bool:
    """Whether a page of the visitor is open."""
    return bool(presence.at(presence.chat(conversation.pk))[0]) or seen_lately(conversation, now)


def seen_lately(conversation: Conversation, now: datetime) -> bool:
    """Whether a page has just asked for something: one that was forgotten open does not."""
    return conversation.seen_at is not None and now - conversation.seen_at < SEEN_FOR


def come(conversation: Conversation, page: str, now: datetime) -> None:
    """A page is open (`page` is its stream): said at its start, and by what it asks for."""
    new = presence.note(presence.chat(conversation.pk), page, seconds=HERE_SECONDS) is None
    seen = conversation.seen_at
    if seen is None or now - seen > SEEN_EVERY:
        conversation.seen_at = now
        Conversation.objects.filter(pk=conversation.pk).update(seen_at=now)
    if new:
        tell_desks(conversation)


def stay(conversation_id: int, page: str) -> None:
    """A page is still open; no question to the database."""
    presence.note(presence.chat(conversation_id), page, seconds=HERE_SECONDS)


def go(conversation_id: int, page: str, now: datetime) -> None:
    """A page was closed. The visitor is gone with the last one."""
    where = presence.chat(conversation_id)
    presence.leave(where, page)
    if set(presence.at(where)[0]) - {TYPING}:
        return
    presence.leave(where, TYPING)
    rows = Conversation.objects.filter(pk=conversation_id)
    rows.update(seen_at=None, left_at=now)
    found = rows.select_related("thread__ticket").first()
    if found is not None:
        tell_desks(found)


def moves(conversation: Conversation, page: str) -> None:
    """The visitor is on another page of the site."""
    if page and page != conversation.page:
        conversation.page = page
        Conversation.objects.filter(pk=conversation.pk).update(page=page)
        tell_desks(conversation)


def types(conversation: Conversation) -> None:
    """The visitor types, until it has not been said for some seconds."""
    if presence.note(presence.chat(conversation.pk), TYPING, seconds=TYPING_SECONDS + 2) is None:
        tell_desks(conversation)


def pauses(conversation: Conversation) -> None:
    """What the visitor has typed is here: they type no more, for now."""
    if presence.leave(presence.chat(conversation.pk), TYPING) is not None:
        tell_desks(conversation)


def read(conversation: Conversation, entry_id: int, now: datetime) -> None:
    """The visitor has had everything up to an entry before their eyes."""
    rows = Conversation.objects.filter(pk=conversation.pk, read_entry__lt=entry_id)
    known = conversation.entries.filter(pk=entry_id).exists()
    if known and rows.update(read_entry=entry_id, read_at=now):
        tell_desks(conversation)


def tell_desks(conversation: Conversation) -> None:
    """Something about the visitor is different for whoever shows the chat's ticket."""
    if conversation.thread is not None:
        ticket = conversation.thread.ticket
        live.signal("presence", ticket=ticket.pk, restricted_team=ticket.restricted_team_id)


def last_read(conversation: Conversation) -> int | None:
    """The newest answer that the visitor has read: its message."""
    rows = Entry.objects.filter(
        conversation=conversation,
        kind=EntryKind.MESSAGE,
        pk__lte=conversation.read_entry,
        message__direction=Direction.OUT,
    )
    return rows.order_by("-pk").values_list("message", flat=True).first()


def begin(conversation: Conversation) -> None:
    """The first word was filed: the chat's pages learn that there is something to read."""
    live.signal(BEGUN, conversation=conversation.pk)


# ------------------------------------------------------------------ the team


def answering(ticket: int, now: datetime) -> str:
    """Who of the team types an answer that the visitor will see; "" when nobody does."""
    since = now.timestamp() - TYPING_SECONDS
    for colleague in presence.at(desk(ticket))[0].values():
        if colleague.get("doing") == "replying" and colleague.get("typed", 0) > since:
            return str(colleague["name"])
    return ""


def team_has_read(ticket: int, restricted_team: int | None, message: int) -> None:
    """Somebody of the team has had everything up to a message before their eyes."""
    for row in Conversation.objects.filter(thread__ticket=ticket):
        entries = row.entries.filter(kind=EntryKind.MESSAGE, message__lte=message)
        newest = entries.order_by("-pk").values_list("pk", flat=True).first() or 0
        unread = Conversation.objects.filter(pk=row.pk, team_read__lt=newest)
        if newest > row.team_read and unread.update(team_read=newest):
            live.signal(
                "team_read",
                ticket=ticket,
                restricted_team=restricted_team,
                conversation=row.pk,
                id=newest,
            )


def polled(conversation: Conversation, now: datetime) -> dict[str, Any]:
    """What a page without a stream asks for."""
    ticket = conversation.thread.ticket_id if conversation.thread else None
    typing = answering(ticket, now) if ticket else ""
    return {"typing": typing, "team_read": conversation.team_read}
