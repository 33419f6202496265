"""Playbooks, started and followed: every verb runs inside a change and writes the run's log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox.accounts.models import User
from inbox.common import work
from inbox.guard.screening import clean_text
from inbox.playbooks.given import checked_roles, checked_values, need_required
from inbox.playbooks.models import (
    ActionStep,
    Event,
    GateState,
    Playbook,
    Run,
    RunState,
    RunStep,
    StepState,
)
from inbox.playbooks.owners import owner_of
from inbox.playbooks.reminding import remind
from inbox.playbooks.running import (
    advance,
    check_done,
    end,
    lock,
    log,
    need_open,
    opened,
    since,
)
from inbox.playbooks.shapes import BadPlaybook, Template
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Ticket


@dataclass(frozen=True, kw_only=True)
class Duration:
    """How long a measured step took since the anchor; None while it is not done (S101)."""

    key: str
    label: str
    seconds: int | None


# ------------------------------------------------------------------ a run


def start(
    *,
    playbook: Playbook,
    anchor_at: datetime,
    roles: Mapping[str, int],
    values: Mapping[str, Any],
    event: Event | None = None,
    ticket: Ticket | None = None,
    title: str = "",
    once: str | None = None,
) -> Run:
    """Follow a playbook from now on; `once` names a cause that begins it by itself.

    The same cause gives the run that it has, and nobody is there to be asked, so parts and fields
    may be filled later. Raises `VerbError`.
    """
    known = Run.objects.filter(once=once).first() if once else None
    if known is not None:
        return known
    if not playbook.active:
        raise NotAllowed(f"“{playbook}” is switched off.")
    try:
        template = playbook.template
    except BadPlaybook as error:
        raise VerbError(f"“{playbook}” cannot be read: {error}") from error
    current = work.current()
    run = Run(
        playbook=playbook,
        definition=playbook.definition,
        title=(clean_text(title) or (event.title if event else "") or playbook.name)[:200],
        anchor_at=anchor_at,
        event=event,
        ticket=ticket,
        started_by_id=current.actor.user_id,
        started_at=current.now,
        once=once,
    )
    run.roles = checked_roles(run, roles)
    run.values = checked_values(run, values)
    if once is None:
        need_required(run)
    run.save(force_insert=True)
    _lay_out(run, template)
    log(run, "started", playbook=playbook.key, anchor=anchor_at.isoformat())
    advance(run)
    return run


def _lay_out(run: Run, template: Template) -> None:
    """Give the run its steps, each with its owner and its gate."""
    RunStep.objects.bulk_create(
        RunStep(
            run=run,
            key=step.key,
            position=position,
            owner_id=owner_of(step, template, run.roles),
            gate_state=GateState.OPEN if step.gate else GateState.NONE,
        )
        for position, step in enumerate(template.steps)
    )


def finish(run: Run) -> None:
    """End a run: what is left is skipped."""
    run = _running(run)
    for row in run.steps.exclude(state__in=(StepState.DONE, StepState.SKIPPED)):
        row.run = run
        end(row, StepState.SKIPPED, note="the run was finished")
    advance(run)


def cancel(run: Run, *, reason: str = "") -> None:
    """Stop a run: nothing of it is due any more."""
    run = _running(run)
    run.state, run.finished_at = RunState.CANCELLED, work.current().now
    run.save(update_fields=["state", "finished_at"])
    log(run, "cancelled", reason=clean_text(reason)[:200])


def resume(run: Run) -> None:
    """Take a run up again that was cancelled; what came due meanwhile is due now."""
    run = lock(run.pk)
    if run.state != RunState.CANCELLED:
        raise NotAllowed("This run was not cancelled.")
    run.state, run.finished_at = RunState.RUNNING, None
    run.save(update_fields=["state", "finished_at"])
    log(run, "resumed")
    advance(run)


def reschedule(run: Run, *, anchor_at: datetime) -> None:
    """Move the anchor; what nobody has begun is due at its new time."""
    run = _running(run)
    log(run, "rescheduled", old=run.anchor_at.isoformat(), new=anchor_at.isoformat())
    run.anchor_at = anchor_at
    run.save(update_fields=["anchor_at"])
    anchored = [step.key for step in run.template.steps if step.at.kind == "anchor"]
    run.steps.filter(state=StepState.READY, key__in=anchored).update(state=StepState.WAITING)
    advance(run)


def bind_role(run: Run, *, role: str, user: User | None) -> None:
    """Give a part to somebody; their open steps go with it."""
    run = _running(run)
    given = (
        {**run.roles, role: user.pk} if user else {k: v for k, v in run.roles.items() if k != role}
    )
    run.roles = checked_roles(run, given)
    run.save(update_fields=["roles"])
    log(run, "role", role=role, user=user.username if user else "")
    for row in run.steps.filter(assigned=False).exclude(state__in=("done", "skipped")):
        row.run = run
        _give(row, owner_of(row.step, run.template, run.roles))


def set_values(run: Run, *, values: Mapping[str, Any]) -> None:
    """Fill in fields of a run; the others stay. Raises `VerbError`."""
    run = _running(run)
    run.values = {**run.values, **checked_values(run, values)}
    run.save(update_fields=["values"])
    log(run, "values", fields=sorted(values))


# ------------------------------------------------------------------ a step


def start_step(step: RunStep) -> RunStep:
    """Somebody begins."""
    row = opened(step)
    need_open(row)
    row.state = StepState.STARTED
    row.save(update_fields=["state"])
    log(row.run, "begun", step=row)
    return row


def finish_step(step: RunStep, *, note: str = "") -> RunStep:
    """A step is done, whatever it waited for. Raises `VerbError` when something is missing."""
    row = opened(step)
    need_open(row)
    check_done(row)
    end(row, StepState.DONE, note=note)
    advance(row.run)
    return row


def skip_step(step: RunStep, *, note: str = "") -> RunStep:
    """A step is not needed; whoever would be called by it is not."""
    row = opened(step)
    need_open(row)
    end(row, StepState.SKIPPED, note=note)
    _uncall(row)
    advance(row.run)
    return row


def reopen_step(step: RunStep) -> RunStep:
    """Take back that a step is over; what was called or chosen by it waits again."""
    row = opened(step)
    if not row.is_over:
        raise NotAllowed("This step is still open.")
    run = row.run
    if run.state == RunState.FINISHED:
        run.state, run.finished_at = RunState.RUNNING, None
        run.save(update_fields=["state", "finished_at"])
    row.state, row.done_at, row.done_by = StepState.READY, None, None
    row.ack_due_at = row.acked_at = row.escalated_at = None
    row.gate_state = GateState.OPEN if row.step.gate else GateState.NONE
    row.action_state, row.action_error, row.outgoing = ActionStep.NONE, "", None
    row.result = {name: value for name, value in row.result.items() if name != "choice"}
    row.save()
    log(run, "reopened", step=row)
    _take_back(row)
    advance(run)
    return row


def confirm_gate(step: RunStep) -> RunStep:
    """Somebody says that the gate's words are true."""
    row = opened(step)
    need_open(row)
    if not row.step.gate:
        raise NotAllowed("There is nothing to confirm here.")
    row.gate_state = GateState.CONFIRMED
    row.save(update_fields=["gate_state"])
    log(row.run, "gate", step=row, words=row.step.gate)
    return row


