"""What a step's button does: a row that leaves by the outbox, a job, or words to take along.

The network is never asked in here. What became of it is written by `settle` or by the job.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from inbox.accounts.models import User
from inbox.channels.cards import Card, CardPart
from inbox.channels.contract import Capability
from inbox.channels.models import Channel
from inbox.common import work
from inbox.common.queue import Job, enqueue
from inbox.outbox import services as outbox
from inbox.outbox.effects import queue_effect
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.playbooks.definition import ACTIONS
from inbox.playbooks.models import ActionStep, Run, RunState, RunStep, StepState
from inbox.playbooks.reminding import remind
from inbox.playbooks.running import advance, call_out, check_done, end, lock, log, need_open, opened
from inbox.playbooks.targets import channel_for, person_for
from inbox.playbooks.wording import fill, gaps, words_of
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import TicketEvent
from inbox.tickets.using import need_use

ISSUE = "issue"
TICKET = "ticket"  # a message to whoever asks on the run's ticket
LONGEST_TITLE = 150
AT_ONCE = 200

Params = Mapping[str, Any]


def act(step: RunStep) -> RunStep:
    """Press a step's button; after a failure, press it again. Raises `VerbError`."""
    row = opened(step)
    need_open(row)
    action = row.step.action
    if action is None:
        raise NotAllowed("There is nothing to do by itself here.")
    if row.action_state == ActionStep.QUEUED:
        raise NotAllowed("It is being done already.")
    if row.action_state == ActionStep.DONE and row.outgoing_id is not None:
        raise NotAllowed("It was done already. Open the step again to repeat it.")
    row.attempts += 1
    row.state, row.action_error = StepState.STARTED, ""
    do(row)
    row.save()
    log(row.run, "action", step=row, action=action.kind, attempt=row.attempts)
    return row


def do(row: RunStep) -> None:
    """Begin a step's action; the caller saves the step."""
    params = said(row)
    action = row.step.action
    if action is not None:
        DOERS[action.kind](row, params)


def said(row: RunStep) -> dict[str, Any]:
    """An action's parameters with everything put in that the run knows.

    Raises `VerbError` where a text would leave with a gap in it.
    """
    action = row.step.action
    known = words_of(row.run)
    params = action.params if action else {}
    needed = [str(params.get(name, "")) for name in ACTIONS[action.kind][0]] if action else []
    gap = next((name for text in needed for name in gaps(text, known)), None)
    if gap is not None:
        labels = {one.key: one.label for one in row.run.template.fields}
        raise VerbError(f"“{labels.get(gap, gap)}” is needed first.", field="values")
    return {
        name: fill(value, known) if isinstance(value, str) else value
        for name, value in params.items()
    }


# ------------------------------------------------------------------ by kind


def _post(row: RunStep, params: Params) -> None:
    """A card in a channel: its first line is the title."""
    place = str(params["place"])
    channel = channel_for(params.get("channel", ""), can=Capability.CARD, place=place)
    need_use(channel)
    first, _, rest = str(params["text"]).strip().partition("\n")
    parts = (CardPart(text=rest.strip()),) if rest.strip() else ()
    card = asdict(Card(title=first[:LONGEST_TITLE], parts=parts, key=f"playbook:{row.pk}"))
    data = {"place": place, "card": card, "playbook": row.pk}
    _leaves(row, queue_effect(channel, "card", data=data, repeatable=False))


def _message(row: RunStep, params: Params) -> None:
    """To the asker of the run's ticket in its thread, or to one person directly."""
    if params["to"] == TICKET:
        _answer(row, str(params["text"]))
        return
    person = person_for(row.run, str(params["to"]))
    can = Capability.CARD
    channel = channel_for(params.get("channel", ""), can=can, of=(person.kind, person.realm))
    need_use(channel)
    data = {"person": person.external_id, "text": str(params["text"]), "playbook": row.pk}
    _leaves(row, queue_effect(channel, "direct", data=data, repeatable=False))


def _answer(row: RunStep, text: str) -> None:
    if row.run.ticket is None:
        raise VerbError("This run has no ticket to answer.")
    message = tickets.reply(row.run.ticket, body=text, user=_actor(row))
    row.action_state = ActionStep.QUEUED
    row.result = {**row.result, "message": message.pk}


def _issue(row: RunStep, params: Params) -> None:
    """An issue at a tracker; a form of its repository is read by the job first."""
    if asks_first(ISSUE, params) and "form" not in row.result:
        _by_job(row, params)
        return
    place, channel = str(params["place"]), tracker_for(params)
    user = _actor(row)
    if user is None:
        raise VerbError("An issue needs somebody who opens it: give the step to someone.")
    form = row.result.get("form", {})
    outgoing = outbox.open_conversation(
        channel,
        kind=ISSUE,
        key=f"playbook:{row.pk}:{row.attempts}",
        user=user,
        ticket=row.run.ticket,
        delay=timedelta(),
        payload={
            "place": place,
            "subject": str(params["title"]),
            "text": str(params.get("text") or form.get("text", "")),
            "labels": list(params.get("labels") or form.get("labels", ())),
            "close": False,
            "by": [user.pk, user.get_username()],
            "playbook": row.pk,
        },
    )
    _leaves(row, outgoing)


