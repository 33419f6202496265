"""Splitting on the desk: choose messages, name the new ticket, see who it is from, do it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from inbox.accounts.models import User
from inbox.tickets import queries, splitting
from inbox.tickets.errors import VerbError
from inbox.web import verbs
from inbox.web.page import page

MOST = 200
PAGE = "tickets/split.html"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, number: int) -> HttpResponse:
    """Choose what leaves and see the new ticket; a post makes it."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    if request.method == "POST":
        answer: HttpResponse = verbs.do(request, number, "split")
        return answer
    row = get_object_or_404(
        queries.visible_to(user).select_related("channel", "asker__contact"), pk=number
    )
    given = [text for text in request.GET.getlist("message") if text.isascii()]
    chosen = {int(text) for text in given if text.isdigit() and len(text) < 16}
    context: dict[str, Any] = {
        "ticket": row,
        "chosen": chosen,
        "subject": request.GET.get("subject", "")[:250],
        "messages_here": row.messages.select_related("author").order_by("-sent_at", "-pk")[:MOST],
        "most": MOST,
    }
    if chosen:
        context |= _previewed(row, chosen, context["subject"])
    return page(request, PAGE, context, fragments={"split-preview"})


def _previewed(row: Any, chosen: set[int], subject: str) -> dict[str, Any]:
    try:
        moved = splitting.leaving(row, sorted(chosen))
    except VerbError as error:
        return {"problem": error.text}
    asker = splitting.asker_of(moved) or row.asker
    return {
        "moved": moved,
        "asker": asker,
        "stays": row.message_count - len(moved),
        "becomes": subject.strip() or moved[0].subject or row.subject,
    }
