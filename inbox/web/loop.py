"""The loop: what is told when a release is out, who waits for which version, who was told."""

from collections.abc import Callable
from itertools import groupby

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.loop import notices, queries
from inbox.loop.models import LoopNotice
from inbox.outbox import deciding, drafts
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.web.guard import entered
from inbox.web.page import page

MOST = 200  # drafts on a page; what is decided makes room for the next


@login_required
@require_safe
def loop(request: HttpRequest) -> HttpResponse:
    """Drafts by release, then who waits, then who was told (S62, L25)."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    rows = queries.drafts(user)
    waiting, count = list(rows[:MOST]), rows.count()
    context = {
        "releases": [(key, list(rows)) for key, rows in groupby(waiting, lambda n: n.release)],
        "more": max(0, count - MOST),
        "unreleased": queries.unreleased(user),
        "still_open": queries.still_open(user),
        "told": list(queries.told(user)),
        "may_send": _may_send(user),
        "longest": drafts.LONGEST,
    }
    return page(request, "loop/loop.html", context)


def _may_send(user: User) -> bool:
    return can(user, Right.REPLY)


@login_required
@require_POST
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Approve, reword or discard one draft; take an approval or a discarding back."""
    user = entered(request)
    notice = get_object_or_404(queries.visible_to(user), pk=pk)
    act = VERBS.get(verb)
    if act is None:
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            messages.success(request, act(notice, request.POST))
    except VerbError as error:
        messages.error(request, error.text)
    return HttpResponseRedirect(reverse("loop"))


@login_required
@require_POST
def approve_all(request: HttpRequest) -> HttpResponse:
    """Approve the drafts that the page showed, in its words; what came since waits for eyes."""
    user = entered(request)
    shown = [int(pk) for pk in request.POST.getlist("notice") if pk.isascii() and pk.isdigit()]
    sent, troubles = 0, []
    for notice in queries.drafts(user).filter(pk__in=shown[:MOST]):
        try:
            with pipeline.change(Actor.user(user)):
                _approve(notice, request.POST)
            sent += 1
        except VerbError as error:
            troubles.append(f"{notice.contact}: {error.text}")
    if troubles:
        rest = f" And {len(troubles) - 3} more." if len(troubles) > 3 else ""
        messages.error(request, " ".join(troubles[:3]) + rest)
    if sent:
        messages.success(request, f"{sent} on their way. Undo below, {_seconds()} seconds long.")
    return HttpResponseRedirect(reverse("loop"))


def _seconds() -> int:
    return int(setting("undo_seconds"))


def _words(notice: LoopNotice, data: QueryDict) -> None:
    """The form of a release has the words of each of its drafts."""
    text = data.get(f"text-{notice.pk}")
    if text is not None:
        drafts.reword(notice.outgoing, text)


def _approve(notice: LoopNotice, data: QueryDict) -> str:
    _words(notice, data)
    deciding.approve(notice.outgoing, delay_seconds=_seconds())
    return f"On its way to {notice.contact}. Undo below, {_seconds()} seconds long."


def _reword(notice: LoopNotice, data: QueryDict) -> str:
    _words(notice, data)
    return "Saved. It still waits for approval."


def _discard(notice: LoopNotice, data: QueryDict) -> str:
    if not drafts.is_unsaid(notice.outgoing):
        raise NotAllowed("Somebody else decided this a moment ago.")
    _words(notice, data)
    deciding.discard(notice.outgoing)
    return f"{notice.contact} is not told. Put it back below."


def _undo(notice: LoopNotice, data: QueryDict) -> str:
    notices.undo(notice)
    return f"What {notice.contact} is told waits for approval again."


VERBS: dict[str, Callable[[LoopNotice, QueryDict], str]] = {
    "approve": _approve,
    "reword": _reword,
    "discard": _discard,
    "undo": _undo,
}
