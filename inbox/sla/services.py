"""Start, pause, stop: clocks react to what happens to tickets. The only writer of `next_due_at`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from inbox.calendars.clock import ALWAYS, BusinessCalendar
from inbox.calendars.services import newest, version_value
from inbox.common import work
from inbox.common.versions import kept
from inbox.common.work import Phase
from inbox.sla import arithmetic
from inbox.sla.models import Clock, ClockState, Metric, Policy
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import LIVE, Ticket, TicketEvent

ENDING = {kinds.CLOSED, kinds.TRASHED, kinds.SPAM, kinds.MERGED}
REOPENING = {kinds.REOPENED, kinds.RESTORED, kinds.UNMERGED}
# While we wait for them these stand still; the update that we owe and the acknowledgement run on.
PAUSABLE = {Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE}


@dataclass(frozen=True)
class Promise:
    """One line of a policy: how much, counted how."""

    metric: str
    amount: int
    unit: str


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
        _meet(ticket, (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE), by="community")
        return
    if event.data.get("first"):
        _start_all(ticket, event)
    elif _answered_before(ticket):
        _start(ticket, Metric.NEXT_RESPONSE, event.at)
    elif not _live(ticket):
        _start_all(ticket, event)


def _on_message_out(ticket: Ticket, event: TicketEvent) -> None:
    if event.data.get("automatic") or event.data.get("role") == "bot":
        return
    _meet(ticket, (Metric.FIRST_RESPONSE, Metric.NEXT_RESPONSE, Metric.ACKNOWLEDGE), by="team")
    _meet(ticket, (Metric.UPDATE,), by="team")
    if ticket.status in LIVE:
        _start(ticket, Metric.UPDATE, event.at)


def _on_status(ticket: Ticket, event: TicketEvent) -> None:
    if ticket.status not in LIVE:
        return
    ours = (ticket.status, ticket.waiting_on) in (("open", "us"), ("in_progress", "research"))
    for clock in _live(ticket):
        if clock.metric not in PAUSABLE:
            continue
        if ours and clock.state == ClockState.PAUSED:
            _resume(clock, event.at)
        elif not ours and clock.state == ClockState.RUNNING:
            _pause(clock, event.at, _why_paused(ticket))
    _refresh(ticket)


def _why_paused(ticket: Ticket) -> str:
    if ticket.status == "on_hold":
        return f"on hold: {ticket.hold_reason}"[:120]
    who = ticket.asker.label if ticket.asker else "them"
    return f"we waited for {who}"[:120]


def _on_end(ticket: Ticket, event: TicketEvent) -> None:
    for clock in _live(ticket):
        _finish(clock, ClockState.STOPPED, stopped_at=event.at)
    _refresh(ticket)


def _on_reopened(ticket: Ticket, event: TicketEvent) -> None:
    """Whoever wrote waits again: the response that is owed is the next one, or still the first."""
    if ticket.status not in LIVE:
        return
    if ticket.opener_class == "robot" and not ticket.policy_reason.startswith("rule"):
        return
    metric = Metric.NEXT_RESPONSE if _answered_before(ticket) else Metric.FIRST_RESPONSE
    _start(ticket, metric, event.at)
    _start(ticket, Metric.UPDATE, event.at)


def _on_policy(ticket: Ticket, event: TicketEvent) -> None:
    """Another policy keeps the time that was consumed (L18)."""
    if ticket.status not in LIVE:
        return
    before = {clock.metric: clock for clock in _live(ticket)}
    policy = policy_of(ticket)
    if before and policy and {clock.policy_key for clock in before.values()} == {policy.key}:
        return
    for clock in before.values():
        _finish(clock, ClockState.STOPPED, stopped_at=event.at)
    wanted = set(before) or (set() if _answered_before(ticket) else {Metric.FIRST_RESPONSE})
    if not _answered_before(ticket):
        wanted |= {Metric.ACKNOWLEDGE, Metric.UPDATE, Metric.FIRST_RESPONSE}
    else:
        wanted |= {Metric.UPDATE}
    for metric in sorted(wanted):
        old = before.get(metric)
        _start(ticket, metric, old.started_at if old else ticket.created_at, replaces=old)
    _refresh(ticket)


REACTIONS: dict[str, Any] = {
    kinds.MESSAGE_IN: _on_message_in,
    kinds.MESSAGE_OUT: _on_message_out,
    kinds.STATUS: _on_status,
    kinds.POLICY: _on_policy,
    **dict.fromkeys(ENDING, _on_end),
    **dict.fromkeys(REOPENING, _on_reopened),
}


# ------------------------------------------------------------------ policy


def policy_of(ticket: Ticket) -> Policy | None:
    """The rule's choice, else the source group's, else the channel's; None is best effort."""
    policies = kept("policies", _load_policies)
    if ticket.policy_reason:
        return policies.get(ticket.policy_id) if ticket.policy_id else None
    if ticket.source and ticket.source.group_id:
        group = ticket.source.group
        return policies.get(group.policy_id) if group and group.policy_id else None
    return policies.get(ticket.channel.policy_id) if ticket.channel.policy_id else None


