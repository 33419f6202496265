"""Whose a conversation is at another desk, and what was decided here meanwhile."""

from datetime import datetime

from inbox.channels.contract import InboundThread
from inbox.channels.models import Channel
from inbox.outbox import elsewhere
from inbox.people import services as people
from inbox.tickets import kinds, queries
from inbox.tickets import services as tickets
from inbox.tickets.models import Thread, Ticket


def follow(ticket: Ticket, thread: Thread, found: InboundThread, channel: Channel) -> None:
    """Give the ticket to whom it was given there, when that is newer than what was decided here.

    Only a change counts: that it is still somebody's is said with everything else, too.
    """
    if not found.assigned:
        return
    given = elsewhere.person_key(found.assignee.external_id if found.assignee else "")
    before, thread.assignee_key = thread.assignee_key, given
    if given == (before or elsewhere.NOBODY) or elsewhere.is_assigning(thread, given):
        return
    ours = ticket.events.filter(kind=kinds.ASSIGNED, echo=False, at__gt=found.at)
    if not ours.exists():
        _give(ticket, thread, found, channel)


def _give(ticket: Ticket, thread: Thread, found: InboundThread, channel: Channel) -> None:
    place = channel.type.label
    elsewhere.overtaken(thread)
    if found.assignee is None:
        tickets.assign(ticket, None, why=f"given to nobody at {place}")
        return
    person = people.resolve(channel.kind, channel.realm, found.assignee)
    user = person.user if person.user and person.user.is_active else None
    if user is None:
        words = f"gave this to {person.label} at {place}, who has no account here"
        tickets.record(ticket, kinds.ELSEWHERE, words=words)
    elif not queries.sees(user, ticket):
        words = f"gave this to {user.display_name} at {place}, who may not see it here"
        tickets.record(ticket, kinds.ELSEWHERE, words=words)
    else:
        tickets.assign(ticket, user, why=f"given to them at {place}")


def decided_since(ticket: Ticket, thread: Thread, at: datetime) -> bool:
    """Whether somebody closed or opened it here by hand after this moment."""
    if not thread.channel.type.one_to_one:
        return False
    by_hand = ticket.events.filter(actor_kind="user", echo=False, at__gt=at)
    return by_hand.filter(kind__in=[kinds.CLOSED, kinds.REOPENED]).exists()
