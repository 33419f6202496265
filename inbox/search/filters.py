"""Filters of the search language as conditions on tickets; an unknown value matches nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet

from inbox.accounts.models import Team, User
from inbox.channels import directory
from inbox.people.models import Identity
from inbox.search.language import CLOSED_LISTS, Query, Token, day_of
from inbox.tickets import naming, queries
from inbox.tickets.models import LIVE, Attachment, Resolution, Status, Tag, Ticket
from inbox.tickets.services import known_categories

GONE = (Status.SPAM, Status.TRASHED, Status.MERGED)
MOST_VALUES = 12


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Who asks, when and where: `bounds` are now, in an hour, and the end of the local day."""

    user: User
    bounds: tuple[datetime, datetime, datetime]
    zone: str

    @property
    def now(self) -> datetime:
        """The moment of asking."""
        return self.bounds[0]


Condition = Callable[[str, Scope], Q]


def narrowed(rows: QuerySet[Ticket], query: Query, scope: Scope) -> QuerySet[Ticket]:
    """The rows that pass every filter of a query."""
    if query.impossible:
        return nothing(rows)
    for token in query.tokens:
        any_of = Q()
        for value in token.values:
            any_of |= CONDITIONS[token.key](value, scope)
        rows = rows.exclude(any_of) if token.negated else rows.filter(any_of)
    return rows


