"""Drafts from the browser: kept while somebody writes, shared, taken over, looked at rendered."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.guard import screening
from inbox.outbox.rendering import to_html
from inbox.tickets import drafts, queries
from inbox.tickets.drafts import Draft
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from inbox.web import mentions
from inbox.web.ticket import show


@login_required
@require_http_methods(["GET", "HEAD", "PUT"])
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """Keep somebody's words; asked for, they come with the token that keeps the next ones.

    A page outlives its session: after signing in again its token is an old one.
    """
    row, user = _writer(request, number)
    if request.method != "PUT":
        mine = Draft.objects.filter(ticket=row, user=user).first()
        body = mine.body if mine else ""
        return JsonResponse({"csrf": get_token(request), "body": body})
    data = QueryDict(request.body)
    try:
        with pipeline.change(Actor.user(user)):
            kept = drafts.keep(row, user, **_words(data))
    except VerbError as error:
        return HttpResponse(error.text, status=422, content_type="text/plain")
    return HttpResponse("Draft kept" if kept else "", content_type="text/plain")


@login_required
@require_POST
def do(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """Share one's draft, keep it to oneself again, throw it away, take a colleague's over."""
    row, user = _writer(request, number)
    act = VERBS.get(verb)
    if act is None:
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            messages.success(request, act(row, request.POST, user))
    except VerbError as error:
        return show(request, number, status=422, problem=error, draft=request.POST)
    return HttpResponseRedirect(reverse("ticket", args=[number]) + "#words")


@login_required
@require_POST
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """The words as they will be read: a part of the composer, or the page without scripts."""
    row, _ = _writer(request, number)
    note = request.POST.get("mode") in ("note", "ask")
    names = mentions.names() if note else {}
    html = to_html(request.POST.get("body", ""), mentions=names)
    if getattr(request, "htmx", None):
        shown = {"preview": html, "asked": True}
        return render(request, "tickets/_preview.jinja", shown, using="jinja2")
    return show(request, row.pk, draft=request.POST, preview=html, asked=True)


def _writer(request: HttpRequest, number: int) -> tuple[Ticket, User]:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    row = get_object_or_404(queries.visible_to(user), pk=number)
    return row, user


def _words(data: QueryDict) -> dict[str, str]:
    # what is typed is stored at once: without secrets, whatever becomes of it
    return {"body": screening.clean_text(data.get("body", "")), "mode": data.get("mode") or "reply"}


def _share(row: Ticket, data: QueryDict, user: User) -> str:
    mine = drafts.keep(row, user, **_words(data))
    if mine is None:
        raise VerbError("Write something first.", field="body")
    drafts.share(mine)
    return "Your colleagues see this draft on the ticket and can take it over."


def _unshare(row: Ticket, data: QueryDict, user: User) -> str:
    mine = drafts.keep(row, user, **_words(data))
    if mine is not None:
        drafts.share(mine, shared=False)
    return "Only you see this draft."


def _take(row: Ticket, data: QueryDict, user: User) -> str:
    pk = data.get("draft", "")
    shown = [one for one in drafts.on_page(row, user) if str(one.pk) == pk]
    if not shown:
        raise VerbError("This draft is not shared any more.")
    drafts.take_over(shown[0], user)
    whose = shown[0].by if shown[0].user else "The rule"
    return f"{whose}'s draft is yours now."


def _discard(row: Ticket, data: QueryDict, user: User) -> str:
    drafts.drop(row, user)
    return "The draft is thrown away."


VERBS: dict[str, Callable[[Ticket, QueryDict, User], Any]] = {
    "share": _share,
    "unshare": _unshare,
    "take": _take,
    "discard": _discard,
}
