"""Tickets as the rows of the queue show them: values instead of models.

Fifty rows are five models each, and their statement is composed anew every time: both cost more
than drawing them. Here the statement is composed once, and its rows become small values that have
the names of the models' fields, so that one template draws both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from inbox.common.statements import Places, Statement, moment
from inbox.loop import labelled
from inbox.tickets.models import LIVE, Priority, Ticket
from inbox.web.lastwords import last_words

AT_ONCE = 50  # as many as a page holds; for fewer the places left over hold no ticket
NOBODY = 0
NAMES = (
    "number", "subject", "status", "waiting_on", "category", "next_due_at", "message_count",
    "hold_reason", "priority", "restricted_team_id", "channel__kind",
    "owner_id", "owner__username", "owner__first_name", "owner__last_name",
    "asker_id", "asker__name", "asker__handle", "asker__external_id", "asker__timezone",
    "asker__utc_offset_minutes", "asker__contact__champion", "owed_since", "said",
)  # fmt: skip


@dataclass(slots=True)
class Kind:
    """The channel of a row."""

    kind: str


@dataclass(slots=True)
class Owner:
    """Whose ticket it is."""

    pk: int
    username: str
    first_name: str
    last_name: str

    @property
    def display_name(self) -> str:
        """As `User.display_name`."""
        return f"{self.first_name} {self.last_name}".strip() or self.username


@dataclass(slots=True)
class Standing:
    """The person behind an asker."""

    champion: bool


@dataclass(slots=True)
class Asker:
    """Who asked."""

    name: str
    handle: str
    external_id: str
    timezone: str
    utc_offset_minutes: int | None
    contact: Standing

    @property
    def label(self) -> str:
        """As `Identity.label`."""
        return self.name or self.handle or self.external_id


@dataclass(slots=True)
class Listed:
    """One ticket of a list."""

    number: int
    subject: str
    status: str
    waiting_on: str
    category: str
    next_due_at: datetime | None
    message_count: int
    hold_reason: str
    priority: str
    restricted_team_id: int | None
    channel: Kind
    owner: Owner | None
    asker: Asker | None
    owed_since: datetime | None
    said: str | None

    @property
    def pk(self) -> int:
        """As a model has it."""
        return self.number

    @property
    def is_live(self) -> bool:
        """As `Ticket.is_live`."""
        return self.status in LIVE

    def get_priority_display(self) -> str:
        """As a model has it."""
        return str(Priority(self.priority).label)


def beside() -> dict[str, Any]:
    """What the statement of a list tells about each of its tickets beside their columns."""
    return {"owed_since": labelled.owed_since(), "said": last_words()}


def listed(numbers: Sequence[int]) -> dict[int, Listed]:
    """These tickets by their numbers. Whoever asks has asked before who may see them."""
    found: dict[int, Listed] = {}
    for first in range(0, len(numbers), AT_ONCE):
        part = numbers[first : first + AT_ONCE]
        filled = [*part, *[NOBODY] * (AT_ONCE - len(part))]
        rows = _statement().ask(**{_place(n): number for n, number in enumerate(filled)})
        found.update((row[0], _listed(row)) for row in rows)
    return found


@cache
def _statement() -> Statement:
    places = Places()
    rows = Ticket.objects.filter(pk__in=[places.number(_place(n)) for n in range(AT_ONCE)])
    sql, params = rows.annotate(**beside()).values_list(*NAMES).query.sql_with_params()
    return places.statement(sql, params)


def _place(n: int) -> str:
    return f"number{n}"


def _listed(row: tuple[Any, ...]) -> Listed:
    ticket, (owner_id, *names), (asker_id, *who) = row[:UNTIL], row[UNTIL:ASKER], row[ASKER:-3]
    number, subject, status, waiting_on, category, due, messages, hold, priority, team, kind = (
        ticket
    )
    return Listed(
        number=number,
        subject=subject,
        status=status,
        waiting_on=waiting_on,
        category=category,
        next_due_at=moment(due),
        message_count=messages,
        hold_reason=hold,
        priority=priority,
        restricted_team_id=team,
        channel=Kind(kind),
        owner=Owner(owner_id, *names) if owner_id else None,
        asker=_asker(*who, champion=row[-3]) if asker_id else None,
        owed_since=moment(row[-2]),
        said=row[-1],
    )


def _asker(
    name: str, handle: str, external_id: str, zone: str, offset: int | None, *, champion: object
) -> Asker:
    standing = Standing(bool(champion))  # SQLite has numbers
    return Asker(name, handle, external_id, zone, offset, standing)


UNTIL = NAMES.index("owner_id")
ASKER = NAMES.index("asker_id")
