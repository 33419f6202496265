"""Names behind an @ in notes: how they are shown, and which ones can be written."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from inbox.accounts.models import Team, User
from inbox.notify.mentions import readers
from inbox.tickets import queries
from inbox.tickets.models import Message, Visibility
from inbox.web.menus import menus

MOST = 8


def names_in(message: Message) -> dict[str, str]:
    """How the names in a note are shown; an answer to somebody outside mentions nobody."""
    if message.visibility != Visibility.INTERNAL or "@" not in message.new_text:
        return {}
    return names()


def names() -> dict[str, str]:
    """Every name that can stand behind an @, with how it is shown."""
    known = menus()
    people = {user.username.lower(): user.display_name for user in known["agents"]}
    return {team.key: team.name for team in known["teams"]} | people


@login_required
@require_safe
def complete(request: HttpRequest, number: int) -> HttpResponse:
    """People and teams who see the ticket and whose name begins like this."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    row = get_object_or_404(queries.visible_to(user), pk=number)
    q = request.GET.get("q", "")[:60]
    begins = Q(username__istartswith=q) | Q(first_name__istartswith=q) | Q(last_name__istartswith=q)
    people = readers(row).filter(begins).order_by("first_name", "username")[:MOST]
    inside = readers(row).values("pk")
    teams = Team.named_to(user).filter(Q(key__istartswith=q) | Q(name__istartswith=q))
    found = [_shown(one.username, one.display_name, "") for one in people]
    reached = teams.filter(members__in=inside).distinct().order_by("name")
    found += [_shown(team.key, team.name, "team") for team in reached[: MOST - len(found)]]
    return JsonResponse({"found": found})


def _shown(key: str, name: str, what: str) -> dict[str, Any]:
    return {"key": key, "name": name, "what": what}
