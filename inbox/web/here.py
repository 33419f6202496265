"""Presence on a ticket: a page says that it is open, and asks who else is there."""

import re

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox.accounts.models import User
from inbox.tickets import queries
from inbox.tickets.models import Ticket
from inbox.web import onticket
from inbox.web.page import zone_of
from inbox.web.verbs import may

TAB = re.compile(r"^[0-9a-f]{8,32}$")
LEFT = "left"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def here(request: HttpRequest, number: int) -> HttpResponse:
    """Who is on a ticket, as a fragment; by a post, that this tab is, too."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    row = get_object_or_404(queries.visible_to(user), pk=number)
    if request.method == "POST":
        return _noted(request, row, user)
    htmx = getattr(request, "htmx", None)
    if htmx and htmx.target == f"on-{row.pk}":
        who = onticket.replying([row.pk], user).get(row.pk, "")
        found = {"ticket": row, "url": row.get_absolute_url(), "who": who}
        return render(request, "tickets/on.jinja", found, using="jinja2")
    context = onticket.context(row, user, timezone.now(), onticket.chat_of(row))
    said = {"ticket": row, "zone": zone_of(user), **context}
    return render(request, "tickets/_presence.jinja", said, using="jinja2")


def _noted(request: HttpRequest, row: Ticket, user: User) -> HttpResponse:
    data, now = request.POST, timezone.now()
    tab, doing, seen = data.get("tab", ""), data.get("doing", ""), data.get("seen", "")
    if not TAB.match(tab) or doing not in (*onticket.RANK, LEFT):
        return HttpResponse(status=400)
    if doing == LEFT:
        onticket.leave(row, user, tab=tab)
        return HttpResponse(status=204)
    mode = {"replying": "reply", "noting": "note"}.get(doing)
    if mode and not may(user, "reply", {"mode": mode}):
        doing = "looking"  # nobody is told that somebody answers who cannot
    onticket.note(row, user, tab=tab, doing=doing, now=now)
    if seen.isascii() and seen.isdigit() and len(seen) < 16:
        onticket.read(row, user, tab=tab, message=int(seen), now=now)
    return HttpResponse(status=204)
