"""What time brings: steps that are due, signs that did not come. Each of it happens once."""

from datetime import datetime

from inbox.common.crash import point
from inbox.playbooks.models import RunState, RunStep, StepState
from inbox.playbooks.running import advance, call_out, lock

AT_ONCE = 500


def due_run_ids(now: datetime) -> list[int]:
    """Runs in which a step's time has come."""
    rows = RunStep.objects.filter(
        state=StepState.WAITING, due_at__lte=now, run__state=RunState.RUNNING
    )
    return list(dict.fromkeys(rows.order_by("due_at").values_list("run", flat=True)))[:AT_ONCE]


def fire(run_id: int, now: datetime) -> bool:
    """Make ready what is due in a run. False when somebody else did."""
    run = lock(run_id)
    due = run.steps.filter(state=StepState.WAITING, due_at__lte=now)
    if run.state != RunState.RUNNING or not due.exists():
        return False
    advance(run)
    point("playbook_in_firing")
    return True


def due_sign_ids(now: datetime) -> list[int]:
    """Steps whose sign has not come in time."""
    rows = RunStep.objects.filter(
        state=StepState.DONE,
        ack_due_at__lte=now,
        acked_at=None,
        escalated_at=None,
        run__state=RunState.RUNNING,
    )
    return list(rows.order_by("ack_due_at").values_list("pk", flat=True)[:AT_ONCE])


def escalate(step_id: int, now: datetime) -> bool:
    """No sign came: the named step is called, its owner told. False when it came after all."""
    run_id = RunStep.objects.filter(pk=step_id).values_list("run", flat=True).first()
    if run_id is None:
        return False
    run = lock(run_id)
    row = RunStep.objects.get(pk=step_id)
    row.run = run
    if run.state != RunState.RUNNING or step_id not in due_sign_ids(now):
        return False
    call_out(row)
    return True
