"""Links between tickets: related, or the same thing asked twice; they stand on both."""

import re
from typing import Any

from django.conf import settings

from inbox.accounts.models import User
from inbox.common import work
from inbox.loop.links import remove_link
from inbox.loop.models import Link
from inbox.tickets import kinds, queries
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket

RELATED, DUPLICATE = "related", "duplicate"
TIES = {RELATED: "Related", DUPLICATE: "Asks the same"}


def address_of(number: int) -> str:
    """A ticket's address on this desk."""
    return f"{settings.BASE_URL.rstrip('/')}/tickets/{number}/"


def number_at(url: str) -> int | None:
    """The number of the ticket of ours that stands at an address."""
    start = re.escape(f"{settings.BASE_URL.rstrip('/')}/tickets/")
    found = re.fullmatch(rf"{start}(\d{{1,15}})/?(?:#.*)?", url.strip())
    return int(found[1]) if found else None


def other_of(user: User, given: str) -> Ticket | None:
    """The ticket that a person names by number or address; None where it is no ticket's.

    Raises `VerbError` for a number that they cannot see.
    """
    text = given.strip().lstrip("#")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else number_at(given)
    if number is None:
        return None
    row = queries.visible_to(user).filter(pk=number).first()
    if row is None:
        raise VerbError("There is no ticket of this number.", field="url")
    return row


def tie(ticket: Ticket, other: Ticket, *, kind: str = RELATED) -> None:
    """Link two tickets with each other; once, whichever of them is asked."""
    if ticket.pk == other.pk:
        raise VerbError("A ticket cannot be linked to itself.", field="url")
    kind = kind if kind in TIES else RELATED
    tickets.lock_all([ticket.pk, other.pk])
    for one, two in ((ticket, other), (other, ticket)):
        facts: dict[str, Any] = {"kind": kind, "created_at": work.current().now}
        _, made = Link.objects.get_or_create(
            ticket=tickets.lock(one.pk), url=address_of(two.pk), defaults=facts
        )
        if made:
            tickets.record_link(one, kind=kind, url=address_of(two.pk))


def untie(ticket: Ticket, *, url: str) -> None:
    """Take a link off; of two tickets on both sides."""
    number = number_at(url)
    if number is None or not Ticket.objects.filter(pk=number).exists():
        remove_link(ticket, url=url)
        return
    tickets.lock_all([ticket.pk, number])
    remove_link(ticket, url=url)
    for link in Link.objects.filter(ticket=number, url=address_of(ticket.pk)):
        link.delete()
        other = tickets.lock(number)
        tickets.record(other, kinds.UNLINKED, link_kind=link.kind, url=link.url)
