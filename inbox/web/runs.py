"""The page of a run: what is next, who does it, what was done; live for all who have it open."""

import re
import secrets
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common import live, presence
from inbox.playbooks.models import Playbook, Run, RunStep
from inbox.playbooks.queries import visible_to
from inbox.tickets.errors import VerbError
from inbox.web import runlog, runshape
from inbox.web.eventform import typed
from inbox.web.guard import entered
from inbox.web.menus import menus
from inbox.web.page import page, zone_of

TAB = re.compile(r"^[0-9a-f]{8,32}$")
HERE_SECONDS = 40.0  # a page says so every 15 seconds
MOST_LINES, MOST_OTHERS = 60, 4


@login_required
@require_safe
def run_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One run."""
    return show(request, found(request, pk))


def found(request: HttpRequest, pk: int) -> Run:
    """The run at an address, where its reader may see it."""
    rows = visible_to(entered(request)).select_related("playbook", "event", "ticket", "started_by")
    return get_object_or_404(rows, pk=pk)


def show(request: HttpRequest, run: Run, problem: VerbError | None = None) -> HttpResponse:
    """The page, or what htmx renews of it; a mistake stands above the steps."""
    user = entered(request)
    context = {**_context(run, user), "problem": problem}
    status = 422 if problem else 200
    return page(request, "playbooks/run.html", context, fragments={"run"}, status=status)


def _context(run: Run, user: User) -> dict[str, Any]:
    now, zone, known = timezone.now(), zone_of(user), menus()
    people: list[User] = known["agents"]
    rows = list(RunStep.objects.filter(run=run).select_related("owner", "done_by"))
    lines = runshape.lines(run, rows, now, zone)
    template, progress = run.template, runshape.progress(lines)
    entries = list(run.entries.select_related("step").order_by("-pk")[:MOST_LINES])
    names = {one.username: one.display_name for one in people}
    return {
        "run": run,
        "template": template,
        "lines": lines,
        "parts": runshape.parts(run, rows, {one.pk: one for one in people}),
        "people": people,
        "progress": progress,
        "status": status(run, lines, zone),
        "log": runlog.lines(run, entries, names),
        "spent": runlog.spent(run),
        "cues": [cue for cue in template.cues if not cue.step],
        "known": _known(run),
        "others": Playbook.objects.filter(active=True).exclude(pk=run.playbook_id)[:MOST_OTHERS],
        "ticket": run.ticket,
        "anchor": typed(run.anchor_at, zone),
        "may_act": can(user, Right.ACT),
        "tab": secrets.token_hex(8),
    }


def _known(run: Run) -> list[dict[str, Any]]:
    """The fields of a run with what is in them; a list has a line for each."""
    found = []
    for one in run.template.fields:
        value = run.values.get(one.key) or ""
        text = "\n".join(map(str, value)) if isinstance(value, list) else value
        found.append({"key": one.key, "label": one.label, "kind": one.kind, "help": one.help,
                      "value": text})  # fmt: skip
    return found


def status(run: Run, lines: list[runshape.Line], zone: str) -> str:
    """Where a run stands, as text for a message to others."""
    said = [f"{run.title}: {run.get_state_display().lower()}"]
    for line in lines:
        mark = {"done": "x", "skipped": "-"}.get(line.row.state, " ")
        who = f" ({line.row.owner.display_name})" if line.row.owner else ""
        said.append(f"[{mark}] {line.step.title}{who}: {line.fuse.words}")
    return "\n".join(said)


# ------------------------------------------------------------------ who is here


@login_required
@require_POST
def here(request: HttpRequest, pk: int) -> HttpResponse:
    """This tab has the run open, or is closed; the answer is who else is here."""
    user, run = entered(request), found(request, pk)
    tab, place = request.POST.get("tab", ""), f"run:{run.pk}"
    if not TAB.match(tab):
        return HttpResponse(status=400)
    who = f"{user.pk}:{tab}"
    if request.POST.get("left"):
        if presence.leave(place, who) is not None:
            live.signal("run_here", run=run.pk)
        return HttpResponse(status=204)
    value = {"user": user.pk, "name": user.display_name}
    if presence.note(place, who, seconds=HERE_SECONDS, value=value) is None:
        live.signal("run_here", run=run.pk)
    there = presence.at(place)[0].values()
    others = {one["user"]: one["name"] for one in there if one["user"] != user.pk}
    return render(request, "playbooks/_here.html", {"others": sorted(others.items())})
