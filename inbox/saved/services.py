"""Saved views: who finds them, how they are kept, and how many tickets each holds."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import connection
from django.db.models import Max, QuerySet
from django.utils import timezone

from inbox.accounts.models import Team, User
from inbox.accounts.permissions import Right, can
from inbox.common.versions import bump, kept
from inbox.saved.models import Place, SavedView, SharedWith, ViewChoice
from inbox.search import filters
from inbox.search.filters import Scope
from inbox.search.language import parse
from inbox.tickets import queries
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Ticket

KEPT = {
    Place.QUEUE: ("q", "sort", "by", "status", "lane"),
    Place.SEARCH: ("q", "state", "category", "by", "when"),
}
MOST_COUNTED = 99
MOST_VIEWS = 40
LONGEST = 2000  # characters of an address


def of(user: User) -> list[SavedView]:
    """The views that somebody finds, in their order; kept per process under their stamp."""
    rows = [row for row in kept("views", _load) if row.deleted_at is None]
    shared = any(row.shared_with == SharedWith.TEAM for row in rows)
    teams = set(user.teams.values_list("pk", flat=True)) if shared else set()
    return [row for row in rows if _seen(row, user, teams)][:MOST_VIEWS]


def _load() -> list[SavedView]:
    return list(SavedView.objects.all())


def _seen(row: SavedView, user: User, teams: set[int]) -> bool:
    if row.shared_with == SharedWith.TEAM:
        return row.team_id in teams
    return row.shared_with == SharedWith.EVERYBODY or row.owner_id == user.pk


def find(user: User, pk: int) -> SavedView | None:
    """One of the views that somebody finds."""
    return next((row for row in of(user) if row.pk == pk), None)


def may_change(user: User, row: SavedView) -> bool:
    """One's own; what everybody finds also by admins."""
    is_shared = row.shared_with != SharedWith.OWNER
    return row.owner_id == user.pk or (is_shared and can(user, Right.MANAGE))


def canonical(text: str, place: Place = Place.QUEUE) -> str:
    """The part of an address that a view keeps, in a fixed order; a search has several states."""
    pairs = parse_qsl(text.lstrip("?").replace("\x00", ""))
    if place == Place.QUEUE:
        pairs = list(dict(pairs).items())
    return urlencode([pair for name in KEPT[place] for pair in pairs if pair[0] == name])


# ------------------------------------------------------------------ keeping


def save(
    user: User,
    *,
    name: str,
    query: str,
    shared_with: str,
    team: Team | None,
    place: Place = Place.QUEUE,
) -> SavedView:
    """Keep a filter, or a search, under a name. Raises `VerbError`."""
    kept_query = canonical(query, place)
    if len(kept_query) > LONGEST:
        raise VerbError("This is too long to be kept: use fewer words.", field="query")
    row = SavedView(owner=user, place=place, query=kept_query)
    last = SavedView.objects.aggregate(last=Max("order"))["last"] or 0
    row.order = last + 10
    return change(user, row, name=name, shared_with=shared_with, team=team)


def change(
    user: User, row: SavedView, *, name: str, shared_with: str, team: Team | None
) -> SavedView:
    """Rename a view, or share it with others. Raises `VerbError`."""
    _need(user, row)
    if not name.strip():
        raise VerbError("A view needs a name.", field="name")
    if shared_with not in SharedWith.values:
        raise VerbError("Say who finds it.", field="shared_with")
    is_new = shared_with == SharedWith.EVERYBODY and row.shared_with != shared_with
    if is_new and not can(user, Right.ACT):
        raise NotAllowed("Only who works on tickets shares a view with everybody.")
    if shared_with == SharedWith.TEAM:
        if team is None or not user.teams.filter(pk=team.pk).exists():
            raise VerbError("Choose a team that you are in.", field="team")
    else:
        team = None
    row.name, row.shared_with, row.team = name.strip()[:60], shared_with, team
    row.save()
    bump("views")
    return row


def move(user: User, row: SavedView, step: int) -> None:
    """Put a view one place up (-1) or down (+1) among those that its owner finds."""
    _need(user, row)
    rows = of(user)
    at = next((n for n, other in enumerate(rows) if other.pk == row.pk), None)
    if at is None or not 0 <= at + step < len(rows):
        return
    rows.insert(at + step, rows.pop(at))
    for n, other in enumerate(rows, 1):
        SavedView.objects.filter(pk=other.pk).update(order=n * 10)
    bump("views")


def delete(user: User, row: SavedView) -> None:
    """Take a view away; it can be put back."""
    _need(user, row)
    SavedView.objects.filter(pk=row.pk).update(deleted_at=timezone.now())
    bump("views")


def put_back(user: User, pk: int) -> SavedView | None:
    """Take a deletion back; None of what somebody may not change, as if it were not there."""
    row = SavedView.objects.filter(pk=pk).first()
    if row is None or not may_change(user, row):
        return None
    SavedView.objects.filter(pk=pk).update(deleted_at=None)
    bump("views")
    return row


def _need(user: User, row: SavedView) -> None:
    if not may_change(user, row):
        raise NotAllowed("This view is somebody else’s.")


# ------------------------------------------------------------------ beginning with one


def begin_with(user: User, row: SavedView | None) -> None:
    """Begin the queue with a view from now on; None is the whole queue. Raises `VerbError`."""
    if row is not None and row.place != Place.QUEUE:
        raise VerbError("The queue cannot begin with a search.", field="view")
    ViewChoice.objects.filter(user=user).delete()
    if row is not None:
        ViewChoice.objects.create(user=user, view=row)
    bump("view_choices")


def first_of(user: User) -> SavedView | None:
    """The view that somebody's queue begins with; None is the whole queue."""
    pk = kept("view_choices", lambda: dict(ViewChoice.objects.values_list("user", "view"))).get(
        user.pk
    )
    return find(user, pk) if pk else None


# ------------------------------------------------------------------ counting


def counts(user: User, rows: Sequence[SavedView], scope: Scope) -> dict[int, int]:
    """How many live tickets each view holds, to a hundred, in one statement.

    A search is not counted, nor is a view with words: each would be a search of its own. Nor is
    an end of tickets' lives.
    """
    of_queue = [row for row in rows if row.place == Place.QUEUE]
    parts = {row.pk: found for row in of_queue if (found := _tickets(user, row, scope)) is not None}
    if not parts:
        return {}
    statements, params = [], []
    for pk, found in parts.items():
        sql, values = found.values("pk")[: MOST_COUNTED + 1].query.sql_with_params()
        statements.append(f"SELECT {int(pk)}, COUNT(*) FROM ({sql}) part")  # noqa: S608 - a number of ours
        params += [
            connection.ops.adapt_datetimefield_value(v) if _is_time(v) else v for v in values
        ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), params)
        return dict(cursor.fetchall())


def _is_time(value: Any) -> bool:
    return hasattr(value, "tzinfo")


def _tickets(user: User, row: SavedView, scope: Scope) -> QuerySet[Ticket] | None:
    given = dict(parse_qsl(row.query))
    query = parse(given.get("q", ""))
    if query.groups or filters.beyond_queue(query) or given.get("lane") or given.get("status"):
        return None
    live = queries.visible_to(user).filter(lane__in=["us", "wait"])
    return filters.narrowed(live, query, scope).order_by()
