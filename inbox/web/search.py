"""The search page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.search.services import search as find
from inbox.search.services import snippet
from inbox.web.page import page, zone_of
from inbox.web.queue import row_of

WITH_SNIPPET = 20


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Tickets that hold the words, newest first."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    text = request.GET.get("q", "").replace("\x00", "")[:2000]
    now, zone = timezone.now(), zone_of(user)
    found = find(user, text) if text.strip() else []
    rows = [
        (row_of(ticket, now, zone), snippet(ticket, text) if n < WITH_SNIPPET else "")
        for n, ticket in enumerate(found)
    ]
    return page(request, "search/search.html", {"q": text, "rows": rows}, fragments={"results"})
