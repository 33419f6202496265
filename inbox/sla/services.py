"""Start, pause, stop: clocks react to what happens to tickets. The only writer of `next_due_at`."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from inbox.common import work
from inbox.common.config import setting
from inbox.sla import alerts, clocks, reviving
from inbox.sla.clocks import policy_of
from inbox.sla.models import Clock, ClockState, Metric
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import LIVE, Ticket, TicketEvent

ENDING = {kinds.CLOSED, kinds.TRASHED, kinds.SPAM, kinds.MERGED}
REOPENING = {kinds.REOPENED, kinds.RESTORED, kinds.UNMERGED}
# While we wait for them these stand still; the update that we owe and the acknowledgement run on.
PAUSABLE = {Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.TEAM_RESPONSE}
# A public answer of the team keeps every promise that runs.
BY_TEAM = (
    Metric.FIRST_RESPONSE,
    Metric.NEXT_RESPONSE,
    Metric.ACKNOWLEDGE,
    Metric.UPDATE,
    Metric.TEAM_RESPONSE,
    Metric.PROMISE,
)


def on_event(event: TicketEvent) -> None:
    """The pipeline's step. History that is imported starts no clock."""
    if work.current().historic:
        return
    react = REACTIONS.get(event.kind)
    if react is not None:
        react(event.ticket, event)


# ------------------------------------------------------------------ reactions


def _on_message_in(ticket: Ticket, event: TicketEvent) -> None:
    quiet, role = event.data.get("quiet"), event.data.get("role")
    if quiet or ticket.status not in LIVE:
        return
    at = _moment(event)
    if role == "community":
        # Somebody else answered: that is an answer (S3).
        clocks.meet(ticket, (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE), by="community", at=at)
        if not clocks.team_answered(ticket):
            clocks.start(ticket, Metric.TEAM_RESPONSE, at)
        _asked_since(ticket, at)
        return
    if event.data.get("first"):
        clocks.start_all(ticket)
    elif clocks.answered_before(ticket):
        if ticket.answered_at is None or ticket.answered_at <= at:
            clocks.start(ticket, Metric.NEXT_RESPONSE, at)
    elif not clocks.live(ticket):
        clocks.start_all(ticket)


def _on_message_out(ticket: Ticket, event: TicketEvent) -> None:
    if event.data.get("automatic") or event.data.get("role") == "bot":
        return
    at = _moment(event)
    clocks.meet(ticket, BY_TEAM, by="team", at=at)
    if ticket.status in LIVE:
        clocks.start(ticket, Metric.UPDATE, at)
        _asked_since(ticket, at)


def _moment(event: TicketEvent) -> datetime:
    """When something was said: the vendor's time where it can be believed, else now.

    So a message that comes late, or by a backfill, counts as if it had come in time.
    """
    message = work.current().objects.get(("message", event.data.get("message")))
    if message is None:
        return event.at
    believed = message.thread.channel.type.keeps_time
    return min(message.sent_at, event.at) if believed else event.at


def _asked_since(ticket: Ticket, at: datetime) -> None:
    """An answer that comes in after the question that followed it: that one is still owed."""
    if ticket.asked_at is not None and ticket.asked_at > at and ticket.status in LIVE:
        clocks.start(ticket, Metric.NEXT_RESPONSE, ticket.asked_at)
        _align(ticket, work.current().now)


def _on_status(ticket: Ticket, event: TicketEvent) -> None:
    if ticket.status not in LIVE:
        return
    _align(ticket, event.at)


def _align(ticket: Ticket, at: datetime) -> None:
    """Let the clocks run or stand still as the ticket's status wants it."""
    ours = (ticket.status, ticket.waiting_on) in (("open", "us"), ("in_progress", "research"))
    for clock in clocks.live(ticket):
        if clock.metric not in PAUSABLE:
            continue
        if ours and clock.state == ClockState.PAUSED:
            clocks.resume(clock, at)
        elif not ours and clock.state == ClockState.RUNNING:
            clocks.pause(clock, at, _why_paused(ticket))
    clocks.refresh(ticket)


def _why_paused(ticket: Ticket) -> str:
    if ticket.status == "on_hold":
        return f"on hold: {ticket.hold_reason}"[:120]
    who = ticket.asker.label if ticket.asker else "them"
    return f"we waited for {who}"[:120]


def _on_end(ticket: Ticket, event: TicketEvent) -> None:
    for clock in clocks.live(ticket):
        clocks.finish(clock, ClockState.STOPPED, stopped_at=event.at)
    clocks.refresh(ticket)


