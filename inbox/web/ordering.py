"""Which tickets stand in which group of the queue, and in what order, in one statement."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from inbox.accounts.models import Role, User
from inbox.common.statements import Places, Statement, bare, moment
from inbox.people.daytime import Daytime
from inbox.people.models import Identity
from inbox.tickets import queries
from inbox.tickets.models import Ticket

# Of each group this many of the most urgent are looked at for who is awake: the rest is further
# down anyway, and the page costs the same at any number of tickets.
MOST = 60
NEWEST = "newest"  # beside the groups: the newest ticket of all
NAMES = ("number", "next_due_at", "owner_id", "asker_id")
# Both are orders of the index on lane and due moment, forwards and backwards.
BY_DUE = ("next_due_at", "number")
ORDERS = {"none": ("-next_due_at", "-number")}

# Askers are joined to what was found: joined to each group, PostgreSQL reads and sorts all of it
# instead of the first rows of its index, for it believes that groups are small.
PART = "SELECT %s AS part, ROW_NUMBER() OVER () AS place, rows.* FROM ({}) rows"
ALL = (
    "SELECT found.part, found.number, found.next_due_at, found.owner_id, asker.timezone,"
    " asker.utc_offset_minutes FROM ({}) found LEFT JOIN {} asker ON asker.id = found.asker_id"
    " ORDER BY found.place"
)

Bounds = tuple[datetime, datetime, datetime]
Daytimes = Callable[[str, int | None], Daytime]  # what people of a zone, or an offset, do now


@dataclass(frozen=True)
class Candidate:
    """What decides the order of a ticket in its group, and its place on the horizon."""

    number: int
    due_at: datetime | None
    owner: int | None
    zone: str
    offset: int | None


def by_sla(base: QuerySet[Ticket], bounds: Bounds) -> dict[str, QuerySet[Ticket]]:
    """The groups of the queue, a range of one index each."""
    ranges = queries.group_filters(bounds)
    return {
        state: base.filter(where).order_by(*ORDERS.get(state, BY_DUE))
        for state, where in ranges.items()
    }


def usual(user: User, bounds: Bounds) -> dict[str, list[Candidate]]:
    """The candidates of the whole queue by SLA, as nearly everybody asks for them."""
    now, hour, day = bounds
    rows = _whole(is_admin=user.is_admin).ask(user=user.pk, now=now, hour=hour, day=day)
    return _parted((*queries.group_filters(bounds), NEWEST), rows)


@cache
def _whole(*, is_admin: bool) -> Statement:
    places = Places()
    somebody = User(pk=places.number("user"), role=Role.ADMIN if is_admin else Role.AGENT)
    bounds = (places.moment("now"), places.moment("hour"), places.moment("day"))
    return places.statement(
        *_joined(with_newest(by_sla(queries.visible_to(somebody), bounds), somebody))
    )


def with_newest(parts: dict[str, QuerySet[Ticket]], user: User) -> dict[str, QuerySet[Ticket]]:
    """The groups, and beside them the newest ticket that somebody may see."""
    return {**parts, NEWEST: queries.visible_to(user).order_by("-number")[:1]}


def candidates(parts: dict[str, QuerySet[Ticket]]) -> dict[str, list[Candidate]]:
    """The first tickets of every group, in one statement: a range of one index each."""
    sql, params = _joined(parts)
    return _parted(parts, Statement(sql, tuple(params)).ask())


def _joined(parts: dict[str, QuerySet[Ticket]]) -> tuple[str, list[Any]]:
    statements: list[str] = []
    params: list[Any] = []
    for key, rows in parts.items():
        sql, values = rows.values(*NAMES)[:MOST].query.sql_with_params()
        statements.append(PART.format(sql))
        params += [key, *map(bare, values)]
    askers = connection.ops.quote_name(Identity._meta.db_table)
    return ALL.format(" UNION ALL ".join(statements), askers), params


def _parted(keys: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, list[Candidate]]:
    found: dict[str, list[Candidate]] = {key: [] for key in keys}
    for key, number, due_at, owner, zone, offset in rows:
        found[key].append(Candidate(number, moment(due_at), owner, zone or "", offset))
    return found


def awake_first(rows: list[Candidate], there: Daytimes) -> list[Candidate]:
    """Those first whose askers are at work now, the one whose day ends soonest before the others,
    then those who are awake, then the sleepers, each in the order given (S72).
    """
    return sorted(rows, key=lambda one: there(one.zone, one.offset).rank)
