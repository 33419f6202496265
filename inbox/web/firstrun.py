"""The first run: a list of what makes the installation one's own, done on the page itself."""

from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from inbox.audit import services as audit
from inbox.channels import registry
from inbox.channels.models import Channel
from inbox.common.config import change_setting, setting
from inbox.common.queue import Job, enqueue
from inbox.operations import firstrun
from inbox.tickets.errors import VerbError
from inbox.web.guard import entered
from inbox.web.page import page

FIRST_KINDS = ("slack", "email", "github", "livechat")


@login_required
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What is done, and the next thing to do opened."""
    return _show(request)


def _show(request: HttpRequest, problem: VerbError | None = None) -> HttpResponse:
    user = entered(request)
    steps = firstrun.steps()
    todo = [step for step in steps if not step.is_done]
    mine = user.timezone or "Europe/Lisbon"
    hours = dict(firstrun.hours())
    context: dict[str, Any] = {
        "steps": steps,
        "done": len(steps) - len(todo),
        "next": todo[0].key if todo else "",
        "name": setting("team_name"),
        "hours": {**hours, "zone": hours["zone"] or mine},
        "zones": sorted(zone for zone in available_timezones() if "/" in zone),
        "days": [(day, day.capitalize()) for day in firstrun.DAYS],
        "kinds": _kinds(),
        "hidden": setting("start_hidden"),
        "problem": problem,
    }
    return page(request, "start/start.html", context, status=422 if problem else 200)


def _kinds() -> list[tuple[Any, str]]:
    """(kind, key of its first connection) of what people ask in, as far as it is installed.

    The shipped handbook names mailboxes that wait for their credentials: those go first.
    """
    known = registry.all_kinds()
    waiting = dict(Channel.objects.order_by("-pk").values_list("kind", "key"))
    return [(known[kind], waiting.get(kind, "main")) for kind in FIRST_KINDS if kind in known]


@login_required
@require_POST
def act(request: HttpRequest, verb: str) -> HttpResponse:
    """Keep one step's answer, or put the list away and fetch it again."""
    if verb not in VERBS:
        raise Http404
    try:
        with transaction.atomic():
            messages.success(request, VERBS[verb](request))
            audit.record(entered(request), "start.done", verb, request=request)
    except VerbError as error:
        return _show(request, error)
    return HttpResponseRedirect(reverse("home" if verb == "hide" else "start"))


def _team(request: HttpRequest) -> str:
    firstrun.name_team(request.POST.get("name", ""))
    return f"This is the desk of {setting('team_name')}."


def _hours(request: HttpRequest) -> str:
    data = request.POST
    firstrun.set_hours(
        zone=data.get("zone", ""),
        days=data.getlist("days"),
        opens=data.get("opens", ""),
        closes=data.get("closes", ""),
        holidays=data.get("holidays", ""),
    )
    return "SLAs run in these hours from now on."


def _handbook(request: HttpRequest) -> str:
    enqueue(Job.HANDBOOK, 0)
    return "The handbook is being loaded; this takes a few seconds."


def _hide(request: HttpRequest) -> str:
    change_setting("start_hidden", value=True)
    return "The list is put away. It stays at /start/."


def _show_again(request: HttpRequest) -> str:
    change_setting("start_hidden", value=False)
    return "The list is on the queue again until it is done."


VERBS = {
    "team": _team,
    "hours": _hours,
    "handbook": _handbook,
    "hide": _hide,
    "again": _show_again,
}
