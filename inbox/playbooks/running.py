"""What follows in a run after each verb: what is due, who is told, whether all is over."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from inbox.calendars import services as calendars
from inbox.calendars.clock import ALWAYS, BusinessCalendar
from inbox.common import live, work
from inbox.common.queue import Job, after_commit, enqueue
from inbox.guard.screening import clean_text
from inbox.playbooks import schedule
from inbox.playbooks.models import ActionStep, Run, RunEntry, RunState, RunStep, StepState
from inbox.playbooks.reminding import remind
from inbox.tickets.errors import NotAllowed, VerbError

BY_ITSELF = "by_itself"  # in the log, where nobody pressed
IN_TIME = timedelta(hours=1)
SIGNAL = "playbook"  # by which open pages hear that a run changed


def lock(run_id: int) -> Run:
    """A run, held until the change ends; one change at a time works on it."""
    work.current()
    return Run.objects.select_for_update(of=("self",)).get(pk=run_id)


def opened(step: RunStep) -> RunStep:
    """A step of a run that still goes on, read anew under the run's lock. Raises `NotAllowed`."""
    run = lock(step.run_id)
    if run.state == RunState.CANCELLED:
        raise NotAllowed("This run was cancelled.")
    found = RunStep.objects.get(pk=step.pk)
    found.run = run
    return found


def log(run: Run, kind: str, *, step: RunStep | None = None, **data: Any) -> RunEntry:
    """Add a line to the run's log, and let open pages hear of it."""
    current = work.current()
    after_commit(partial(live.signal, SIGNAL, run=run.pk))
    return RunEntry.objects.create(
        run=run,
        step=step,
        kind=kind,
        actor=current.actor.label,
        actor_user_id=current.actor.user_id,
        at=current.now,
        data=data,
    )


def calendar_of(run: Run) -> BusinessCalendar:
    """Whose days and zone count: the playbook's calendar, its series', or every day in UTC."""
    series = run.event.series if run.event else None
    key = run.template.calendar or (series.calendar.key if series and series.calendar else "")
    return (calendars.named(key) if key else None) or ALWAYS


def advance(run: Run) -> None:
    """Give every waiting step its time, make ready what is due, end a run that is over."""
    now = work.current().now
    steps = {step.key: step for step in run.steps.select_related("owner").order_by("position")}
    cal = calendar_of(run)
    for row in steps.values():
        row.run = run
        if row.state == StepState.WAITING:
            _give_time(row, due_of(row, steps, cal), now)
    if run.state == RunState.RUNNING and all(row.is_over for row in steps.values()):
        run.state, run.finished_at = RunState.FINISHED, now
        run.save(update_fields=["state", "finished_at"])
        log(run, "finished")


def due_of(row: RunStep, steps: dict[str, RunStep], cal: BusinessCalendar) -> datetime | None:
    """When a step is due as things stand; None while that is not decided."""
    run, when = row.run, row.step.at
    if when.kind == "called":
        return row.due_at
    parent = run.template.branch_of(row.key)
    started: datetime | None = run.started_at
    if parent is not None:
        if not _is_chosen(row.key, steps[parent.key]):
            return None
        started = steps[parent.key].done_at
    over = _over_at([steps[key] for key in when.steps])
    return schedule.due(
        when, anchor=run.anchor_at, started=started or run.started_at, over=over, cal=cal
    )


def _is_chosen(key: str, parent: RunStep) -> bool:
    branch, choice = parent.step.branch, parent.result.get("choice")
    if branch is None or not parent.is_over:
        return False
    return any(key in option.steps for option in branch.options if option.key == choice)


def _over_at(steps: list[RunStep]) -> datetime | None:
    """When the last of them was over; what was skipped counts only where nothing was done."""
    if not steps or not all(step.is_over for step in steps):
        return None
    done = [step.done_at for step in steps if step.state == StepState.DONE and step.done_at]
    return max(done or [step.done_at for step in steps if step.done_at])


def _give_time(row: RunStep, due: datetime | None, now: datetime) -> None:
    if row.due_at != due:
        row.due_at = due
        row.save(update_fields=["due_at"])
    if due is not None and due <= now:
        make_ready(row)


