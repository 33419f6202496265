"""What a ticket is linked to outside, on its page."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from inbox.accounts.models import User
from inbox.common.config import setting
from inbox.common.prepared import Prepared
from inbox.loop import ties
from inbox.loop.models import Link
from inbox.outbox.models import Outgoing
from inbox.tickets import kinds, queries
from inbox.tickets.models import Ticket, TicketEvent

LINKS = Prepared(
    lambda number: (
        Link.objects.filter(ticket=number).select_related("item__released_in").order_by("pk")
    )
)


def linked_of(row: Ticket, user: User) -> dict[str, Any]:
    """The links with what is known of them, and who else asked for the same thing (S62).

    A ticket that is an item's own conversation hears of the tickets that are linked to it.
    """
    own, also = LINKS.rows(row.pk), {}
    if row.channel.type.tracker is not None:
        here = Q(item__channel=row.channel_id, item__key__in=row.threads.values("thread_key"))
        there = Link.objects.filter(here, ticket__in=queries.visible_to(user))
        found = there.exclude(ticket=row).select_related("ticket").order_by("pk")
        also = {link.ticket_id: link.ticket for link in found}
    tied = _tied(own, user)
    shown = [link for link in own if link.kind not in ties.TIES or link.pk in tied]
    return {"links": shown, "tied": tied, "asked_too": list(also.values())[-10:]}


def _tied(links: Sequence[Link], user: User) -> dict[int, Ticket]:
    """The tickets at the other end of links, by the link; those left out that are hidden."""
    numbers = {x.pk: ties.number_at(x.url) for x in links if x.kind in ties.TIES}
    wanted = [number for number in numbers.values() if number is not None]
    known = queries.visible_to(user).in_bulk(wanted) if wanted else {}
    return {pk: known[n] for pk, n in numbers.items() if n is not None and n in known}


def issues_of(events: Sequence[TicketEvent]) -> dict[int, Outgoing]:
    """The rows of issues that were asked for, by id; asks nothing when there are none."""
    asked = [event.data["outgoing"] for event in events if event.kind == kinds.ISSUE_ASKED]
    return Outgoing.objects.in_bulk(asked) if asked else {}


def tell_of(request: HttpRequest, row: Ticket, lines: Sequence[Any]) -> dict[str, Any]:
    """The issue that the asker was not told of yet, and, if wanted, words that do."""
    opened = [line for line in lines if line.kind == kinds.ISSUE_OPENED]
    if not opened or (row.answered_at is not None and row.answered_at > opened[-1].at):
        return {}
    issue = opened[-1].data
    found: dict[str, Any] = {"untold": issue}
    if request.GET.get("say") == "issue":
        words = str(setting("became_issue_text")).replace("{link}", issue["url"])
        found["draft"] = {"body": words}
    return found
