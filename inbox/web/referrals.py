"""What product should see, and what is kept for the office hours: lists that somebody works off."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.permissions import Right, can
from inbox.common.work import Actor
from inbox.community import queries, referring
from inbox.community.models import ReferralState, TopicState
from inbox.tickets.errors import VerbError
from inbox.web.guard import entered
from inbox.web.onpaper import paged
from inbox.web.page import page

PER_PAGE = 30


@login_required
@require_safe
def referrals(request: HttpRequest) -> HttpResponse:
    """What was referred to product, by how far it is (S46)."""
    return show_referrals(request)


def show_referrals(request: HttpRequest, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The list, also as the answer to a form with a mistake."""
    user = entered(request)
    rows = queries.referrals(user)
    return _listed(request, "people/referrals.html", rows, ReferralState, status=status, **extra)


@login_required
@require_safe
def topics(request: HttpRequest) -> HttpResponse:
    """What is better talked about live, and who would be thanked by which name (S84, S85)."""
    return _listed(request, "people/topics.html", queries.topics(entered(request)), TopicState)


def _listed(
    request: HttpRequest,
    template: str,
    rows: "QuerySet[Any]",
    states: type[ReferralState | TopicState],
    *,
    status: int = 200,
    **extra: Any,
) -> HttpResponse:
    user, state = entered(request), request.GET.get("state", "")
    state = state if state in states.values else states.values[0]
    counted = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    at = paged(request.GET.get("page", ""))
    found = list(rows.filter(state=state)[PER_PAGE * (at - 1) : PER_PAGE * at + 1])
    context = {
        "state": state,
        "states": [(value, label, counted.get(value, 0)) for value, label in states.choices],
        "rows": found[:PER_PAGE],
        "next_page": at + 1 if len(found) > PER_PAGE else None,
        "acts": can(user, Right.ACT),
        **extra,
    }
    return page(request, template, context, status=status)


@login_required
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """What product made of one; the note goes to the ticket, inside."""
    user, data = entered(request), request.POST
    row = get_object_or_404(queries.referrals(user), pk=pk)
    try:
        with pipeline.change(Actor.user(user)):
            referring.answer(row, state=data.get("state", ""), user=user, note=data.get("note", ""))
    except VerbError as error:
        return show_referrals(request, status=422, problem=error)
    messages.success(request, f"#{row.ticket_id}: {row.get_state_display().lower()}.")
    return HttpResponseRedirect(reverse("referrals"))


@login_required
@require_POST
def settle(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """A topic was talked about, is not needed, or waits again."""
    user = entered(request)
    row = get_object_or_404(queries.topics(user), pk=pk)
    if verb not in TopicState.values:
        raise Http404
    with pipeline.change(Actor.user(user)):
        referring.settle(row, state=verb)
    messages.success(request, f"“{row.topic}”: {row.get_state_display().lower()}.")
    return HttpResponseRedirect(reverse("topics"))
