"""The queue: what people wait for, ordered by the promise made to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.calendars.services import named
from inbox.common.config import setting
from inbox.common.versions import kept_many
from inbox.loop import labelled
from inbox.macros.queries import for_many
from inbox.people.daytime import Daytime, Hours, daytime
from inbox.saved import services as saved
from inbox.search.filters import beyond_queue
from inbox.sla.explain import Fuse, bounds, due_fuse
from inbox.tickets import naming, queries
from inbox.tickets.counts import counts_for
from inbox.tickets.models import Priority, Resolution, Status, Ticket
from inbox.tickets.services import known_categories
from inbox.tickets.status import NEEDS_LINK
from inbox.web import lanes, onticket
from inbox.web.emptied import nearest
from inbox.web.filtering import GROUPINGS, SORTS, Filters
from inbox.web.horizon import Horizon, Promise, draw
from inbox.web.listed import Listed, beside, listed
from inbox.web.ordering import (
    BY_DUE,
    NEWEST,
    ORDERS,
    Bounds,
    Candidate,
    Daytimes,
    awake_first,
    by_sla,
    candidates,
    usual,
    with_newest,
)
from inbox.web.page import page, standing, zone_of

# The first page holds what somebody can look through; urgent groups first, none crowded out.
PER_PAGE, PER_GROUP, AT_LEAST = 50, 25, 5
PER_LANE = 50
QUIET = ("wait", lanes.BACKLOG)  # groups in which no promise is ours to keep
SHOWN_LANES = Q(lane__in=["us", "wait"])
# these endings need a link or a note on each ticket
NEEDS_MORE = (*NEEDS_LINK, Resolution.MOVED_TO_DM)
GROUPS = (
    # state, heading, what to do about it, icon
    (
        "breach",
        "Breached",
        "Their answer is late: say what you know, even if it is little.",
        "burst",
    ),
    ("hour", "Due within the hour", "Answer these next.", "spark"),
    ("today", "Today", "Due before the day ends.", "tick"),
    ("later", "Later", "Promised, with time to spare.", "ring"),
    ("none", "No SLA", "Best effort: answer when you can help.", "none"),
    ("wait", "Waiting on them", "Their turn, or on hold with a reason.", "pause"),
)
AWAKE = {state for state, *_ in GROUPS if state != "wait"}
LANES = {
    "closed": ("Closed", Q(status=Status.CLOSED)),
    "trash": ("Trash", Q(status=Status.TRASHED)),
    "spam": ("Spam", Q(status=Status.SPAM)),
    "snoozed": ("Snoozed", Q(snoozed_until__isnull=False)),
    "hold": ("On hold", Q(status=Status.ON_HOLD)),
}
NAMED = {"closed": "closed", "spam": "spam", "hold": "on_hold", "wait": "them"}
RELATED = ("channel", "owner", "asker__contact")
SHOWN = (
    "number", "subject", "status", "waiting_on", "category", "next_due_at", "created_at",
    "last_message_at", "message_count", "hold_reason", "snoozed_until", "priority",
    "restricted_team_id",
    "channel__kind", "channel__key", "owner__username", "owner__first_name", "owner__last_name",
    "asker__name", "asker__handle", "asker__external_id", "asker__contact__champion",
    "asker__contact__name", "asker__timezone", "asker__utc_offset_minutes",
)  # fmt: skip


Shown = TypeVar("Shown", Ticket, Listed)


@dataclass(frozen=True, kw_only=True)
class Row(Generic[Shown]):
    """One ticket in a list, with its fuse."""

    ticket: Shown
    fuse: Fuse
    url: str
    daytime: Daytime | None = None  # what the asker does now, where it is known
    owed_since: datetime | None = None  # a review of ours
    on: str = ""  # who answers it just now
    said: str = ""  # the beginning of what was written last

    @property
    def is_unread(self) -> bool:
        """Whether they wrote, and nobody has done anything about it since."""
        ticket = self.ticket
        return ticket.status == Status.OPEN and ticket.waiting_on == "us" and bool(self.said)


@dataclass(kw_only=True)
class Group:
    """Tickets of one SLA state."""

    state: str
    label: str
    say: str
    icon: str
    rows: Sequence[Row[Ticket] | Row[Listed]] = field(default_factory=list)
    more: bool = False
    key: str = ""  # what its heading is called in the page, where that is not its state

    @property
    def awake_first(self) -> bool:
        """Whether somebody's time of day has a say in the order, so that the page explains it."""
        asked = self.state != "wait" and not self.key
        return asked and any(row.daytime and row.daytime.known for row in self.rows)


@dataclass(kw_only=True)
class Overview:
    """What is told beside the groups: the promises ahead, and the newest ticket there is."""

    promises: list[Promise] = field(default_factory=list)
    newest: int = 0


