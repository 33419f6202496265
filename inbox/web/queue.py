"""The queue: what people wait for, ordered by the promise made to them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.sla.explain import Fuse, bounds, due_fuse
from inbox.tickets import queries
from inbox.tickets.models import Category, Status, Ticket
from inbox.web.page import page, zone_of

PER_GROUP = 25
PER_LANE = 50
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
    "asker__contact__name",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Row:
    """One ticket in a list, with its fuse."""

    ticket: Ticket
    fuse: Fuse


@dataclass(kw_only=True)
class Group:
    """Tickets of one SLA state."""

    state: str
    label: str
    say: str
    icon: str
    rows: list[Row] = field(default_factory=list)
    more: bool = False


class Filters:
    """What the address asks for; unknown words are left alone, empty ones too."""

    NAMES = ("status", "category", "channel", "owner", "tag", "q", "lane")

    def __init__(self, data: QueryDict, user: User) -> None:
        self.user = user
        self.values = {
            name: data.get(name, "").replace("\x00", "").strip()[:200] for name in self.NAMES
        }

    def __getattr__(self, name: str) -> str:
        return self.values[name]

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
            text = self.values["q"]
            rows = rows.filter(Q(subject__icontains=text) | Q(asker__external_id__icontains=text))
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
    lane = LANES.get(filters.lane)
    groups = [_lane(user, filters, *lane)] if lane else groups_for(user, filters)
    context = {
        "filters": filters,
        "lane": lane[0] if lane else "",
        "groups": groups,
        "empty": not any(group.rows for group in groups),
        "categories": list(Category.objects.values_list("name", flat=True)),
        "channels": [str(channel) for channel in directory.active()],
        "statuses": Status.choices,
        "path": request.get_full_path(),
    }
    return page(request, "tickets/queue.html", context, fragments={"queue"})


def groups_for(user: User, filters: Filters | None = None) -> list[Group]:
    """The six groups: one range of an index each, at most 25 rows, at any number of tickets."""
    zone = zone_of(user)
    now = timezone.now()
    base = queries.live(queries.visible_to(user))
    if filters is not None:
        base = filters.apply(base)
    ranges = queries.group_filters(bounds(now, zone))
    numbers = _numbers({state: _order(base.filter(ranges[state]), state) for state, *_ in GROUPS})
    rows = Ticket.objects.filter(pk__in=[n for found in numbers.values() for n in found])
    known = {ticket.pk: ticket for ticket in rows.select_related(*RELATED).only(*SHOWN)}
    groups = []
    for state, label, say, icon in GROUPS:
        found = [known[n] for n in numbers[state] if n in known]
        group = Group(state=state, label=label, say=say, icon=icon, more=len(found) > PER_GROUP)
        group.rows = [row_of(ticket, now, zone) for ticket in found[:PER_GROUP]]
        groups.append(group)
    return groups


def _numbers(parts: dict[str, QuerySet[Ticket]]) -> dict[str, list[int]]:
    """The first ticket numbers of every group, in one statement: six ranges of one index."""
    found: dict[str, list[int]] = {state: [] for state in parts}
    statements: list[str] = []
    params: list[Any] = []
    for state, rows in parts.items():
        sql, values = rows.values("number")[: PER_GROUP + 1].query.sql_with_params()
        statements.append(f"SELECT '{state}', part.number FROM ({sql}) part")  # noqa: S608 - our own words
        params += [_bare(value) for value in values]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), params)
        for state, number in cursor.fetchall():
            found[state].append(number)
    return found


def _bare(value: Any) -> Any:
    """A parameter as this database's driver wants it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _order(rows: QuerySet[Ticket], state: str) -> QuerySet[Ticket]:
    order = ("next_due_at", "number") if state not in ("none", "wait") else ("-number",)
    return rows.order_by(*order)


def _slice(rows: QuerySet[Ticket], state: str, most: int) -> list[Ticket]:
    return list(_order(rows, state).select_related(*RELATED).only(*SHOWN)[: most + 1])


def _lane(user: User, filters: Filters, label: str, where: Q) -> Group:
    now, zone = timezone.now(), zone_of(user)
    rows = filters.apply(queries.visible_to(user).filter(where))
    tickets = _slice(rows, "none", PER_LANE)
    group = Group(state="none", label=label, say="", icon="closed", more=len(tickets) > PER_LANE)
    group.rows = [row_of(ticket, now, zone) for ticket in tickets[:PER_LANE]]
    return group


def row_of(ticket: Ticket, now: datetime, zone: str) -> Row:
    """A ticket's row."""
    waiting = ticket.status == "on_hold" or (ticket.status, ticket.waiting_on) == (
        "in_progress",
        "them",
    )
    fuse = due_fuse(ticket.next_due_at, waiting=waiting, now=now, zone=zone)
    if not ticket.is_live:
        fuse = Fuse(state="none", words=Status(ticket.status).label)
    return Row(ticket=ticket, fuse=fuse)


def home(request: HttpRequest) -> HttpResponse:
    """`/` is the queue."""
    response: HttpResponse = queue(request)
    return response
