"""The queue: what people wait for, ordered by the promise made to them."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.common.config import setting
from inbox.loop import labelled
from inbox.people.daytime import Daytime, Hours, daytime
from inbox.search.filters import Scope
from inbox.search.language import Query, parse
from inbox.search.services import narrow
from inbox.sla.explain import Fuse, bounds, due_fuse
from inbox.tickets import queries
from inbox.tickets.models import Category, Status, Ticket
from inbox.web import onticket
from inbox.web.page import page, zone_of

# The first page holds what somebody can look through; urgent groups first, none crowded out.
PER_PAGE, PER_GROUP, AT_LEAST = 50, 25, 5
PER_LANE = 50
# Of each group this many of the most urgent are looked at for who is awake: the rest is further
# down anyway, and the page costs the same at any number of tickets.
CANDIDATES = 60
GROUPS = (
    # state, heading, what to do about it, icon
    ("breach", "Breached", "These come first. Say what you know, even if it is little.", "burst"),
    ("hour", "Within the hour", "Answer these next.", "spark"),
    ("today", "Today", "Due before the day ends.", "tick"),
    ("later", "Later", "Promised, with time to spare.", "ring"),
    ("none", "No SLA", "Best effort: answer when you can help.", "none"),
    ("wait", "Waiting on them", "Their turn, or on hold with a reason.", "pause"),
)
LANES = {
    "closed": ("Closed", Q(status=Status.CLOSED)),
    "trash": ("Trash", Q(status=Status.TRASHED)),
    "spam": ("Spam", Q(status=Status.SPAM)),
    "snoozed": ("Snoozed", Q(snoozed_until__isnull=False)),
    "hold": ("On hold", Q(status=Status.ON_HOLD)),
}
RELATED = ("channel", "owner", "asker__contact")
SHOWN = (
    "number", "subject", "status", "waiting_on", "category", "next_due_at", "created_at",
    "last_message_at", "message_count", "hold_reason", "snoozed_until", "priority",
    "restricted_team_id",
    "channel__kind", "channel__key", "owner__username", "owner__first_name", "owner__last_name",
    "asker__name", "asker__handle", "asker__external_id", "asker__contact__champion",
    "asker__contact__name", "asker__timezone", "asker__utc_offset_minutes",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """One ticket in a list, with its fuse."""

    ticket: Ticket
    fuse: Fuse
    url: str
    daytime: Daytime | None = None  # what the asker does now, where it is known
    owed_since: datetime | None = None  # a review of ours
    on: str = ""  # who answers it just now


@dataclass(kw_only=True)
class Group:
    """Tickets of one SLA state."""

    state: str
    label: str
    say: str
    icon: str
    rows: list[Row] = field(default_factory=list)
    more: bool = False

    @property
    def awake_first(self) -> bool:
        """Whether somebody's time of day has a say in the order, so that the page explains it."""
        return self.state != "wait" and any(row.daytime and row.daytime.known for row in self.rows)