def make_ready(row: RunStep) -> None:
    """Its time has come: it begins by itself, or whoever does it is told, once for this time."""
    if goes_by_itself(row):
        _begin_by_itself(row)
        return
    row.state = StepState.READY
    row.save(update_fields=["state"])
    log(row.run, "ready", step=row, owner=row.owner.username if row.owner else "")
    remind(row, f"{row.due_at:%Y%m%dT%H%M%S}" if row.due_at else "now")


def goes_by_itself(row: RunStep) -> bool:
    """Whether its action needs nobody: nothing is missing, and its time has only just come.

    What is found late, in a run that began after it, may be wrong by now: somebody decides.
    """
    action, due = row.step.action, row.due_at
    if action is None or not action.by_itself or due is None or missing(row):
        return False
    return work.current().now - due <= IN_TIME


def _begin_by_itself(row: RunStep) -> None:
    """A worker does it, as when the button is pressed."""
    row.state, row.action_state, row.action_error = StepState.STARTED, ActionStep.QUEUED, ""
    row.lease_until, row.outgoing = work.current().now, None
    row.attempts += 1
    row.save()
    log(row.run, BY_ITSELF, step=row, attempt=row.attempts)
    enqueue(Job.PLAYBOOK, row.pk)


def call_out(row: RunStep) -> None:
    """No sign will come: the step that is named for it is called, its owner told."""
    run, now, ack = row.run, work.current().now, row.step.ack
    if ack is None:
        return
    row.escalated_at = now
    row.save(update_fields=["escalated_at"])
    log(run, "escalated", step=row, to=ack.escalate_to)
    run.steps.filter(key=ack.escalate_to, state=StepState.WAITING).update(due_at=now)
    advance(run)


def need_open(row: RunStep) -> None:
    """Raises `NotAllowed` for a step that is over already."""
    if row.is_over:
        raise NotAllowed("This step is over already.")


def entries(run: Run, name: str) -> list[Any]:
    """What a field holds, as a list; nothing while it is empty."""
    value = run.values.get(name)
    return [one for one in (value if isinstance(value, list) else [value]) if one]


def missing(row: RunStep) -> str:
    """The first field that a step still needs, as a sentence, or ""."""
    labels = {one.key: one.label for one in row.run.template.fields}
    for need in row.step.needs:
        filled, others = entries(row.run, need.field), entries(row.run, need.each_of)
        left = [one for one in others if one not in filled]
        if left:
            return f"“{labels[need.field]}” still lacks {left[0]}."
        if len(filled) < need.count:
            more = f" ({len(filled)} of {need.count})" if need.count > 1 else ""
            return f"“{labels[need.field]}” is needed first{more}."
    return ""


def check_done(row: RunStep) -> None:
    """Raises `VerbError` when a step cannot be done yet."""
    if row.step.gate and row.gate_state != "confirmed":
        raise VerbError(f"Confirm first: {row.step.gate}", field="gate")
    if row.step.branch is not None and not row.result.get("choice"):
        raise VerbError("Choose how to go on first.", field="choice")
    if text := missing(row):
        raise VerbError(text, field="values")


def end(row: RunStep, state: StepState, *, note: str = "") -> None:
    """A step is done or skipped; the log says how long it took where that is measured."""
    current = work.current()
    row.state, row.done_at, row.done_by_id = state, current.now, current.actor.user_id
    row.note = clean_text(note)[:500] or row.note
    ack = row.step.ack
    if state == StepState.DONE and ack is not None and row.acked_at is None:
        row.ack_due_at = current.now + timedelta(minutes=ack.after_minutes)
    row.save()
    measured = row.step.measure
    took = since(row.run.anchor_at, row.done_at) if state == StepState.DONE else None
    data = {"measure": measured, "seconds": took} if measured and took is not None else {}
    log(row.run, str(state), step=row, note=row.note, **data)


def since(anchor: datetime, done: datetime | None) -> int | None:
    """Whole seconds since the anchor; what was done before it took none."""
    return None if done is None else max(0, int((done - anchor).total_seconds()))
