"""Merging and splitting: threads move, so later replies follow by themselves; all can be undone."""

from django.db.models import Max, Min

from inbox.tickets import kinds, status
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Message, Status, Thread, Ticket, WaitingOn
from inbox.tickets.recording import adopt, count, lock_all, now, own, record, touch


def merge(ticket: Ticket, *, into: Ticket) -> Ticket:
    """Move everything of a ticket into another; the source's clocks stop (L10)."""
    if ticket.pk == into.pk:
        raise VerbError("A ticket cannot be merged into itself.", field="into")
    lock_all([ticket.pk, into.pk])
    ticket, into = own(ticket), own(into)
    if Status.MERGED in (ticket.status, into.status):
        raise NotAllowed("One of the two is merged already.")
    for thread in ticket.threads.all():
        _move(thread, into, origin=ticket.pk)
    status.unsnooze(ticket, why="merged")
    before = ticket.status
    status.set_status(ticket, Status.MERGED, waiting_on="", merged_into=into, status_before=before)
    record(ticket, kinds.MERGED, into=into.pk)
    record(into, kinds.MERGED, source=ticket.pk)
    _recount(ticket)
    _recount(into)
    return into


def unmerge(ticket: Ticket) -> Ticket:
    """Undo a merge: the threads that came from this ticket, and what came in them since."""
    ticket = own(ticket)
    if ticket.status != Status.MERGED or ticket.merged_into_id is None:
        raise NotAllowed("This ticket is not merged.")
    lock_all([ticket.pk, ticket.merged_into_id])
    into = own(ticket.merged_into)  # type: ignore[arg-type]  # checked above by its id
    for thread in into.threads.all():
        if ticket.pk in thread.moved_from:
            _move_back(thread, ticket)
    back = ticket.status_before if ticket.status_before in ("closed", "on_hold") else Status.OPEN
    if back == Status.CLOSED and not ticket.resolution:
        back = Status.OPEN
    # a merged ticket opens first; only then the status it had can be taken up again
    status.set_status(ticket, Status.OPEN, waiting_on=WaitingOn.US, merged_into=None)
    if back != Status.OPEN:
        status.set_status(ticket, back, waiting_on="", closed_at=ticket.closed_at)
    record(ticket, kinds.UNMERGED, into=into.pk)
    record(into, kinds.UNMERGED, source=ticket.pk)
    _recount(ticket)
    _recount(into)
    return ticket


def split(ticket: Ticket, message_ids: list[int]) -> Ticket:
    """Take messages out into a new ticket of the same asker (L4).

    The thread stays with the older ticket unless all of its messages leave; the new ticket gets
    a thread of its own for what is split off.
    """
    ticket = own(ticket)
    moved = list(ticket.messages.filter(pk__in=message_ids).select_related("thread__channel"))
    if not moved or len(moved) != len(set(message_ids)):
        raise VerbError("These messages are not in this ticket.", field="messages")
    if len(moved) == ticket.messages.count():
        raise VerbError("At least one message must stay.", field="messages")
    first = min(moved, key=lambda message: (message.sent_at, message.pk))
    fresh = _new_from(ticket, first)
    thread = Thread.objects.create(
        realm=first.realm,
        thread_key=f"split:{first.pk}:{fresh.pk}",
        ticket=fresh,
        channel=first.thread.channel,
        source=first.thread.source,
    )
    Message.objects.filter(pk__in=[m.pk for m in moved]).update(ticket=fresh, thread=thread)
    record(ticket, kinds.SPLIT, into=fresh.pk, messages=sorted(message_ids))
    record(fresh, kinds.SPLIT, source=ticket.pk, messages=sorted(message_ids))
    _recount(ticket)
    _recount(fresh)
    return fresh


def _new_from(ticket: Ticket, first: Message) -> Ticket:
    fresh = Ticket(
        subject=first.subject or ticket.subject,
        channel=ticket.channel,
        source=ticket.source,
        asker=first.author or ticket.asker,
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


def _move(thread: Thread, into: Ticket, *, origin: int) -> None:
    thread.moved_from = [*thread.moved_from, origin]
    thread.ticket = into
    thread.save(update_fields=["ticket", "moved_from"])
    thread.messages.update(ticket=into)


def _move_back(thread: Thread, home: Ticket) -> None:
    place = thread.moved_from.index(home.pk)
    thread.moved_from = thread.moved_from[:place]
    thread.ticket = home
    thread.save(update_fields=["ticket", "moved_from"])
    thread.messages.update(ticket=home)


def _recount(ticket: Ticket) -> None:
    found = ticket.messages.aggregate(newest=Max("pk"), last=Max("sent_at"), first=Min("sent_at"))
    ticket.message_count = ticket.messages.count()
    ticket.last_message_id, ticket.last_message_at = found["newest"], found["last"]
    touch(ticket, "message_count", "last_message_id", "last_message_at")
