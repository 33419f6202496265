"""Many tickets at once: the press, its progress, and undo, also of single steps."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.bulk import services as bulk
from inbox.bulk.models import BulkRun
from inbox.common.queue import Job, enqueue
from inbox.common.work import Actor
from inbox.operations import bulkruns
from inbox.tickets import queries
from inbox.tickets.errors import VerbError
from inbox.web import queue as desk
from inbox.web import toasts
from inbox.web.filtering import Filters
from inbox.web.guard import entered
from inbox.web.page import page, zone_of
from inbox.web.snoozes import until_of

AT_ONCE = 50  # so many are done before the answer; more of them are a job


@login_required
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Do one thing to the checked tickets, or to everything that the filter shows now."""
    user = entered(request)
    data = request.POST

    def begin() -> BulkRun:
        name, params = _asked(data, user)
        numbers, gone = _numbers(data, user)
        return bulk.begin(user, name, {**params, "gone": gone}, numbers)

    return _begun(request, user, begin)


@login_required
@require_POST
def undo(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Take a step of one's own back; without a number the last one."""
    user = entered(request)
    return _begun(request, user, lambda: bulk.undo(user, pk))


def _begun(request: HttpRequest, user: User, begin: Callable[[], BulkRun]) -> HttpResponse:
    """Begin a run; what is long goes on in a worker."""
    try:
        with pipeline.change(Actor.user(user)):
            run = begin()
            if run.items.count() > AT_ONCE:
                enqueue(Job.BULK, run.pk)
    except VerbError as error:
        return _refused(request, error)
    return _worked(request, run)


@login_required
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a run of one's own is: a page, or the toast that asks again."""
    user = entered(request)
    run = get_object_or_404(BulkRun, pk=pk, user=user)
    htmx = getattr(request, "htmx", None)
    if htmx and htmx.target == f"run-{pk}":
        return toasts.of_run(request, run)
    found = bulk.progress(run)
    context = {"progress": found, "said": toasts.words(found), "undo": toasts.undo_of(run)}
    return page(request, "tickets/run.html", context)


@login_required
@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many tickets “all of them” would be, as a fragment of the bar."""
    user = entered(request)
    n = desk.whole(user, Filters(request.GET, user))[: bulk.MOST_TICKETS + 1].count()
    most = n > bulk.MOST_TICKETS
    return render(request, "tickets/_all.html", {"n": min(n, bulk.MOST_TICKETS), "most": most})


def _worked(request: HttpRequest, run: BulkRun) -> HttpResponse:
    bulkruns.work_on(run.pk, now=timezone.now(), most=AT_ONCE)
    run.refresh_from_db()
    if toasts.wanted(request):
        return toasts.of_run(request, run)
    found = bulk.progress(run)
    if found.active:
        return HttpResponseRedirect(reverse("bulk-run", args=[run.pk]))
    said = ", ".join([toasts.words(found), *(f"{n}: {why}" for why, n in found.reasons)])
    can_undo = found.changed and not found.undoing
    toasts.say(request, said, undo=toasts.undo_of(run) if can_undo else "")
    return HttpResponseRedirect(_back(request))


def _refused(request: HttpRequest, error: VerbError) -> HttpResponse:
    if toasts.wanted(request):
        return toasts.answer(request, error.text, bad=True, status=422)
    messages.error(request, error.text)
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return reverse("queue")


# ------------------------------------------------------------------ which tickets


def _numbers(data: QueryDict, user: User) -> tuple[list[int], int]:
    """The tickets that are meant, and how many of the checked ones are not there any more."""
    if data.get("all"):
        return _matching(QueryDict(data.get("filter", "").lstrip("?")), user), 0
    given = [text for text in data.getlist("ticket") if text.isascii() and text.isdigit()]
    wanted = {int(text) for text in given if len(text) < 16}
    there = queries.visible_to(user).filter(pk__in=wanted).values_list("pk", flat=True)
    numbers = list(there)
    return numbers, len(wanted) - len(numbers)


def _matching(address: QueryDict, user: User) -> list[int]:
    """Every ticket of a list, however many its page shows, chosen now."""
    rows = desk.whole(user, Filters(address, user)).order_by("number")
    return list(rows.values_list("number", flat=True)[: bulk.MOST_TICKETS + 1])


# ------------------------------------------------------------------ what to do


def _asked(data: QueryDict, user: User) -> tuple[str, dict[str, Any]]:
    """The operation of the pressed button (`close:answered`) with what stands in its fields."""
    name, _, value = data.get("do", "").partition(":")
    read = READ.get(name)
    return name, read(data, value, user) if read else {}


def _snooze(data: QueryDict, value: str, user: User) -> dict[str, Any]:
    given = {"until": value, "at": data.get("at", "")}
    until = until_of(given, zone_of(user))
    mode = "reply" if value == "reply" else data.get("mode") or "time"
    return {"until": until.isoformat(), "mode": mode, "choice": value[:20]}


READ: dict[str, Callable[[QueryDict, str, User], dict[str, Any]]] = {
    "assign": lambda data, value, user: {"to": user.username if value == "me" else value},
    "category": lambda data, value, user: {"name": (value or data.get("category", ""))[:120]},
    "tag": lambda data, value, user: {"names": data.get("tags", "")[:500]},
    "untag": lambda data, value, user: {"names": data.get("tags", "")[:500]},
    "status": lambda data, value, user: {"to": value},
    "priority": lambda data, value, user: {"to": value},
    "close": lambda data, value, user: {"resolution": value or "answered"},
    "hold": lambda data, value, user: {"reason": data.get("reason", "")[:500]},
    "macro": lambda data, value, user: {"key": value},
    "snooze": _snooze,
}