def _load_policies() -> dict[int, Policy]:
    return {policy.pk: policy for policy in Policy.objects.all()}


def promises(policy: Policy) -> dict[str, Promise]:
    """What a policy promises, by metric."""
    rows = (
        (Metric.FIRST_RESPONSE, policy.first_response_amount, policy.first_response_unit),
        (
            Metric.NEXT_RESPONSE,
            policy.next_response_amount or policy.first_response_amount,
            policy.next_response_unit or policy.first_response_unit,
        ),
        (Metric.ACKNOWLEDGE, 1 if policy.acknowledge else None, policy.acknowledge),
        (Metric.UPDATE, policy.update_amount, policy.update_unit),
    )
    return {str(metric): Promise(metric, n, unit) for metric, n, unit in rows if n and unit}


# ------------------------------------------------------------------ clocks


def _live(ticket: Ticket) -> list[Clock]:
    """The ticket's live clocks, read once per change."""
    return [clock for clock in _clocks(ticket) if clock.is_live]


def _clocks(ticket: Ticket) -> list[Clock]:
    known: dict[int, list[Clock]] = work.current().cache.setdefault("clocks", {})
    if ticket.pk not in known:
        fresh = ticket.message_count <= 1 and not ticket.version
        known[ticket.pk] = [] if fresh else list(Clock.objects.filter(ticket_id=ticket.pk))
    return known[ticket.pk]


def _answered_before(ticket: Ticket) -> bool:
    return any(
        clock.state == ClockState.MET
        for clock in _clocks(ticket)
        if clock.metric in (Metric.FIRST_RESPONSE, Metric.ACKNOWLEDGE)
    )


def _start_all(ticket: Ticket, event: TicketEvent) -> None:
    for metric in (Metric.FIRST_RESPONSE, Metric.ACKNOWLEDGE, Metric.UPDATE):
        _start(ticket, metric, ticket.created_at)


def _start(ticket: Ticket, metric: str, at: datetime, *, replaces: Clock | None = None) -> None:
    policy = policy_of(ticket)
    promise = promises(policy).get(metric) if policy else None
    if policy is None or promise is None:
        return
    if any(clock.metric == metric for clock in _live(ticket)):
        return
    version, calendar = newest(policy.calendar_id) if policy.calendar_id else (None, ALWAYS)
    clock = Clock(
        ticket=ticket,
        metric=metric,
        policy_key=policy.key,
        soft=policy.soft,
        amount=promise.amount,
        unit=promise.unit,
        warn_minutes=policy.warn_minutes,
        calendar_version_id=version,
        started_at=at,
        resumed_at=at,
    )
    if replaces is not None:
        _take_over(clock, replaces)
    _set_due(clock, calendar)
    _clocks(ticket).append(clock)
    work.current().at_end(Phase.START, ("clock", id(clock)), lambda: _insert(clock))
    _refresh(ticket)


def _take_over(clock: Clock, old: Clock) -> None:
    now = work.current().now
    clock.consumed_seconds, clock.pauses = consumed_until(old, now), list(old.pauses)
    clock.resumed_at = max(now, old.resumed_at)
    if old.paused_at is not None:
        clock.state, clock.paused_at = ClockState.PAUSED, old.paused_at
        clock.pause_reason = old.pause_reason