class Filters:
    """What the address asks for; unknown words are left alone, empty ones too."""

    NAMES = ("status", "category", "channel", "owner", "tag", "q", "lane")

    def __init__(self, data: QueryDict, user: User) -> None:
        self.user = user
        self.values = {
            name: data.get(name, "").replace("\x00", "").strip()[:200] for name in self.NAMES
        }

        number = data.get("page", "1")
        self.page = min(max(int(number), 1), 100_000) if number.isdecimal() else 1

    def __getattr__(self, name: str) -> str:
        return self.values[name]

    def at_page(self, number: int) -> str:
        """The address of another page of the same list."""
        return "?" + urlencode({**{n: v for n, v in self.values.items() if v}, "page": number})

    @cached_property
    def query(self) -> Query:
        """What was typed, in the language of search: its tokens and notes are for the page."""
        return parse(self.values["q"])

    @property
    def tokens(self) -> list[tuple[str, str, str]]:
        """(name, value, address without it) of every filter in use."""
        used = {n: v for n, v in self.values.items() if v and n != "lane"}
        return [
            (n, v, "?" + urlencode({m: w for m, w in self.values.items() if w and m != n}))
            for n, v in used.items()
        ]

    def apply(self, rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """Narrow the tickets down."""
        plain = {"status": "status", "category": "category", "tag": "tags__name"}
        wanted = {field: self.values[name] for name, field in plain.items() if self.values[name]}
        rows = rows.filter(**wanted)
        if self.values["channel"]:
            kind, _, key = self.values["channel"].partition("/")
            rows = rows.filter(channel__kind=kind, **({"channel__key": key} if key else {}))
        if self.values["q"]:
            zone = zone_of(self.user)
            scope = Scope(user=self.user, bounds=bounds(timezone.now(), zone), zone=zone)
            rows = narrow(rows, self.query, scope)
        return self._owned(rows)

    def _owned(self, rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
        owner = self.values["owner"]
        if owner == "me":
            return rows.filter(owner=self.user)
        if owner == "none":
            return rows.filter(owner=None)
        return rows.filter(owner__username=owner) if owner else rows


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """The queue in its groups, or one lane as a plain list."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    filters = Filters(request.GET, user)
    lane = _lane_of(filters.lane, user)
    groups = [_lane(user, filters, lane)] if lane else groups_for(user, filters)
    context = {
        "filters": filters,
        "lane": lane.label if lane else "",
        "older": filters.at_page(filters.page + 1) if lane and groups[0].more else "",
        "newer": filters.at_page(filters.page - 1) if filters.page > 1 else "",
        "groups": groups,
        "empty": not any(group.rows for group in groups),
        "offered": [] if lane or filters.tokens else _offered(user, groups),
        "categories": list(Category.objects.values_list("name", flat=True)),
        "channels": [str(channel) for channel in directory.active()],
        "statuses": Status.choices,
        "path": request.get_full_path(),
    }
    return page(request, "tickets/queue.html", context, fragments={"queue"})


def _offered(user: User, groups: list[Group]) -> list[Ticket]:
    """Something of the community's backlog, while few wait for us (S53)."""
    waiting = sum(len(group.rows) for group in groups if group.state != "wait")
    return labelled.offered(user) if waiting < int(setting("short_queue")) else []


def groups_for(user: User, filters: Filters | None = None) -> list[Group]:
    """The six groups: one range of an index each, at most 25 rows, at any number of tickets."""
    zone = zone_of(user)
    now = timezone.now()
    base = queries.visible_to(user)
    if filters is not None:
        base = filters.apply(base)
    ranges = queries.group_filters(bounds(now, zone))
    numbers = _numbers(
        {s: base.filter(ranges[s]).order_by(*ORDERS.get(s, BY_DUE)) for s, *_ in GROUPS}, now
    )
    shares = _shares(numbers)
    more = {state: len(found) > shares[state] for state, found in numbers.items()}
    numbers = {state: found[: shares[state]] for state, found in numbers.items()}
    rows = Ticket.objects.filter(pk__in=[n for found in numbers.values() for n in found])
    rows = rows.select_related(*RELATED).only(*SHOWN).annotate(owed_since=labelled.owed_since())
    known = {ticket.pk: ticket for ticket in rows}
    on = onticket.replying(list(known), user)
    groups = []
    for state, label, say, icon in GROUPS:
        found = [known[n] for n in numbers[state] if n in known]
        group = Group(state=state, label=label, say=say, icon=icon, more=more[state])
        group.rows = [row_of(ticket, now, zone, on.get(ticket.pk, "")) for ticket in found]
        groups.append(group)
    return groups


def _shares(numbers: dict[str, list[int]]) -> dict[str, int]:
    """How many rows each group gets: in their order, but some for everyone."""
    wanted = {state: min(len(found), PER_GROUP) for state, found in numbers.items()}
    sure = {state: min(n, AT_LEAST) for state, n in wanted.items()}
    left = PER_PAGE - sum(sure.values())
    for state, n in wanted.items():
        extra = min(n - sure[state], left)
        sure[state] += extra
        left -= extra
    return sure


def _numbers(parts: dict[str, QuerySet[Ticket]], now: datetime) -> dict[str, list[int]]:
    """The first ticket numbers of every group, in one statement: six ranges of one index.

    Within a group those come first whose askers are at work now, the one whose day ends soonest
    before the others, then those who are awake, then the sleepers, each by due moment (S72).
    """
    found: dict[str, list[tuple[int, str, int | None]]] = {state: [] for state in parts}
    statements: list[str] = []
    params: list[Any] = []
    for state, rows in parts.items():
        shown = rows.values("number", "asker__timezone", "asker__utc_offset_minutes")
        sql, values = shown[:CANDIDATES].query.sql_with_params()
        statements.append(f"SELECT '{state}', part.* FROM ({sql}) part")  # noqa: S608 - our own words
        params += [_bare(value) for value in values]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), params)
        for state, number, zone, offset in cursor.fetchall():
            found[state].append((number, zone or "", offset))
    day = day_hours()
    return {
        state: _awake_first(rows_, now, day) if state != "wait" else [n for n, *_ in rows_]
        for state, rows_ in found.items()
    }


