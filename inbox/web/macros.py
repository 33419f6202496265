"""The macros that fit a ticket: a panel of the composer, and a page of its own without scripts."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.macros import queries as macros
from inbox.macros.services import render
from inbox.macros.services import values as value_of
from inbox.macros.wording import fill
from inbox.tickets import queries
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from inbox.web import macroing
from inbox.web.page import page
from inbox.web.ticket import show

PAGE = "tickets/macros.html"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ticket_macros(request: HttpRequest, number: int) -> HttpResponse:
    """Look for a macro; `use` puts its words into the composer, `run` does what has no words."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    rows = queries.visible_to(user).select_related("channel", "asker__contact")
    row = get_object_or_404(rows, pk=number)
    if request.method == "POST" and "use" in request.POST:
        return _use(request, row, user)
    if request.method == "POST" and "run" in request.POST:
        return _run(request, row, user)
    return _list(request, row, user)


def _list(request: HttpRequest, row: Ticket, user: User) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    q = given.get("macro_q", "")[:200]
    fitting = list(macros.for_ticket(user, row, q=q))
    values = value_of(row, user, "\n".join(macro.text for macro in fitting))
    found = [(macro, fill(macro.text, values).text) for macro in fitting]
    groups = [
        (f"For {row.channel.type.label.lower()}", [one for one in found if one[0].channels]),
        ("Everywhere", [one for one in found if not one[0].channels]),
    ]
    context: dict[str, Any] = {
        "ticket": row,
        "groups": [(name, rows) for name, rows in groups if rows],
        "macro_q": q,
        "draft": given,
        "used": macroing.used_in(request.POST, user),
    }
    return page(request, PAGE, context, fragments={"macro-list"})


def _use(request: HttpRequest, row: Ticket, user: User) -> HttpResponse:
    macro = macros.find(user, row, request.POST["use"])
    if macro is None:
        raise Http404
    words = render(macro, row, user)
    used = macroing.chosen(macro, macroing.used_in(request.POST, user), words.missing)
    htmx = getattr(request, "htmx", None)
    if htmx and htmx.target == "macro-used":
        context = {"used": used, "inserted": words.text}
        return page(request, "tickets/macros.html", context, fragments={"macro-used"})
    return _written(request, row, words.text, used)


def _written(
    request: HttpRequest, row: Ticket, text: str, used: macroing.Used | None
) -> HttpResponse:
    """The ticket's page with the words behind what was written before."""
    before = request.POST.get("body", "").rstrip()
    draft = QueryDict(mutable=True)
    draft.update(request.POST.dict())
    draft["body"] = "\n\n".join(part for part in (before, text) if part)
    at = reverse("ticket", args=[row.pk])
    return show(request, row.pk, draft=draft, used=used, path=at)


def _run(request: HttpRequest, row: Ticket, user: User) -> HttpResponse:
    before = macroing.used_in(request.POST, user)
    try:
        with pipeline.change(Actor.user(user)):
            said = macroing.run(row, request.POST["run"], user)
    except VerbError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, said)
    if request.POST.get("body", "").strip():
        return _written(request, row, "", before)
    return HttpResponseRedirect(reverse("ticket", args=[row.pk]))