def choose_branch(step: RunStep, *, option: str) -> RunStep:
    """Answer a step's question: the option's steps come, the others are skipped."""
    row = opened(step)
    need_open(row)
    branch = row.step.branch
    chosen = next((o for o in branch.options if o.key == option), None) if branch else None
    if branch is None or chosen is None:
        raise VerbError("There is no such choice.", field="choice")
    row.result = {**row.result, "choice": option}
    check_done(row)
    log(row.run, "choice", step=row, option=option, label=chosen.label)
    end(row, StepState.DONE, note="")
    left = {key for other in branch.options for key in other.steps} - set(chosen.steps)
    for other in row.run.steps.filter(key__in=left).exclude(state__in=("done", "skipped")):
        other.run = row.run
        end(other, StepState.SKIPPED, note=f"another way was chosen: {chosen.label}")
    advance(row.run)
    return row


def acknowledge(step: RunStep) -> RunStep:
    """The sign has come; nobody needs to be called."""
    row = opened(step)
    if row.step.ack is None:
        raise NotAllowed("No sign is waited for here.")
    if row.acked_at is not None:
        return row
    row.acked_at = work.current().now
    row.save(update_fields=["acked_at"])
    log(row.run, "acknowledged", step=row)
    _uncall(row)
    advance(row.run)
    return row


def assign_step(step: RunStep, *, user: User | None) -> RunStep:
    """Give one step to somebody, whatever their part is; None gives it back to its role."""
    row = opened(step)
    need_open(row)
    row.assigned = user is not None
    row.save(update_fields=["assigned"])
    _give(row, user.pk if user else owner_of(row.step, row.run.template, row.run.roles))
    return row


# ------------------------------------------------------------------ reading


def durations(run: Run) -> list[Duration]:
    """The measured steps' times since the anchor, in their order (S101)."""
    done = {row.key: row.done_at for row in run.steps.filter(state=StepState.DONE)}
    return [
        Duration(key=step.key, label=step.measure, seconds=since(run.anchor_at, done.get(step.key)))
        for step in run.template.steps
        if step.measure
    ]


# ------------------------------------------------------------------ inside


def _running(run: Run) -> Run:
    found = lock(run.pk)
    if found.state != RunState.RUNNING:
        raise NotAllowed("This run is over.")
    return found


def _uncall(row: RunStep) -> None:
    """Whoever was to be called need not come, unless they are at it."""
    ack = row.step.ack
    called = row.run.steps.filter(key=ack.escalate_to, state=StepState.WAITING) if ack else ()
    for other in called:
        other.run = row.run
        end(
            other, StepState.SKIPPED, note="the sign came in time" if row.acked_at else "not needed"
        )


def _take_back(row: RunStep) -> None:
    """Steps that this one called, chose or left out wait again, unless somebody did them."""
    keys = [row.step.ack.escalate_to] if row.step.ack else []
    branch = row.step.branch
    keys += [key for option in branch.options for key in option.steps] if branch else []
    untouched = row.run.steps.filter(key__in=keys).exclude(
        state__in=(StepState.DONE, StepState.STARTED)
    )
    untouched.update(state=StepState.WAITING, due_at=None, done_at=None, done_by=None, note="")


def _give(row: RunStep, owner: int | None) -> None:
    """Another owner; they are told of what is theirs to do now."""
    if row.owner_id == owner:
        return
    row.owner_id = owner
    row.save(update_fields=["owner"])
    log(row.run, "assigned", step=row, owner=row.owner.username if row.owner else "")
    if row.state in (StepState.READY, StepState.STARTED) and owner:
        remind(row, f"given:{work.current().now.timestamp()}")
