"""Where errors were seen: kept with their messages, counted for the person who looks."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from inbox.accounts.models import User
from inbox.search import fingerprints
from inbox.search.models import Fingerprint, Occurrence
from inbox.tickets import queries
from inbox.tickets.models import LIVE, Message, Ticket

HIDDEN = ("trashed", "spam")
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An error, and what the person may know about where it was seen."""

    fingerprint: Fingerprint
    tickets: int
    open: int
    first_at: datetime
    last_at: datetime
    fixed_in: str = ""

    @property
    def sentence(self) -> str:
        """`seen 14×, 3 open, fixed in 1.8.2`."""
        parts = [f"seen {self.tickets}×", f"{self.open} open" if self.open else "none open"]
        return ", ".join([*parts, f"fixed in {self.fixed_in}"] if self.fixed_in else parts)


def note(messages: list[Message]) -> None:
    """Keep the errors that messages show."""
    found = {
        message: fingerprints.find(message.new_text or message.body_text) for message in messages
    }
    found = {message: shown for message, shown in found.items() if shown}
    if not found:
        return
    known = {error.key: error for shown in found.values() for error in shown}
    first = min(message.sent_at for message in found)
    # in the order of their keys: two changes that meet the same new errors wait, but never for
    # each other
    Fingerprint.objects.bulk_create(
        [
            Fingerprint(key=key, kind=known[key].kind, words=known[key].words, first_at=first)
            for key in sorted(known)
        ],
        ignore_conflicts=True,
    )
    pks = dict(Fingerprint.objects.filter(key__in=known).values_list("key", "pk"))
    Occurrence.objects.bulk_create(
        [
            Occurrence(
                fingerprint_id=pks[error.key],
                ticket_id=message.ticket_id,
                message=message,
                at=message.sent_at,
            )
            for message, shown in found.items()
            for error in shown
        ],
        ignore_conflicts=True,
    )


def seen(user: User, which: Q) -> list[Seen]:
    """Errors with their counts, of the tickets that the person may see; most seen first."""
    mine = Occurrence.objects.filter(which, ticket__in=_countable(user))
    counted = (
        mine.values("fingerprint")
        .annotate(
            tickets=Count("ticket", distinct=True),
            live=Count("ticket", distinct=True, filter=Q(ticket__status__in=LIVE)),
            first=Min("at"),
            last=Max("at"),
        )
        .order_by("-tickets", "fingerprint")[:SHOWN]
    )
    rows = list(counted)
    known = Fingerprint.objects.in_bulk([row["fingerprint"] for row in rows])
    fixed = _fixed(user, list(known))
    return [
        Seen(
            fingerprint=known[row["fingerprint"]],
            tickets=row["tickets"],
            open=row["live"],
            first_at=row["first"],
            last_at=row["last"],
            fixed_in=fixed.get(row["fingerprint"], ""),
        )
        for row in rows
    ]


def of_ticket(user: User, ticket: Ticket) -> list[Seen]:
    """The errors of a ticket, with everywhere else they were seen."""
    mine = Occurrence.objects.filter(ticket=ticket.pk).values("fingerprint")
    return seen(user, Q(fingerprint__in=mine))


def seen_one(user: User, fingerprint: Fingerprint) -> Seen:
    """One error with its counts. Raises `IndexError` when the person may see no ticket of it."""
    return seen(user, Q(fingerprint=fingerprint.pk))[0]


def of_text(user: User, text: str) -> list[Seen]:
    """The errors that a pasted line or trace is."""
    keys = [error.key for error in fingerprints.find(text)]
    return seen(user, Q(fingerprint__key__in=keys)) if keys else []


def tickets_with(user: User, fingerprint: Fingerprint) -> list[Ticket]:
    """The tickets that show an error, newest first."""
    rows = _countable(user).filter(occurrences__fingerprint=fingerprint.pk).distinct()
    return list(rows.select_related(*queries.RELATED).order_by("-number")[:100])


def _countable(user: User) -> QuerySet[Ticket]:
    return queries.visible_to(user).exclude(status__in=HIDDEN)


def _fixed(user: User, pks: list[int]) -> dict[int, str]:
    """The newest release in which an issue of such a ticket came out."""
    out = (
        queries.visible_to(user)
        .filter(occurrences__fingerprint__in=pks, links__item__released_in__isnull=False)
        .order_by("links__item__released_in__published_at", "number")
    )
    return dict(out.values_list("occurrences__fingerprint", "links__item__released_in__tag"))
