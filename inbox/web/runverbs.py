"""What people do in a run: one button, one verb; the answer is the run as it is now."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from inbox import pipeline
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common.work import Actor
from inbox.playbooks import acting, events, services
from inbox.playbooks.models import EventState, Run, RunStep
from inbox.tickets.errors import VerbError
from inbox.web import runs
from inbox.web.eventform import moment
from inbox.web.guard import entered
from inbox.web.page import zone_of

MOST_LINES = 100
STREAMS = ("hide_stream", "show_stream")


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One of the buttons of a run or of one of its steps."""
    user, run, do = entered(request), runs.found(request, pk), VERBS.get(verb)
    if do is None:
        raise Http404
    htmx = getattr(request, "htmx", None)
    try:
        with pipeline.change(Actor.user(user)):
            do(run, request.POST, user)
    except VerbError as error:
        return runs.show(request, runs.found(request, pk), error)
    if htmx and htmx.target == "run":
        return runs.show(request, runs.found(request, pk))
    messages.success(request, SAID.get(verb, "Kept."))
    step = request.POST.get("step", "")
    return HttpResponseRedirect(run.get_absolute_url() + (f"#step-{step}" if step else ""))


def _step(run: Run, data: QueryDict) -> RunStep:
    return get_object_or_404(RunStep, run=run, key=data.get("step", "").replace("\x00", "")[:50])


def _note(data: QueryDict, name: str = "note") -> str:
    return data.get(name, "").replace("\x00", "").strip()[:300]


def _person(data: QueryDict) -> User | None:
    name = data.get("user", "").replace("\x00", "")
    if not name:
        return None
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise VerbError("There is no such account.", field="user")
    return user


def _done(run: Run, data: QueryDict, user: User) -> None:
    services.finish_step(_step(run, data), note=_note(data))


def _skip(run: Run, data: QueryDict, user: User) -> None:
    services.skip_step(_step(run, data), note=_note(data, "why"))


def _reopen(run: Run, data: QueryDict, user: User) -> None:
    services.reopen_step(_step(run, data))


def _confirm(run: Run, data: QueryDict, user: User) -> None:
    services.confirm_gate(_step(run, data))


def _choose(run: Run, data: QueryDict, user: User) -> None:
    services.choose_branch(_step(run, data), option=data.get("option", ""))


def _ack(run: Run, data: QueryDict, user: User) -> None:
    services.acknowledge(_step(run, data))


def _act(run: Run, data: QueryDict, user: User) -> None:
    step = _step(run, data)
    action = step.step.action
    if action is not None and action.kind in STREAMS and not can(user, Right.STREAMS):
        raise VerbError("You may not change who sees a stream.")
    acting.act(step)


def _own(run: Run, data: QueryDict, user: User) -> None:
    services.assign_step(_step(run, data), user=_person(data))


def _bind(run: Run, data: QueryDict, user: User) -> None:
    services.bind_role(run, role=data.get("role", ""), user=_person(data))


def _keep(run: Run, data: QueryDict, user: User) -> None:
    services.set_values(run, values=values_of(run.template.fields, data))


def values_of(fields: Any, data: QueryDict) -> dict[str, Any]:
    """What was typed into a playbook's fields; a list has one entry a line."""
    found: dict[str, Any] = {}
    for one in fields:
        text = data.get(f"value-{one.key}")
        if text is None:
            continue
        text = text.replace("\x00", "").replace("\r\n", "\n").strip()
        if one.kind == "list":
            found[one.key] = [line.strip() for line in text.split("\n") if line.strip()][
                :MOST_LINES
            ]
        else:
            found[one.key] = text[:5000]
    return found


def _move(run: Run, data: QueryDict, user: User) -> None:
    at = moment(data.get("anchor_at", ""), zone_of(user), field="anchor_at")
    event = run.event
    if event and event.state == EventState.PLANNED and event.starts_at == run.anchor_at:
        events.move(event, starts_at=at)  # what is announced is the event's time
    else:
        services.reschedule(run, anchor_at=at)


def _finish(run: Run, data: QueryDict, user: User) -> None:
    services.finish(run)


def _cancel(run: Run, data: QueryDict, user: User) -> None:
    services.cancel(run, reason=data.get("reason", "").replace("\x00", "").strip())


def _resume(run: Run, data: QueryDict, user: User) -> None:
    services.resume(run)


VERBS: dict[str, Callable[[Run, QueryDict, User], None]] = {
    "done": _done,
    "skip": _skip,
    "reopen": _reopen,
    "confirm": _confirm,
    "choose": _choose,
    "ack": _ack,
    "act": _act,
    "own": _own,
    "bind": _bind,
    "keep": _keep,
    "move": _move,
    "finish": _finish,
    "cancel": _cancel,
    "resume": _resume,
}
SAID = {
    "done": "Done. You can take it back.",
    "skip": "Left out. You can take it back.",
    "reopen": "It is open again.",
    "bind": "The role has changed.",
    "move": "All steps have moved.",
    "finish": "Finished.",
    "cancel": "Cancelled: nothing of it is due any more.",
    "resume": "It goes on.",
}
