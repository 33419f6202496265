"""The loop: what is told when a release is out, who waits for which version, who was told."""

from itertools import groupby

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import Role, User
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.loop import queries
from inbox.loop.models import LoopNotice
from inbox.outbox import deciding, drafts
from inbox.tickets.errors import VerbError
from inbox.web.page import page


@login_required
@require_safe
def loop(request: HttpRequest) -> HttpResponse:
    """Drafts by release, then who waits, then who was told (S62, L25)."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    waiting = list(queries.drafts(user))
    context = {
        "releases": [(key, list(rows)) for key, rows in groupby(waiting, lambda n: n.release)],
        "drafts": len(waiting),
        "unreleased": queries.unreleased(user),
        "still_open": queries.still_open(user),
        "told": list(queries.told(user)),
        "may_send": _may_send(user),
        "undo_seconds": setting("undo_seconds"),
    }
    return page(request, "loop/loop.html", context)


def _may_send(user: User) -> bool:
    return user.is_admin or user.role == Role.AGENT


@login_required
@require_POST
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Approve, reword or discard one draft; take one back that has not left."""
    user = _sender(request)
    notice = get_object_or_404(_visible(user), pk=pk)
    say = {"approve": _approve, "reword": _reword, "discard": _discard, "undo": _discard}.get(verb)
    if say is None:
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            messages.success(request, say(notice, request))
    except VerbError as error:
        messages.error(request, error.text)
    return HttpResponseRedirect(reverse("loop"))


@login_required
@require_POST
def approve_all(request: HttpRequest) -> HttpResponse:
    """Approve the drafts whose numbers the page showed; what came since waits for eyes."""
    user = _sender(request)
    shown = [int(pk) for pk in request.POST.getlist("notice") if pk.isdigit()]
    sent = 0
    for notice in queries.drafts(user).filter(pk__in=shown):
        try:
            with pipeline.change(Actor.user(user)):
                _approve(notice, request)
            sent += 1
        except VerbError as error:
            messages.error(request, f"{notice.contact}: {error.text}")
    messages.success(request, f"{sent} on their way. Undo below, {_seconds()} seconds long.")
    return HttpResponseRedirect(reverse("loop"))


def _sender(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User) or not _may_send(user):
        raise Http404
    return user


def _visible(user: User) -> QuerySet[LoopNotice]:
    return queries.drafts(user) | queries.unsent(user)


def _seconds() -> int:
    return int(setting("undo_seconds"))


def _approve(notice: LoopNotice, request: HttpRequest) -> str:
    if request.POST.get("text"):
        drafts.reword(notice.outgoing, request.POST["text"])
    deciding.approve(notice.outgoing, delay_seconds=_seconds())
    return f"On its way to {notice.contact}. Undo below, {_seconds()} seconds long."


def _reword(notice: LoopNotice, request: HttpRequest) -> str:
    drafts.reword(notice.outgoing, request.POST.get("text", ""))
    return "Saved. It still waits for approval."


def _discard(notice: LoopNotice, request: HttpRequest) -> str:
    deciding.discard(notice.outgoing)
    return f"{notice.contact} is not told."