@login_required
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """The queue in its groups, or one lane as a plain list."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    filters = Filters(request.GET, user)
    lane = _lane_of(filters)
    seen = Overview()
    groups = [_lane(user, filters, lane)] if lane else groups_for(user, filters, seen)
    empty = not any(group.rows for group in groups)
    context = {
        "filters": filters,
        "lane": lane.label if lane else "",
        "older": filters.at_page(filters.page + 1) if lane and groups[0].more else "",
        "newer": filters.at_page(filters.page - 1) if filters.page > 1 else "",
        "groups": groups,
        "empty": empty,
        "nearest": nearest(filters, lambda rest, most: whole(user, rest)[:most].count())
        if empty
        else None,
        "offered": [] if lane or filters.is_used else _offered(user, groups),
        "horizon": None if lane else _horizon(seen.promises, user),
        "newest": seen.newest,
        "shown": _number(groups),
        "over": _number([group for group in groups if group.state == "breach"]),
        "sorts": SORTS,
        "groupings": GROUPINGS,
        **(_menus(user) if can(user, Right.ACT) else {}),
        "path": request.get_full_path(),
    }
    if getattr(request, "htmx", None):  # the whole page has them anyway
        context["rail"] = standing(user, counts_for(user))
    return page(request, "tickets/queue.html", context, fragments={"queue"})


def _number(groups: Sequence[Group]) -> str:
    """How many tickets these hold, as far as the page looked."""
    more = "+" if any(group.more for group in groups) else ""
    return f"{sum(len(group.rows) for group in groups)}{more}"


def _menus(user: User) -> dict[str, Any]:
    """What the bar for selected tickets offers; kept per process under its stamps."""
    menus = {
        "agents": lambda: list(
            User.objects.filter(is_active=True).order_by("first_name", "username")
        ),
        "categories": known_categories,
    }
    endings = [(r.value, r.label) for r in Resolution if r not in NEEDS_MORE]
    fixed = {"resolutions": endings, "priorities": Priority.choices}
    return {"acts": True, **kept_many(menus), "macros": for_many(user), **fixed}


def _horizon(promises: list[Promise], user: User) -> Horizon:
    calendar = named(setting("report_calendar"))
    return draw(promises, now=timezone.now(), calendar=calendar, zone=zone_of(user), user=user.pk)


def _offered(user: User, groups: list[Group]) -> list[Ticket]:
    """Something of the community's backlog, while few wait for us (S53)."""
    waiting = sum(len(group.rows) for group in groups if group.state != "wait")
    return labelled.offered(user) if waiting < int(setting("short_queue")) else []


def groups_for(
    user: User, filters: Filters | None = None, seen: Overview | None = None
) -> list[Group]:
    """The groups: one range of an index each, at most 25 rows, at any number of tickets.

    `seen` takes what the same statement tells beside them.
    """
    zone = zone_of(user)
    now = timezone.now()
    made, found = _found(user, filters, bounds(now, zone))
    last = found.pop(NEWEST)
    if seen is not None:
        seen.promises, seen.newest = _promises(found), last[0].number if last else 0
    there = _daytimes(now)
    numbers = _ordered(found, there)
    shares = _shares(numbers)
    more = {state: len(ones) > shares[state] for state, ones in numbers.items()}
    numbers = {state: ones[: shares[state]] for state, ones in numbers.items()}
    known = listed([n for ones in numbers.values() for n in ones])
    on = onticket.replying(list(known), user)
    for key, group in made.items():
        tickets = [known[n] for n in numbers[key] if n in known]
        group.more = more[key]
        group.rows = [
            row_of(ticket, now, zone, on=on.get(ticket.pk, ""), there=there) for ticket in tickets
        ]
    return list(made.values())


def _found(
    user: User, filters: Filters | None, edges: Bounds
) -> tuple[dict[str, Group], dict[str, list[Candidate]]]:
    """The groups, and the candidates of each; what nobody has narrowed down is composed already."""
    if filters is not None and filters.by:
        base = filters.apply(queries.visible_to(user))
        work = lanes.lanes(base)
        due = F("next_due_at").asc(nulls_last=True)
        parts = {lane.key: lane.rows.order_by(due, "number") for lane in work}
        return _of_lanes(work), candidates(with_newest(parts, user))
    made = {
        state: Group(state=state, label=_named(state, label), say=say, icon=icon)
        for state, label, say, icon in GROUPS
    }
    if filters is None or not filters.is_used:
        return made, usual(user, edges)
    parts = by_sla(filters.apply(queries.visible_to(user)), edges)
    return made, candidates(with_newest(parts, user))


