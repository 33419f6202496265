"""Delayed actions: planned when something happens, checked again under the lock when they fire."""

from datetime import datetime

from inbox.common import work
from inbox.followups import chains, promises
from inbox.followups.models import ActionState, DelayedAction
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket, TicketEvent

WAKE = "wake"


def on_event(event: TicketEvent) -> None:
    """Plan what a snooze or a wait promises; waking early and answers make the plan void."""
    if work.current().historic:
        return
    if event.kind == kinds.SNOOZED:
        _plan_waking(event.ticket)
    elif event.kind == kinds.WOKEN:
        _cancel_waking(event.ticket)
    elif event.kind == kinds.MESSAGE_OUT and not event.data.get("automatic"):
        promises.offer(event)
    chains.on_event(event)


def due_action_ids(now: datetime) -> list[int]:
    """Pending actions whose time has come."""
    rows = DelayedAction.objects.filter(state=ActionState.PENDING, due_at__lte=now)
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:500])


def fire(action_id: int, now: datetime) -> bool:
    """Do one delayed action, if its episode still lasts. False when there was nothing to do."""
    number = DelayedAction.objects.filter(pk=action_id).values_list("ticket_id", flat=True).first()
    if number is None:
        return False
    ticket = tickets.lock(number)
    action = DelayedAction.objects.get(pk=action_id)
    if action.state != ActionState.PENDING or action.due_at > now:
        return False
    if action.feature.startswith(chains.PREFIX):
        return chains.fire(ticket, action, now)
    return _wake(ticket, action, now)


def _wake(ticket: Ticket, action: DelayedAction, now: datetime) -> bool:
    lasts = action.episode == _snooze_episode(ticket)
    action.state = ActionState.FIRED if lasts else ActionState.CANCELLED
    action.fired_at = now
    action.save(update_fields=["state", "fired_at"])
    if lasts:
        tickets.unsnooze(ticket, why="the time has come")
    return lasts


def _snooze_episode(ticket: Ticket) -> str:
    return ticket.snoozed_until.isoformat() if ticket.snoozed_until else "awake"


def _plan_waking(ticket: Ticket) -> None:
    if ticket.snoozed_until is None:
        return
    _cancel_waking(ticket)
    DelayedAction.objects.update_or_create(
        feature=WAKE,
        ticket=ticket,
        episode=_snooze_episode(ticket),
        defaults={
            "due_at": ticket.snoozed_until,
            "state": ActionState.PENDING,
            "fired_at": None,
        },
    )


def _cancel_waking(ticket: Ticket) -> None:
    pending = DelayedAction.objects.filter(feature=WAKE, ticket=ticket, state=ActionState.PENDING)
    pending.update(state=ActionState.CANCELLED, fired_at=work.current().now)