def _insert(clock: Clock) -> None:
    if clock._state.adding and clock.is_live:
        clock.save(force_insert=True)


def calendar_of(clock: Clock) -> BusinessCalendar:
    """The calendar version that a clock runs on."""
    return version_value(clock.calendar_version_id) if clock.calendar_version_id else ALWAYS


def consumed_until(clock: Clock, at: datetime) -> float:
    """The clock's own time that has been used up, in seconds."""
    if clock.paused_at is not None or (not clock.is_live and clock.stopped_at is None):
        return clock.consumed_seconds
    if clock.unit in arithmetic.BY_DAY_END:
        return 0.0
    ran = arithmetic.elapsed(
        unit=clock.unit, resumed_at=clock.resumed_at, until=at, calendar=calendar_of(clock)
    )
    return clock.consumed_seconds + ran


def _set_due(clock: Clock, calendar: BusinessCalendar) -> None:
    clock.due_at = arithmetic.due_at(
        amount=clock.amount,
        unit=clock.unit,
        resumed_at=clock.resumed_at,
        consumed=clock.consumed_seconds,
        calendar=calendar,
    )
    clock.warn_at = arithmetic.warn_at(
        clock.due_at,
        resumed_at=clock.resumed_at,
        warn_minutes=clock.warn_minutes,
        unit=clock.unit,
        calendar=calendar,
    )


def _pause(clock: Clock, at: datetime, why: str) -> None:
    clock.consumed_seconds = consumed_until(clock, at)
    clock.state, clock.paused_at, clock.pause_reason = ClockState.PAUSED, at, why
    _save(clock)


def _resume(clock: Clock, at: datetime) -> None:
    assert clock.paused_at is not None  # noqa: S101 - a check constraint says so
    clock.pauses = [
        *clock.pauses,
        [clock.paused_at.isoformat(), at.isoformat(), clock.pause_reason],
    ]
    clock.state, clock.paused_at, clock.pause_reason = ClockState.RUNNING, None, ""
    clock.resumed_at = at
    _set_due(clock, calendar_of(clock))
    _save(clock)


def _meet(ticket: Ticket, metrics: tuple[str, ...], *, by: str) -> None:
    now = work.current().now
    for clock in _live(ticket):
        if clock.metric in metrics:
            _finish(clock, ClockState.MET, met_at=now, answered_by=by)
            tickets.record(
                ticket, kinds.CLOCK_MET, metric=clock.metric, by=by, late=now > clock.due_at
            )
    _refresh(ticket)


def _finish(clock: Clock, state: str, **values: Any) -> None:
    if clock.state == ClockState.RUNNING:
        clock.consumed_seconds = consumed_until(clock, work.current().now)
    clock.state = state
    for name, value in values.items():
        setattr(clock, name, value)
    _save(clock)


def _save(clock: Clock) -> None:
    """Stops are written before the ticket, whatever else happens to the clock in this change."""
    work.current().at_end(Phase.STOP, ("clock", clock.pk or id(clock)), lambda: _update(clock))


def _update(clock: Clock) -> None:
    if not clock._state.adding:
        clock.save()


def _refresh(ticket: Ticket) -> None:
    """Cache the earliest live, unpaused due moment on the ticket."""
    running = [c.due_at for c in _live(ticket) if c.state == ClockState.RUNNING]
    tickets.set_due(ticket, min(running) if running else None)


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
    clock = next((c for c in _clocks(ticket) if c.pk == clock_id), None)
    if clock is None or clock.state != ClockState.RUNNING:
        return False
    if clock.due_at <= now and clock.breached_at is None:
        clock.breached_at, clock.warned_at = now, clock.warned_at or now
        kind = kinds.BREACHED
    elif clock.warn_at and clock.warn_at <= now and clock.warned_at is None:
        clock.warned_at, kind = now, kinds.DUE_WARNING
    else:
        return False
    _save(clock)
    due = clock.due_at.isoformat()
    tickets.record(ticket, kind, metric=clock.metric, soft=clock.soft, due_at=due)
    return True