def _awake_first(rows: list[tuple[int, str, int | None]], now: datetime, day: Hours) -> list[int]:
    ranks = {(zone, offset): daytime(now, zone, offset, day).rank for _, zone, offset in rows}
    return [n for n, zone, offset in sorted(rows, key=lambda row: ranks[row[1:]])]


def day_hours() -> Hours:
    """The hours in which people are taken to be awake and at work."""
    return Hours(
        awake=setting("awake_hours"),
        working=setting("working_hours"),
        default_zone=str(settings.TIME_ZONE),
    )


def _bare(value: Any) -> Any:
    """A parameter as this database's driver wants it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


# Both are orders of the index on lane and due moment, forwards and backwards.
BY_DUE = ("next_due_at", "number")
ORDERS = {"none": ("-next_due_at", "-number")}


@dataclass(frozen=True)
class Lane:
    """A plain list: an end of tickets' lives, or the whole of one group."""

    label: str
    where: Q
    order: tuple[str, ...] = ("-number",)
    icon: str = "closed"
    state: str = "none"


def _lane_of(name: str, user: User) -> Lane | None:
    if name in LANES:
        return Lane(*LANES[name])
    for state, label, _, icon in GROUPS:
        if state == name:
            where = queries.group_filters(bounds(timezone.now(), zone_of(user)))[state]
            return Lane(label, where, ORDERS.get(state, BY_DUE), icon, state)
    return None


def _lane(user: User, filters: Filters, lane: Lane) -> Group:
    now, zone = timezone.now(), zone_of(user)
    rows = filters.apply(queries.visible_to(user).filter(lane.where)).order_by(*lane.order)
    first = (filters.page - 1) * PER_LANE
    shown = rows.select_related(*RELATED).only(*SHOWN).annotate(owed_since=labelled.owed_since())
    tickets = list(shown[first : first + PER_LANE + 1])
    more = len(tickets) > PER_LANE
    group = Group(state=lane.state, label=lane.label, say="", icon=lane.icon, more=more)
    group.rows = [row_of(ticket, now, zone) for ticket in tickets[:PER_LANE]]
    return group


def row_of(ticket: Ticket, now: datetime, zone: str, on: str = "") -> Row:
    """A ticket's row; `on`: who answers it just now."""
    waiting = ticket.status == "on_hold" or (ticket.status, ticket.waiting_on) == (
        "in_progress",
        "them",
    )
    fuse = due_fuse(ticket.next_due_at, waiting=waiting, now=now, zone=zone)
    if not ticket.is_live:
        fuse = Fuse(state="none", words=Status(ticket.status).label)
    asker = ticket.asker
    there = None
    if asker is not None and ticket.is_live:
        there = daytime(now, asker.timezone, asker.utc_offset_minutes, day_hours())
    return Row(
        ticket=ticket,
        fuse=fuse,
        url=f"{_tickets()}{ticket.pk}/",
        daytime=there,
        owed_since=getattr(ticket, "owed_since", None),
        on=on,
    )


@lru_cache(maxsize=1)
def _tickets() -> str:
    """The address that a ticket's number is put behind: looked up once, not for every row."""
    return reverse("ticket", args=[0]).removesuffix("0/")


def home(request: HttpRequest) -> HttpResponse:
    """`/` is the queue."""
    response: HttpResponse = queue(request)
    return response
