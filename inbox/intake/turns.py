"""Whose turn it is, after somebody spoke in a conversation."""

from datetime import datetime

from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import ENDED, Thread, Ticket, WaitingOn


def is_over_since(thread: Thread, since: datetime | None) -> bool:
    """Whether the conversation was closed at the vendor after this was said.

    Read again: it was read before the ticket was ours, and may have been closed meanwhile.
    """
    if since is not None:
        thread.refresh_from_db(fields=["state_at", "is_closed"])
    closed_at = thread.state_at if thread.is_closed else None
    return since is not None and closed_at is not None and since <= closed_at


def answered_there(ticket: Ticket, sender: Identity, said_at: datetime) -> None:
    """A colleague answered in the thread itself: in progress, and theirs if nobody's (S57)."""
    said_later = ticket.asked_at is not None and ticket.asked_at > said_at
    if said_later or ticket.status in ENDED or ticket.status == "on_hold":
        return
    if ticket.owner_id is None and sender.user is not None:
        tickets.assign(ticket, sender.user, why="answered in the thread")
    tickets.wait(ticket, why="answered in the thread")


def taken_back(ticket: Ticket) -> None:
    """An answer was withdrawn or deleted: without another one they wait for us again."""
    if ticket.waiting_on != WaitingOn.THEM or ticket.status == "on_hold":
        return
    said = ticket.messages.filter(direction="out", visibility="public", deleted_at=None)
    if not said.filter(sent_at__gte=ticket.asked_at or ticket.created_at).exists():
        tickets.reopen(ticket, why="the answer was taken back")


def ended(ticket: Ticket, *, since: datetime | None) -> None:
    """A customer wrote: ours to answer again (S60). Trash and spam stay where they are (L21).

    Where the vendor's times can be believed, a message that was answered `since` changes nothing.
    """
    if ticket.status in ("trashed", "spam"):
        return
    if since is not None and ticket.answered_at is not None and ticket.answered_at > since:
        return
    if ticket.snoozed_until is not None and ticket.snooze_mode == "reply":
        tickets.unsnooze(ticket, why="a reply came")
    if ticket.status == "on_hold":
        return  # the hold's reason still stands; the queue shows the new message
    if (ticket.status, ticket.waiting_on) != ("open", WaitingOn.US):
        tickets.reopen(ticket, why="they wrote")
