"""Dead letters: what could not be read or sent, and what a person decides about it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.channels.models import Delivery
from inbox.common.work import Actor
from inbox.operations import receiving
from inbox.outbox import deciding as outbox
from inbox.outbox import queries as outgoing_queries
from inbox.tickets.errors import VerbError
from inbox.web.page import page

MOST = 100
DECISIONS = {
    "approve": outbox.approve,
    "discard": outbox.discard,
    "mark_sent": outbox.mark_sent,
    "send_again": outbox.send_again,
    "retry": outbox.retry,
    "undo": outbox.undo,
}


@login_required
@require_safe
def dead_letters(request: HttpRequest) -> HttpResponse:
    """Failed deliveries (admins), failed, held and uncertain outgoing."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    failed = Delivery.objects.filter(state__in=["failed", "unknown"]).select_related("channel")
    stuck = outgoing_queries.stuck(user).select_related("ticket", "channel")
    manages = can(user, Right.MANAGE)
    context = {
        "deliveries": failed.defer("body").order_by("-id")[:MOST] if manages else [],
        "outgoing": stuck.order_by("-id")[:MOST],
    }
    return page(request, "pages/dead_letters.html", context)


@login_required
@require_POST
def decide_delivery(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Retry or ignore a delivery."""
    row = get_object_or_404(Delivery.objects.defer("body"), pk=pk)
    if verb == "retry":
        messages.success(request, f"Delivery {pk}: {receiving.replay(pk, now=timezone.now())}.")
    else:
        receiving.ignore(row)
        messages.success(request, f"Delivery {pk} is left alone.")
    return HttpResponseRedirect(reverse("dead-letters"))


@login_required
@require_POST
def decide_outgoing(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Retry, send again, mark sent, discard or approve what leaves; undo what has not left."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    act = DECISIONS.get(verb)
    if act is None:
        raise Http404
    row = get_object_or_404(outgoing_queries.visible_to(user), pk=pk)
    back = verb == "undo" and row.kind == outbox.REPLY and row.message_id is not None
    try:
        with pipeline.change(Actor.user(user)):
            act(row)
        messages.success(request, "It did not leave; your words are back." if back else "Done.")
    except VerbError as error:
        messages.error(request, error.text)
    if request.POST.get("from") == "ticket" and row.ticket_id:
        words = "#words" if back else ""
        return HttpResponseRedirect(reverse("ticket", args=[row.ticket_id]) + words)
    if request.POST.get("from") == "issues":
        return HttpResponseRedirect(reverse("issue-new"))
    return HttpResponseRedirect(reverse("dead-letters"))
