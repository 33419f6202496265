"""Playbooks and their runs, to be read."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from inbox.accounts.models import User
from inbox.api.auth import account
from inbox.api.rooms import paged
from inbox.api.tickets import reading
from inbox.playbooks import services
from inbox.playbooks.models import Playbook, Run, RunEntry, RunState, RunStep
from inbox.playbooks.queries import visible_to

ANY = OpenApiTypes.OBJECT
Json = dict[str, Any]


@extend_schema(responses={200: ANY}, operation_id="playbooks_list")
@reading
def playbooks(request: Request) -> Response:
    """What can be followed, with its definition; newest first."""
    return paged(Playbook.objects.order_by("-pk"), request, _playbook)


@extend_schema(
    parameters=[OpenApiParameter("state", str)], responses={200: ANY}, operation_id="runs_list"
)
@reading
def runs(request: Request) -> Response:
    """What is followed now or was, newest first; about tickets only those that one may see."""
    rows = _runs(request)
    if state := request.query_params.get("state"):
        if state not in RunState.values:
            raise ValidationError({"state": [f"Use one of {', '.join(RunState.values)}."]})
        rows = rows.filter(state=state)
    return paged(rows, request, _run, {"state"})


@extend_schema(responses={200: ANY}, operation_id="runs_retrieve")
@reading
def run(request: Request, pk: int) -> Response:
    """One run with its steps, its log and its times."""
    row = get_object_or_404(_runs(request), pk=pk)
    steps = row.steps.select_related("owner", "done_by")
    return Response(
        {
            **_run(row),
            "roles": _names(row),
            "values": row.values,
            "steps": [_step(step, row) for step in steps],
            "log": [_entry(entry) for entry in row.entries.select_related("step")],
            "durations": [
                {"key": one.key, "label": one.label, "seconds": one.seconds}
                for one in services.durations(row)
            ],
        }
    )


def _runs(request: Request) -> Any:
    user = account(request)
    return visible_to(user).select_related("playbook", "started_by")


def _names(row: Run) -> dict[str, str]:
    people = dict(User.objects.filter(pk__in=row.roles.values()).values_list("pk", "username"))
    return {role: people[pk] for role, pk in row.roles.items() if pk in people}


def _playbook(row: Playbook) -> Json:
    return {
        "key": row.key,
        "name": row.name,
        "summary": row.summary,
        "active": row.active,
        "definition": row.definition,
    }


def _run(row: Run) -> Json:
    return {
        "id": row.pk,
        "playbook": row.playbook.key,
        "title": row.title,
        "state": row.state,
        "anchor_at": row.anchor_at,
        "event": row.event_id,
        "ticket": row.ticket_id,
        "started_by": row.started_by.username if row.started_by else None,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }


def _step(step: RunStep, row: Run) -> Json:
    return {
        "key": step.key,
        "title": row.template.step(step.key).title,
        "state": step.state,
        "owner": step.owner.username if step.owner else None,
        "due_at": step.due_at,
        "gate": step.gate_state or None,
        "ack_due_at": step.ack_due_at,
        "acked_at": step.acked_at,
        "escalated_at": step.escalated_at,
        "done_at": step.done_at,
        "done_by": step.done_by.username if step.done_by else None,
        "note": step.note,
        "action": {"state": step.action_state, "error": step.action_error, "result": step.result},
    }


def _entry(entry: RunEntry) -> Json:
    return {
        "kind": entry.kind,
        "step": entry.step.key if entry.step else None,
        "actor": entry.actor,
        "at": entry.at,
        "data": entry.data,
    }