def _of_lanes(found: list[lanes.WorkLane]) -> dict[str, Group]:
    return {
        lane.key: Group(state="none", label=lane.label, say=lane.say, icon=lane.icon, key=lane.key)
        for lane in found
    }


def _named(key: str, label: str) -> str:
    """What a group that is one status is called here."""
    return naming.name(NAMED[key]) if key in NAMED else label


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


def _ordered(found: dict[str, list[Candidate]], there: Daytimes) -> dict[str, list[int]]:
    return {
        key: [one.number for one in (awake_first(rows, there) if key in AWAKE else rows)]
        for key, rows in found.items()
    }


def _promises(found: dict[str, list[Candidate]]) -> list[Promise]:
    rows = (one for key, rows in found.items() if key not in QUIET for one in rows)
    return [Promise(due_at=one.due_at, owner=one.owner) for one in rows if one.due_at]


def day_hours() -> Hours:
    """The hours in which people are taken to be awake and at work."""
    return Hours(
        awake=setting("awake_hours"),
        working=setting("working_hours"),
        default_zone=str(settings.TIME_ZONE),
    )


def _daytimes(now: datetime) -> Daytimes:
    """What people do now, by their zone: most of a page live in few of them."""
    day = day_hours()
    return cache(lambda zone, offset: daytime(now, zone, offset, day))


@dataclass(frozen=True)
class Lane:
    """A plain list: an end of tickets' lives, or the whole of one group."""

    label: str
    where: Q
    order: tuple[str, ...] = ("-number",)
    icon: str = "closed"
    state: str = "none"


def _lane_of(filters: Filters) -> Lane | None:
    if filters.lane in LANES:
        lane = Lane(*LANES[filters.lane])
        return replace(lane, label=_named(filters.lane, lane.label))
    for state, label, _, icon in GROUPS:
        if state == filters.lane:
            where = queries.group_filters(filters.scope.bounds)[state]
            return Lane(_named(state, label), where, ORDERS.get(state, BY_DUE), icon, state)
    if beyond_queue(filters.query):
        return Lane("Found", Q(), icon="search")
    if filters.sort:
        return Lane(SORTS[filters.sort], SHOWN_LANES, icon="sort")
    return None


def whole(user: User, filters: Filters) -> QuerySet[Ticket]:
    """Every ticket of the list that an address shows, however many its page holds."""
    lane = _lane_of(filters)
    where = lane.where if lane else SHOWN_LANES
    return filters.apply(queries.visible_to(user).filter(where))


def _lane(user: User, filters: Filters, lane: Lane) -> Group:
    now, zone = timezone.now(), zone_of(user)
    order = filters.order() if filters.sort else lane.order
    rows = whole(user, filters).order_by(*order)
    first = (filters.page - 1) * PER_LANE
    shown = rows.select_related(*RELATED).only(*SHOWN).annotate(**beside())
    tickets = list(shown[first : first + PER_LANE + 1])
    more = len(tickets) > PER_LANE
    group = Group(state=lane.state, label=lane.label, say="", icon=lane.icon, more=more)
    group.rows = [row_of(ticket, now, zone) for ticket in tickets[:PER_LANE]]
    return group


def row_of(
    ticket: Shown,
    now: datetime,
    zone: str,
    *,
    on: str = "",
    there: Daytimes | None = None,
) -> Row[Shown]:
    """A ticket's row; `on`: who answers it just now, `there`: what was found out of zones."""
    waiting = ticket.status == "on_hold" or (ticket.status, ticket.waiting_on) == (
        "in_progress",
        "them",
    )
    fuse = due_fuse(ticket.next_due_at, waiting=waiting, now=now, zone=zone)
    if not ticket.is_live:
        fuse = Fuse(state="none", words=Status(ticket.status).label)
    asker = ticket.asker
    does = None
    if asker is not None and ticket.is_live:
        does = (there or _daytimes(now))(asker.timezone, asker.utc_offset_minutes)
    return Row(
        ticket=ticket,
        fuse=fuse,
        url=f"{_tickets()}{ticket.pk}/",
        daytime=does,
        owed_since=getattr(ticket, "owed_since", None),
        on=on,
        said=" ".join((getattr(ticket, "said", None) or "").split()),
    )


@lru_cache(maxsize=1)
def _tickets() -> str:
    """The address that a ticket's number is put behind: looked up once, not for every row."""
    return reverse("ticket", args=[0]).removesuffix("0/")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """`/` is the queue, or the view that somebody begins with."""
    user = request.user
    first = saved.first_of(user) if isinstance(user, User) and not request.GET else None
    if first is not None:
        return HttpResponseRedirect(first.get_absolute_url())
    response: HttpResponse = queue(request)
    return response
