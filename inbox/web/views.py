"""Saved views: the filter or the search in use under a name, in order, shared, on the rail."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inbox.accounts.models import Team, User
from inbox.accounts.permissions import Right, can
from inbox.audit import services as audit
from inbox.saved import services as saved
from inbox.saved.models import Place, SavedView, SharedWith
from inbox.tickets.errors import VerbError
from inbox.web import toasts
from inbox.web.filtering import Filters
from inbox.web.page import page


@login_required
@require_safe
def views(request: HttpRequest) -> HttpResponse:
    """Every view that one finds, to rename, share, put in order or take away."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    first = saved.first_of(user)
    context = {
        "rows": [(row, saved.may_change(user, row)) for row in saved.of(user)],
        "first": first.pk if first else 0,
        "teams": list(user.teams.order_by("name")),
        "choices": _choices(user),
    }
    return page(request, "tickets/views.html", context)


@login_required
@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """The views on the rail with how many tickets each holds; one statement for all of them."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    rows = saved.of(user)
    found = saved.counts(user, rows, Filters(QueryDict(), user).scope)
    context = {
        "views": rows,
        "view_counts": found,
        "most": saved.MOST_COUNTED,
        "current_view": request.GET.get("view", ""),
        "counted": True,
    }
    return render(request, "tickets/_views.jinja", context, using="jinja2")


@login_required
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the filter in use under a name."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    data = request.POST
    text, place = data.get("query", ""), _place(data)
    try:
        row = saved.save(
            user,
            name=data.get("name", ""),
            query=_canonical(text, user) if place == Place.QUEUE else text,
            shared_with=data.get("shared_with") or SharedWith.OWNER,
            team=_team(data, user),
            place=place,
        )
    except VerbError as error:
        messages.error(request, error.text)
        return HttpResponseRedirect(f"{reverse(place)}?{saved.canonical(text, place)}")
    if row.shared_with != SharedWith.OWNER:
        audit.record(user, "view.shared", f"view {row.pk}", new=_state(row), request=request)
    toasts.say(request, f"Saved: {row.name}.", undo=_at(row, "delete"))
    return HttpResponseRedirect(row.get_absolute_url())


@login_required
@require_POST
def change(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Rename, share, move, begin with, delete or put back one view."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    act = ACTS.get(verb)
    if act is None:
        raise Http404
    before = _state(saved.find(user, pk))
    try:
        said, undo = act(pk, request.POST, user)
        old, new = audit.differences(before, _state(saved.find(user, pk)))
        if old or new:
            audit.record(user, "view.shared", f"view {pk}", old=old, new=new, request=request)
        toasts.say(request, said, undo=undo)
    except VerbError as error:
        messages.error(request, error.text)
    return HttpResponseRedirect(reverse("views"))


def _place(data: QueryDict) -> Place:
    return Place.SEARCH if data.get("place") == Place.SEARCH else Place.QUEUE


def _state(row: SavedView | None) -> dict[str, object]:
    """What the audit log says of a view that others find; of one's own nothing."""
    if row is None or row.shared_with == SharedWith.OWNER:
        return {}
    team = row.team.key if row.team else None
    return {"name": row.name, "query": row.query, "shared_with": row.shared_with, "team": team}


def _canonical(text: str, user: User) -> str:
    """What an address asks for, in the language of search and nothing else."""
    return Filters(QueryDict(text.lstrip("?")), user).address(view="", page=0)


def _choices(user: User) -> list[tuple[str, str]]:
    everybody = can(user, Right.ACT)
    return [c for c in SharedWith.choices if c[0] != SharedWith.EVERYBODY or everybody]


def _team(data: QueryDict, user: User) -> Team | None:
    rows = user.teams.order_by("pk")
    wanted = data.get("team", "")
    if data.get("shared_with") != SharedWith.TEAM:
        return None
    return rows.filter(key=wanted).first() if wanted else rows.first()


def _own(pk: int, user: User) -> SavedView:
    row = saved.find(user, pk)
    if row is None:
        raise Http404
    return row


def _at(row: SavedView, verb: str) -> str:
    return reverse("view-do", args=[row.pk, verb])


def _rename(pk: int, data: QueryDict, user: User) -> tuple[str, str]:
    shared_with, team = data.get("shared_with", ""), _team(data, user)
    row = _own(pk, user)
    saved.change(user, row, name=data.get("name", ""), shared_with=shared_with, team=team)
    return f"Kept: {row.name}.", ""


def _move(pk: int, data: QueryDict, user: User) -> tuple[str, str]:
    saved.move(user, _own(pk, user), -1 if data.get("way") == "up" else 1)
    return "Moved.", ""


def _delete(pk: int, data: QueryDict, user: User) -> tuple[str, str]:
    row = _own(pk, user)
    saved.delete(user, row)
    return f"Deleted: {row.name}.", _at(row, "restore")


def _restore(pk: int, data: QueryDict, user: User) -> tuple[str, str]:
    row = saved.put_back(user, pk)
    if row is None:
        raise Http404
    return f"Back again: {row.name}.", ""


def _first(pk: int, data: QueryDict, user: User) -> tuple[str, str]:
    row = _own(pk, user) if data.get("on") else None
    saved.begin_with(user, row)
    return (f"Your queue begins with {row.name}." if row else "Your queue begins with all."), ""


ACTS: dict[str, Callable[[int, QueryDict, User], tuple[str, str]]] = {
    "rename": _rename,
    "move": _move,
    "delete": _delete,
    "restore": _restore,
    "first": _first,
}
