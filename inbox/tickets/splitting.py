"""Splitting: messages that are another question leave for a ticket of their own."""

from collections.abc import Sequence

from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.merging import recount
from inbox.tickets.models import AuthorRole, Message, Status, Thread, Ticket
from inbox.tickets.recording import adopt, count, now, own, record

OURS = (AuthorRole.TEAM, AuthorRole.BOT)


def split(ticket: Ticket, message_ids: list[int], *, subject: str = "") -> Ticket:
    """Take messages out into a new ticket of whoever wrote them (L4).

    The thread stays with the older ticket; the new one gets a thread of its own. Merging it
    back undoes the split.
    """
    ticket = own(ticket)
    moved = leaving(ticket, message_ids)
    first = moved[0]
    fresh = _new_from(ticket, first, subject=subject, asker=asker_of(moved) or ticket.asker)
    thread = Thread.objects.create(
        realm=first.realm,
        thread_key=f"{first.thread.outer_key[:200]}#split:{fresh.pk}",
        ticket=fresh,
        channel=first.thread.channel,
        source=first.thread.source,
    )
    Message.objects.filter(pk__in=[m.pk for m in moved]).update(ticket=fresh, thread=thread)
    record(ticket, kinds.SPLIT, into=fresh.pk, messages=sorted(message_ids))
    record(fresh, kinds.SPLIT, source=ticket.pk, messages=sorted(message_ids))
    recount(ticket)
    recount(fresh)
    return fresh


def leaving(ticket: Ticket, message_ids: Sequence[int]) -> list[Message]:
    """The messages that would leave, oldest first. Raises `VerbError` where they cannot."""
    if ticket.status == Status.MERGED:
        raise NotAllowed("This ticket was merged; split the one it went into.")
    rows = ticket.messages.filter(pk__in=message_ids).select_related(
        "thread__channel", "thread__source", "author__contact"
    )
    moved = list(rows.order_by("sent_at", "pk"))
    if not moved or len(moved) != len(set(message_ids)):
        raise VerbError("These messages are not in this ticket.", field="messages")
    if len(moved) == ticket.messages.count():
        raise VerbError("At least one message must stay.", field="messages")
    return moved


def asker_of(moved: Sequence[Message]) -> Identity | None:
    """Who asks in these messages: the first of them that is none of us."""
    return next((m.author for m in moved if m.author is not None and m.role not in OURS), None)


def _new_from(ticket: Ticket, first: Message, *, subject: str, asker: Identity | None) -> Ticket:
    fresh = Ticket(
        subject=subject.strip()[:250] or first.subject or ticket.subject,
        channel=ticket.channel,
        source=ticket.source,
        asker=asker,
        category=ticket.category,
        restricted_team=ticket.restricted_team,
        team=ticket.team,
        created_at=first.sent_at,
        waiting_since=now(),
    )
    fresh.save(force_insert=True)
    adopt(fresh)
    count(fresh)
    record(fresh, kinds.OPENED, channel=str(ticket.channel), split_from=ticket.pk)
    return fresh