def _on_reopened(ticket: Ticket, event: TicketEvent) -> None:
    """Whoever wrote waits again: the response that is owed is the next one, or still the first."""
    if ticket.status not in LIVE:
        return
    if ticket.opener_class == "robot" and not ticket.policy_reason.startswith("rule"):
        return
    metric = Metric.NEXT_RESPONSE if clocks.answered_before(ticket) else Metric.FIRST_RESPONSE
    clocks.start(ticket, metric, event.at)
    clocks.start(ticket, Metric.UPDATE, event.at)


def _on_policy(ticket: Ticket, event: TicketEvent) -> None:
    """Another policy keeps the time that was consumed (L18)."""
    if ticket.status not in LIVE:
        return
    before = {c.metric: c for c in clocks.live(ticket) if c.metric != Metric.PROMISE}
    policy = policy_of(ticket)
    if before and policy and {clock.policy_key for clock in before.values()} == {policy.key}:
        return
    for clock in before.values():
        clocks.finish(clock, ClockState.STOPPED, stopped_at=event.at)
    wanted = set(before) or (set() if clocks.answered_before(ticket) else {Metric.FIRST_RESPONSE})
    if not clocks.answered_before(ticket):
        wanted |= {Metric.ACKNOWLEDGE, Metric.UPDATE, Metric.FIRST_RESPONSE}
    else:
        wanted |= {Metric.UPDATE}
    # a promise that begins late does not count the time before it
    fresh = ticket.created_at if not ticket.version else event.at
    for metric in sorted(wanted):
        old = before.get(metric)
        clocks.start(ticket, metric, old.started_at if old else fresh, replaces=old)
    _align(ticket, event.at)


def _on_sorting(ticket: Ticket, event: TicketEvent) -> None:
    """Another category or priority may bring another policy; a robot's ticket gets none by it."""
    if ticket.opener_class == "robot":
        return
    now = {"category": ticket.category, "priority": ticket.priority}
    before = clocks.policy_by_sorting(**{**now, event.kind: event.data["from"]})
    if before != clocks.policy_by_sorting(**now):
        _on_policy(ticket, event)


REACTIONS: dict[str, Any] = {
    kinds.MESSAGE_IN: _on_message_in,
    kinds.MESSAGE_OUT: _on_message_out,
    kinds.TAKEN_BACK: reviving.on_taken_back,
    kinds.STATUS: _on_status,
    kinds.POLICY: _on_policy,
    kinds.CATEGORY: _on_sorting,
    kinds.PRIORITY: _on_sorting,
    **dict.fromkeys(ENDING, _on_end),
    **dict.fromkeys(REOPENING, _on_reopened),
}


# ------------------------------------------------------------------ the sweep


def due_clock_ids(now: datetime) -> list[int]:
    """Running clocks with a warning, a breach or an escalation that nobody has written yet."""
    late = now - timedelta(minutes=setting("escalate_after_minutes"))
    rows = Clock.objects.filter(state=ClockState.RUNNING).filter(
        Q(due_at__lte=now, breached_at=None, missed_at=None)
        | Q(warn_at__lte=now, warned_at=None)
        | Q(due_at__lte=late, escalated_at=None)
    )
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:500])


def tick(clock_id: int, now: datetime) -> bool:
    """Write one clock's warning, breach or escalation, once each, and tell who has to know.

    False when somebody else did. A soft clock past its time is missed, never breached (S1).
    """
    number = Clock.objects.filter(pk=clock_id).values_list("ticket_id", flat=True).first()
    if number is None:
        return False
    ticket = tickets.lock(number)
    clock = next((c for c in clocks.clocks_of(ticket) if c.pk == clock_id), None)
    if clock is None or clock.state != ClockState.RUNNING:
        return False
    kind = _mark(clock, now)
    if kind is None:
        return False
    clocks.save(clock)
    due = clock.due_at.isoformat()
    tickets.record(ticket, kind, metric=clock.metric, soft=clock.soft, due_at=due)
    alerts.raise_alert(ticket, clock, kind)
    return True


def _mark(clock: Clock, now: datetime) -> str | None:
    """Mark what has become due on a clock; the event's kind, or None when nothing has."""
    late = timedelta(minutes=setting("escalate_after_minutes"))
    if clock.due_at <= now and clock.breached_at is None and clock.missed_at is None:
        clock.warned_at = clock.warned_at or now
        if clock.soft:
            clock.missed_at = now
            return kinds.MISSED
        clock.breached_at = now
        return kinds.BREACHED
    if clock.due_at + late <= now and clock.escalated_at is None:
        clock.escalated_at = now
        return kinds.ESCALATED
    if clock.warn_at and clock.warn_at <= now and clock.warned_at is None:
        clock.warned_at = now
        return kinds.DUE_WARNING
    return None
