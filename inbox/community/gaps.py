"""What the docs lack: tickets closed as a gap, by the issue or page that closes it (S9)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, FilteredRelation, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from inbox.accounts.models import User
from inbox.community.gathering import NOWHERE
from inbox.tickets import queries as tickets
from inbox.tickets.models import Resolution, Ticket

TIES = ("related", "duplicate")  # links to other tickets, as `inbox/loop/ties.py` calls them
STATES = {"open": "Open", "closed": "Closed", "merged": "Merged"}


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One thing that is missing, and how many people were."""

    url: str  # empty: nothing is linked, and `topic` says the category
    title: str
    state: str
    people: int
    tickets: int
    newest: int
    at: datetime | None


def ledger(user: User) -> "QuerySet[Ticket, Any]":
    """The gaps, what most people missed first; people, not tickets, are what counts.

    What ties a ticket to another one closes nothing.
    """
    rows = tickets.visible_to(user).filter(resolution=Resolution.DOCS_GAP, restricted_team=None)
    closes = FilteredRelation("links", condition=~Q(links__kind__in=TIES))
    grouped = rows.exclude(status__in=NOWHERE).annotate(closes=closes).values("closes__url")
    counted = grouped.annotate(
        title=Max("closes__item__title"),
        state=Coalesce(Max("closes__item__state"), Max("closes__state")),
        people=Count("asker__contact", distinct=True),
        n=Count("pk", distinct=True),
        newest=Max("pk"),
        at=Max("closed_at"),
    )
    return counted.order_by("-people", "-at", "closes__url")


def gap_of(row: dict[str, Any]) -> Gap:
    """One line of the ledger."""
    url, state = row["closes__url"] or "", row["state"] or ""
    return Gap(
        url=url,
        title=row["title"] or url.partition("://")[2] or "Nothing is linked yet",
        state=STATES.get(state, state),
        people=row["people"],
        tickets=row["n"],
        newest=row["newest"],
        at=row["at"],
    )
