"""Delayed actions: planned when something happens, checked again under the lock when they fire."""

from datetime import datetime

from inbox.common import work
from inbox.followups.models import ActionState, DelayedAction
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket, TicketEvent

WAKE = "wake"


def on_event(event: TicketEvent) -> None:
    """Plan what a snooze promises; waking early makes the plan void."""
    if event.kind == kinds.SNOOZED:
        _plan(WAKE, event.ticket, _wake_episode(event.ticket), event.ticket.snoozed_until)
    elif event.kind == kinds.WOKEN:
        _cancel(WAKE, event.ticket)


def due_action_ids(now: datetime) -> list[int]:
    """Pending actions whose time has come."""
    rows = DelayedAction.objects.filter(state=ActionState.PENDING, due_at__lte=now)
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:500])


def fire(action_id: int, now: datetime) -> bool:
    """Do one delayed action, if its episode still lasts. False when somebody else did."""
    number = DelayedAction.objects.filter(pk=action_id).values_list("ticket_id", flat=True).first()
    if number is None:
        return False
    ticket = tickets.lock(number)
    action = DelayedAction.objects.get(pk=action_id)
    if action.state != ActionState.PENDING or action.due_at > now:
        return False
    lasts = action.episode == _wake_episode(ticket)
    action.state = ActionState.FIRED if lasts else ActionState.CANCELLED
    action.fired_at = now
    action.save(update_fields=["state", "fired_at"])
    if lasts:
        tickets.unsnooze(ticket, why="the time has come")
    return lasts


def _wake_episode(ticket: Ticket) -> str:
    return ticket.snoozed_until.isoformat() if ticket.snoozed_until else "awake"


def _plan(feature: str, ticket: Ticket, episode: str, due_at: datetime | None) -> None:
    if due_at is None:
        return
    _cancel(feature, ticket)
    DelayedAction.objects.update_or_create(
        feature=feature,
        ticket=ticket,
        episode=episode,
        defaults={"due_at": due_at, "state": ActionState.PENDING, "fired_at": None},
    )


def _cancel(feature: str, ticket: Ticket) -> None:
    pending = DelayedAction.objects.filter(
        feature=feature, ticket=ticket, state=ActionState.PENDING
    )
    pending.update(state=ActionState.CANCELLED, fired_at=work.current().now)
