"""Whose a ticket is, and under which words it is found again."""

from inbox.accounts.models import User
from inbox.tickets import kinds
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Tag, Ticket
from inbox.tickets.recording import own, record, touch


def assign(ticket: Ticket, user: User | None, *, why: str = "") -> Ticket:
    """Give the ticket to somebody, or to nobody."""
    ticket = own(ticket)
    if user is not None and not user.is_active:
        raise VerbError(f"{user.display_name} is no longer active.", field="assignee")
    before = ticket.owner_id
    if before == (user.pk if user else None):
        return ticket
    ticket.owner = user
    touch(ticket, "owner_id")
    record(
        ticket,
        kinds.ASSIGNED,
        **{"from": before, "to": user.username if user else None, "why": why},
    )
    return ticket


def add_tags(ticket: Ticket, names: list[str], *, why: str = "") -> Ticket:
    """Put tags on a ticket; new names become tags."""
    ticket = own(ticket)
    wanted = {name.strip()[:80] for name in names if name.strip()}
    new = sorted(wanted - set(ticket.tags.values_list("name", flat=True)))
    if new:
        Tag.objects.bulk_create([Tag(name=name) for name in new], ignore_conflicts=True)
        ticket.tags.add(*Tag.objects.filter(name__in=new))
        record(ticket, kinds.TAGGED, tags=new, why=why)
    return ticket


def remove_tags(ticket: Ticket, names: list[str], *, why: str = "") -> Ticket:
    """Take tags off a ticket."""
    ticket = own(ticket)
    gone = list(ticket.tags.filter(name__in=names))
    if gone:
        ticket.tags.remove(*gone)
        record(ticket, kinds.UNTAGGED, tags=sorted(tag.name for tag in gone), why=why)
    return ticket
