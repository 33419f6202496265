"""Actions that a worker does outside of any change: claimed with a lease, recorded once."""

from datetime import datetime, timedelta
from typing import Any

from inbox.accounts.models import User
from inbox.playbooks import acting
from inbox.playbooks.models import ActionStep, Run, RunState, RunStep
from inbox.playbooks.running import BY_ITSELF
from inbox.tickets.errors import VerbError

LEASE = timedelta(seconds=90)
AT_ONCE = 200


def due_ids(now: datetime) -> list[int]:
    """Steps that a worker has still to act for, and those whose worker was lost."""
    rows = RunStep.objects.filter(action_state=ActionStep.QUEUED, lease_until__lte=now)
    return list(rows.order_by("lease_until").values_list("pk", flat=True)[:AT_ONCE])


def claim(pk: int, *, now: datetime) -> RunStep | None:
    """Take a step for a while; None when there is nothing to do or somebody is at it."""
    waiting = RunStep.objects.filter(
        pk=pk, action_state=ActionStep.QUEUED, outgoing=None, lease_until__lte=now
    )
    if not waiting.update(lease_until=now + LEASE):
        return None
    rows = RunStep.objects.select_related(
        "owner", "run__event__series", "run__ticket", "run__started_by"
    )
    return rows.get(pk=pk)


def done(claimed: RunStep, *, result: dict[str, Any], error: str) -> bool:
    """Record what became of it, unless another worker took it over. Inside a change."""
    row = acting.held(claimed.pk)
    if row is None or row.lease_until != claimed.lease_until:
        return False
    if error:
        acting.failed(row, error)
    elif not result or "form" in result:
        _go_on(row, result)
    else:
        acting.succeeded(row, **result)
    return True


def _go_on(row: RunStep, result: dict[str, Any]) -> None:
    """What had to be asked first is known: now it leaves, unless nobody wants it any more."""
    if row.is_over or row.run.state != RunState.RUNNING:
        row.action_state, row.lease_until = ActionStep.NONE, None
        row.save(update_fields=["action_state", "lease_until"])
        return
    row.result, row.lease_until = {**row.result, **result}, None
    try:
        acting.do(row)
    except VerbError as error:
        acting.failed(row, error.text)
    else:
        row.save()


def asked_by(row: RunStep) -> User | None:
    """Who pressed the button last, or did what let it begin by itself."""
    pressed = row.entries.filter(kind__in=("action", BY_ITSELF)).order_by("-pk").first()
    return pressed.actor_user if pressed else None


def hidden_in(run: Run) -> str:
    """The stream that a step of this run has made private, or ""."""
    rows = run.steps.filter(action_state=ActionStep.DONE).exclude(result={})
    found = [row.result.get("stream", "") for row in rows.order_by("-position")]
    return next((str(stream) for stream in found if stream), "")
