"""Reading tickets: permission first, and every page at a fixed number of statements."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.tickets.models import LIVE, Message, Ticket

RELATED = ("channel", "source", "owner", "team", "asker__contact")


def visible_to(user: User) -> QuerySet[Ticket]:
    """The tickets that somebody may see: a restricted one only its team and admins."""
    tickets = Ticket.objects.all()
    if user.is_admin:
        return tickets
    return tickets.filter(Q(restricted_team=None) | Q(restricted_team__in=user.teams.all()))


def messages_visible_to(user: User) -> QuerySet[Message]:
    """The messages of the tickets that somebody may see."""
    return Message.objects.filter(ticket__in=visible_to(user))


def sees(user: User, ticket: Ticket | None) -> bool:
    """Whether somebody may see a ticket that is at hand; asks nothing about most."""
    if ticket is None or ticket.restricted_team_id is None:
        return ticket is not None
    return user.is_admin or user.teams.filter(pk=ticket.restricted_team_id).exists()


def seen_of(user: User, numbers: Collection[int]) -> set[int]:
    """Those of these tickets that somebody may see; asks nothing about none."""
    if not numbers:
        return set()
    return set(visible_to(user).filter(pk__in=numbers).values_list("pk", flat=True))


def live(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Open, in progress or on hold."""
    return tickets.filter(status__in=LIVE)


def group_filters(bounds: tuple[datetime, datetime, datetime]) -> dict[str, Q]:
    """The queue's groups by SLA state, each a range of the index on lane and due moment.

    `bounds`: now, in an hour, the end of the local day.
    """
    now, hour, day = bounds
    us = Q(lane="us")
    return {
        "breach": us & Q(next_due_at__lt=now),
        "hour": us & Q(next_due_at__gte=now, next_due_at__lt=hour),
        "today": us & Q(next_due_at__gte=hour, next_due_at__lt=day),
        "later": us & Q(next_due_at__gte=day),
        "none": us & Q(next_due_at=None),
        "wait": Q(lane="wait"),
    }
