"""The counts around every page, fetched anew when something happened to a ticket."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.tickets.counts import counts_for
from inbox.web.glyphs import RAIL_CHANNELS
from inbox.web.page import standing

# id in the page, class, name among the rail's counts
PLACES = (
    ("n-live", "rail__count", "live"),
    ("n-tab", "tab__count", "live"),
    ("n-mine", "rail__count", "mine"),
    ("n-unassigned", "rail__count", "unassigned"),
    ("n-on_hold", "rail__count", "on_hold"),
    ("n-snoozed", "rail__count", "snoozed"),
    *((f"n-{kind}", "rail__count", kind) for kind in RAIL_CHANNELS),
)


@login_required
@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """What stands beside the names on the rail, as fragments for their own places."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    rail = standing(user, counts_for(user))
    shown = [(place, style, rail.get(name, 0)) for place, style, name in PLACES]
    return render(request, "_counts.html", {"shown": shown})
