"""Who gets an answer, compared with who got the last one: nobody new without a click (L22)."""

from collections.abc import Collection

from inbox.tickets.errors import VerbError
from inbox.tickets.models import Direction, Message, Ticket, Visibility
from inbox.tickets.replying import Route, reply_route


def last_answer(ticket: Ticket) -> Message | None:
    """Our newest public answer."""
    return (
        ticket.messages.filter(
            visibility=Visibility.PUBLIC, direction=Direction.OUT, deleted_at__isnull=True
        )
        .only("to", "cc")
        .order_by("-sent_at", "-id")
        .first()
    )


def new_in(ticket: Ticket, route: Route, last: Message | None) -> tuple[str, ...]:
    """The addresses that would get an answer for the first time; none before the first answer."""
    if last is None:
        return ()
    known = {address.lower() for address in (*last.to, *last.cc, *ticket.cc)}
    if ticket.asker is not None:
        known.add(ticket.asker.external_id.lower())
    return tuple(one for one in (*route.to, *route.cc) if one.lower() not in known)


def agreed(ticket: Ticket, also: Collection[str]) -> tuple[list[str], list[str]] | None:
    """To and Cc without the new ones that nobody agreed to; None when the route stands as it is.

    `also`: the new addresses that were ticked. Raises `VerbError` when nobody would be left.
    """
    route = reply_route(ticket)
    left_out = {*new_in(ticket, route, last_answer(ticket))} - {*also}
    if not left_out:
        return None
    to = [one for one in route.to if one not in left_out]
    if not to:
        who = ", ".join(sorted(left_out))
        raise VerbError(f"{who} is new here. Tick the address to answer there.", field="also")
    return to, [one for one in route.cc if one not in left_out]