def nothing(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """None of the rows, as a condition: whoever joins statements by hand needs one."""
    return rows.filter(number=-1)


def asks_for_gone(query: Query) -> bool:
    """Whether spam, the trash or what was merged is asked for; else they are left out."""
    wanted = {v for token in query.tokens if token.key == "is" for v in token.values}
    return bool(wanted & {"spam", "trash", "merged"}) or any(
        token.key == "number" for token in query.tokens
    )


def beyond_queue(query: Query) -> bool:
    """Whether tickets are asked for that wait for nobody now: closed, snoozed, put away."""
    wanted = {v for t in query.tokens if t.key == "is" and not t.negated for v in t.values}
    return bool(wanted & {"closed", "solved", "snoozed"}) or asks_for_gone(query)


def unknown(query: Query, scope: Scope) -> list[str]:
    """Notes about values that nothing here has."""
    notes: list[str] = []
    for token in query.tokens:
        lookup = VALUES.get(token.key)
        if lookup is None or token.key in ("from", *CLOSED_LISTS):
            continue
        names = lookup(scope.user)
        missing = [value for value in token.values if not _is_known(token, value, names)]
        notes += [f"There is no {token.key} “{value}”." for value in missing]
    return notes


def _is_known(token: Token, value: str, names: list[str]) -> bool:
    low = value.lower()
    if token.key == "assignee" and low in ("me", "none"):
        return True
    if token.key == "channel":
        return any(low in (name.lower(), name.partition("/")[0]) for name in names)
    return low in (name.lower() for name in names)


def values_for(key: str, start: str, user: User) -> list[str]:
    """What may stand behind `key:`, as far as it was typed."""
    lookup = VALUES.get(key)
    names = lookup(user) if lookup else []
    return [name for name in names if start.lower() in name.lower()][:MOST_VALUES]


# ------------------------------------------------------------------ conditions


def _is(value: str, scope: Scope) -> Q:
    return STATES[value.lower()](scope)


SOLVED = Q(status=Status.CLOSED) & ~Q(
    resolution__in=[Resolution.NO_REPLY, Resolution.DUPLICATE, Resolution.SPAM]
)
STATES: dict[str, Callable[[Scope], Q]] = {
    "open": lambda scope: Q(status__in=LIVE),
    "closed": lambda scope: Q(status=Status.CLOSED),
    "solved": lambda scope: SOLVED,
    "mine": lambda scope: Q(owner=scope.user),
    "unassigned": lambda scope: Q(owner=None),
    "unanswered": lambda scope: Q(answered_at=None, status__in=LIVE),
    "waiting": lambda scope: Q(lane="wait"),
    "research": lambda scope: Q(status=Status.IN_PROGRESS, waiting_on="research"),
    "over": lambda scope: Q(lane="us", next_due_at__lt=scope.now),
    "hold": lambda scope: Q(status=Status.ON_HOLD),
    "snoozed": lambda scope: Q(lane="snoozed"),
    "urgent": lambda scope: Q(priority__in=["high", "urgent"]),
    "restricted": lambda scope: Q(restricted_team__isnull=False),
    "spam": lambda scope: Q(status=Status.SPAM),
    "trash": lambda scope: Q(status=Status.TRASHED),
    "merged": lambda scope: Q(status=Status.MERGED),
}
SLA_GROUPS = {"over": "breach", "hour": "hour", "today": "today", "later": "later", "none": "none"}


def _sla(value: str, scope: Scope) -> Q:
    return queries.group_filters(scope.bounds)[SLA_GROUPS[value.lower()]]


def _from(value: str, scope: Scope) -> Q:
    bare = value.removeprefix("@")
    named_so = Q(name__icontains=bare) | Q(contact__name__icontains=bare)
    if scope.user.sees_addresses:
        named_so |= Q(handle__istartswith=bare) | Q(external_id__istartswith=bare)
    else:  # the whole of it they know already; less would spell it out, letter by letter
        named_so |= Q(handle__iexact=bare) | Q(external_id__iexact=bare)
    people = Identity.objects.filter(named_so)
    return Q(asker__in=people.values("pk"))


def _channel(value: str, scope: Scope) -> Q:
    del scope
    kind, _, key = value.lower().partition("/")
    labels = [
        channel.pk for channel in directory.active() if channel.label.lower() == value.lower()
    ]
    named = Q(channel__kind=kind, channel__key=key) if key else Q(channel__kind=kind)
    return named | Q(channel__in=labels)


def _tag(value: str, scope: Scope) -> Q:
    del scope
    # by the ticket's number, not by a join: a ticket with two of the tags is one row
    return Q(number__in=Ticket.objects.filter(tags__name__iexact=value).values("number"))


def _assignee(value: str, scope: Scope) -> Q:
    name = value.lower().removeprefix("@")
    if name in ("me", "none"):
        return Q(owner=scope.user if name == "me" else None)
    return Q(owner__username__iexact=name) | Q(owner__first_name__iexact=name)


def _team(value: str, scope: Scope) -> Q:
    del scope
    return Q(team__key__iexact=value) | Q(team__name__iexact=value)


def _day(value: str, scope: Scope) -> datetime:
    zone = ZoneInfo(scope.zone)
    day = day_of(value, scope.now.astimezone(zone).date())
    assert day is not None  # noqa: S101 - the parser lets only days through
    # the first day of all begins, east of Greenwich, before there is a time in UTC
    return datetime.combine(max(day, date.min + timedelta(days=1)), time(), zone)


def _has(value: str, scope: Scope) -> Q:
    del scope
    inner = {
        "file": Attachment.objects.filter(message__ticket=OuterRef("pk")),
        "link": Ticket.objects.filter(pk=OuterRef("pk"), links__isnull=False),
        "error": Ticket.objects.filter(pk=OuterRef("pk"), occurrences__isnull=False),
    }
    return Q(Exists(inner[value.lower()]))


CONDITIONS: dict[str, Condition] = {
    "is": _is,
    "sla": _sla,
    "from": _from,
    "channel": _channel,
    "tag": _tag,
    "assignee": _assignee,
    "team": _team,
    "has": _has,
    "category": lambda value, scope: Q(category__iexact=value),
    "number": lambda value, scope: Q(number=int(value)),
    "before": lambda value, scope: Q(created_at__lt=_day(value, scope)),
    "after": lambda value, scope: Q(created_at__gte=_day(value, scope)),
}


# ------------------------------------------------------------------ values to choose from


def _accounts(user: User) -> list[str]:
    del user
    active = User.objects.filter(is_active=True).order_by("username")
    return [
        "me",
        "none",
        *(name for pair in active.values_list("username", "first_name") for name in pair if name),
    ]


def _teams(user: User) -> list[str]:
    """A restricted team's name is for its members."""
    rows = Team.named_to(user).order_by("key").values_list("key", "name")
    return [name for pair in rows for name in pair]


def _people(user: User) -> list[str]:
    """People who asked something that the person may see, newest first; viewers see no address."""
    rows = queries.visible_to(user).filter(asker__isnull=False).order_by("-number")
    found = rows.values_list("asker__name", "asker__handle", "asker__external_id")[:500]
    names = dict.fromkeys(next(filter(None, row)) for row in found)
    return [name for name in names if user.sees_addresses or "@" not in name.lstrip("@")]


VALUES: dict[str, Callable[[User], list[str]]] = {
    "is": lambda user: [*STATES, *naming.renamed()],
    "sla": lambda user: list(SLA_GROUPS),
    "has": lambda user: ["file", "link", "error"],
    "category": lambda user: known_categories(),
    "channel": lambda user: sorted(
        {name for channel in directory.active() for name in (channel.kind, str(channel))}
    ),
    "tag": lambda user: list(
        Tag.objects.filter(tickets__in=queries.visible_to(user))
        .distinct()
        .order_by("name")
        .values_list("name", flat=True)
    ),
    "assignee": _accounts,
    "team": _teams,
    "from": _people,
}