def tracker_for(params: Params) -> Channel:
    """The connection in whose repositories an issue can be opened. Raises `VerbError`."""
    place, name = str(params["place"]), str(params.get("channel") or "")
    return channel_for(name, can=Capability.OPEN, place=place, tracks=True)


def asks_first(kind: str, params: Params) -> bool:
    """Whether a vendor is asked before anything leaves: for a stream, or the form of an issue."""
    return bool(params.get("template")) if kind == ISSUE else DOERS[kind] is _by_job


def _by_job(row: RunStep, params: Params) -> None:
    """What asks a vendor first is done by a worker, at once."""
    row.action_state = ActionStep.QUEUED
    row.lease_until = work.current().now
    enqueue(Job.PLAYBOOK, row.pk)


def _words(row: RunStep, params: Params) -> None:
    """Words or an address for a person to take along; nothing leaves from here."""
    row.action_state = ActionStep.DONE
    row.result = {
        **row.result,
        **{name: params[name] for name in ("text", "url") if name in params},
    }


DOERS: Mapping[str, Callable[[RunStep, Params], None]] = {
    "post": _post,
    "message": _message,
    "issue": _issue,
    "hide_stream": _by_job,
    "show_stream": _by_job,
    "call": _words,
    "copy": _words,
}


def _leaves(row: RunStep, outgoing: Outgoing) -> None:
    row.action_state, row.outgoing = ActionStep.QUEUED, outgoing


def _actor(row: RunStep) -> User | None:
    """Who presses, else whose step it is."""
    pressed = work.current().actor.user_id
    return User.objects.filter(pk=pressed).first() if pressed else row.owner or row.run.started_by


# ------------------------------------------------------------------ what became of it


def on_sent(event: TicketEvent) -> None:
    """An answer that a step has written is out, or cannot leave."""
    if event.kind not in (kinds.SENT, kinds.SEND_FAILED) or not event.data.get("message"):
        return
    waiting = RunStep.objects.filter(run__ticket=event.ticket_id, action_state=ActionStep.QUEUED)
    for pk in waiting.filter(result__message=event.data["message"]).values_list("pk", flat=True):
        RunStep.objects.filter(pk=pk).update(outgoing=event.data["outgoing"])
        settle(pk)


def went_out(row: Outgoing) -> None:
    """A row of the outbox was tried; a step may have waited for it."""
    if step := row.payload.get("playbook"):
        settle(int(step))


def settled_ids(now: datetime) -> list[int]:
    """Steps whose row was sent, failed, or decided by a person meanwhile."""
    rows = RunStep.objects.filter(
        action_state=ActionStep.QUEUED,
        outgoing__state__in=(OutgoingState.SENT, OutgoingState.FAILED),
    )
    return list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def settle(step_id: int, now: datetime | None = None) -> bool:
    """Write what became of a step's row; False while nobody knows, and after the first time."""
    row = held(step_id)
    outgoing = row.outgoing if row else None
    if row is None or outgoing is None:
        return False
    if outgoing.state == OutgoingState.SENT:
        succeeded(
            row, **{name: outgoing.receipt[name] for name in ("url",) if name in outgoing.receipt}
        )
        return True
    if outgoing.state == OutgoingState.FAILED:
        failed(row, outgoing.error)
        return True
    RunStep.objects.filter(pk=row.pk).update(action_error=outgoing.error)
    return False


def held(step_id: int) -> RunStep | None:
    """A step whose action is under way, under its run's lock."""
    run_id = RunStep.objects.filter(pk=step_id).values_list("run", flat=True).first()
    if run_id is None:
        return None
    run: Run = lock(run_id)
    row = RunStep.objects.select_related("outgoing", "owner").get(pk=step_id)
    row.run = run
    return row if row.action_state == ActionStep.QUEUED else None


def succeeded(row: RunStep, **result: Any) -> None:
    """The action is done; so is the step, unless a person has more to say."""
    row.action_state, row.action_error, row.lease_until = ActionStep.DONE, "", None
    row.result = {**row.result, **result}
    row.save()
    log(row.run, "action_done", step=row, **result)
    if row.run.state != RunState.RUNNING or row.is_over:
        return
    try:
        check_done(row)
    except VerbError:
        return
    end(row, StepState.DONE)
    advance(row.run)


def failed(row: RunStep, error: str) -> None:
    """The action did not work: its owner is told, the button is there again."""
    row.action_state, row.action_error = ActionStep.FAILED, error[:500]
    row.lease_until, row.outgoing = None, None
    if not row.is_over:
        row.state = StepState.FAILED
    row.save()
    log(row.run, "action_failed", step=row, error=error[:500])
    if row.run.state == RunState.RUNNING and not row.is_over:
        remind(row, f"failed:{row.attempts}", says="did not work")
        if row.escalated_at is None:
            call_out(row)  # whoever was to be reached is reached another way (S96)
