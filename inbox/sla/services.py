"""Start, pause, stop: clocks react to what happens to tickets. The only writer of `next_due_at`."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from inbox.common import work
from inbox.sla import clocks
from inbox.sla.clocks import policy_of
from inbox.sla.models import Clock, ClockState, Metric
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import LIVE, Ticket, TicketEvent

ENDING = {kinds.CLOSED, kinds.TRASHED, kinds.SPAM, kinds.MERGED}
REOPENING = {kinds.REOPENED, kinds.RESTORED, kinds.UNMERGED}
# While we wait for them these stand still; the update that we owe and the acknowledgement run on.
PAUSABLE = {Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE}


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
    if role == "community":
        # Somebody else answered: that is an answer (S3).
        clocks.meet(ticket, (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE), by="community")
        return
    if event.data.get("first"):
        clocks.start_all(ticket)
    elif clocks.answered_before(ticket):
        clocks.start(ticket, Metric.NEXT_RESPONSE, event.at)
    elif not clocks.live(ticket):
        clocks.start_all(ticket)


def _on_message_out(ticket: Ticket, event: TicketEvent) -> None:
    if event.data.get("automatic") or event.data.get("role") == "bot":
        return
    clocks.meet(
        ticket, (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.ACKNOWLEDGE), by="team"
    )
    clocks.meet(ticket, (Metric.UPDATE,), by="team")
    if ticket.status in LIVE:
        clocks.start(ticket, Metric.UPDATE, event.at)


def _on_status(ticket: Ticket, event: TicketEvent) -> None:
    if ticket.status not in LIVE:
        return
    ours = (ticket.status, ticket.waiting_on) in (("open", "us"), ("in_progress", "research"))
    for clock in clocks.live(ticket):
        if clock.metric not in PAUSABLE:
            continue
        if ours and clock.state == ClockState.PAUSED:
            clocks.resume(clock, event.at)
        elif not ours and clock.state == ClockState.RUNNING:
            clocks.pause(clock, event.at, _why_paused(ticket))
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
    before = {clock.metric: clock for clock in clocks.live(ticket)}
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
    for metric in sorted(wanted):
        old = before.get(metric)
        clocks.start(ticket, metric, old.started_at if old else ticket.created_at, replaces=old)
    clocks.refresh(ticket)


REACTIONS: dict[str, Any] = {
    kinds.MESSAGE_IN: _on_message_in,
    kinds.MESSAGE_OUT: _on_message_out,
    kinds.STATUS: _on_status,
    kinds.POLICY: _on_policy,
    **dict.fromkeys(ENDING, _on_end),
    **dict.fromkeys(REOPENING, _on_reopened),
}


# ------------------------------------------------------------------ the sweep


def due_clock_ids(now: datetime) -> list[int]:
    """Running clocks with a warning or a breach that nobody has written yet."""
    rows = Clock.objects.filter(state=ClockState.RUNNING).filter(
        Q(due_at__lte=now, breached_at=None) | Q(warn_at__lte=now, warned_at=None)
    )
    return list(rows.order_by("due_at").values_list("pk", flat=True)[:500])


def tick(clock_id: int, now: datetime) -> bool:
    """Write one clock's warning or breach, once each; False when somebody else did."""
    number = Clock.objects.filter(pk=clock_id).values_list("ticket_id", flat=True).first()
    if number is None:
        return False
    ticket = tickets.lock(number)
    clock = next((c for c in clocks.clocks_of(ticket) if c.pk == clock_id), None)
    if clock is None or clock.state != ClockState.RUNNING:
        return False
    if clock.due_at <= now and clock.breached_at is None:
        clock.breached_at, clock.warned_at = now, clock.warned_at or now
        kind = kinds.BREACHED
    elif clock.warn_at and clock.warn_at <= now and clock.warned_at is None:
        clock.warned_at, kind = now, kinds.DUE_WARNING
    else:
        return False
    clocks.save(clock)
    due = clock.due_at.isoformat()
    tickets.record(ticket, kind, metric=clock.metric, soft=clock.soft, due_at=due)
    return True
