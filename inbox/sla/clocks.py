"""Clocks of one ticket: chosen by its policy, started, paused, met, stopped.

Nothing is written at once: stops go before the ticket's own UPDATE, starts after it, so the
database's check (no live clock on an ended ticket) holds at every moment.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox.calendars.clock import ALWAYS, BusinessCalendar
from inbox.calendars.services import newest, version_value
from inbox.common import rows, work
from inbox.common.versions import kept
from inbox.common.work import Phase
from inbox.sla import arithmetic
from inbox.sla.models import Clock, ClockState, Metric, Policy
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket

# minutes before a promise on a ticket without a policy
DEFAULT_WARNING = 60


@dataclass(frozen=True)
class Promise:
    """One line of a policy: how much, counted how."""

    metric: str
    amount: int
    unit: str


# ------------------------------------------------------------------ policy


def policy_of(ticket: Ticket) -> Policy | None:
    """The rule's choice, else the source group's, the category's, the priority's, the channel's.

    None is best effort (S20): a rule or a group can choose it too.
    """
    policies = kept("policies", _load_policies)
    if ticket.policy_reason:
        return policies.get(ticket.policy_id) if ticket.policy_id else None
    if ticket.source and ticket.source.group_id:
        group = ticket.source.group
        return policies.get(group.policy_id) if group and group.policy_id else None
    sorted_by = policy_by_sorting(ticket.category, ticket.priority)
    if sorted_by is not None:
        return sorted_by
    return policies.get(ticket.channel.policy_id) if ticket.channel.policy_id else None


def policy_by_sorting(category: str, priority: str) -> Policy | None:
    """The policy that names this category, else the one that names this priority."""
    policies = kept("policies", _load_policies).values()
    for policy in policies:
        if category and category in policy.categories:
            return policy
    return next((policy for policy in policies if priority in policy.priorities), None)


def _load_policies() -> dict[int, Policy]:
    return {policy.pk: policy for policy in Policy.objects.order_by("pk")}


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
        (Metric.TEAM_RESPONSE, policy.team_response_amount, policy.team_response_unit),
    )
    return {str(metric): Promise(metric, n, unit) for metric, n, unit in rows if n and unit}


# ------------------------------------------------------------------ clocks


def live(ticket: Ticket) -> list[Clock]:
    """The ticket's live clocks, read once per change."""
    return [clock for clock in clocks_of(ticket) if clock.is_live]


def clocks_of(ticket: Ticket) -> list[Clock]:
    known: dict[int, list[Clock]] = work.current().cache.setdefault("clocks", {})
    if ticket.pk not in known:
        fresh = ticket.message_count <= 1 and not ticket.version
        known[ticket.pk] = [] if fresh else list(Clock.objects.filter(ticket_id=ticket.pk))
    return known[ticket.pk]


def answered_before(ticket: Ticket) -> bool:
    return any(
        clock.state == ClockState.MET
        for clock in clocks_of(ticket)
        if clock.metric in (Metric.FIRST_RESPONSE, Metric.ACKNOWLEDGE)
    )


def team_answered(ticket: Ticket) -> bool:
    return any(clock.answered_by == "team" for clock in clocks_of(ticket))


def start_all(ticket: Ticket) -> None:
    for metric in (Metric.FIRST_RESPONSE, Metric.ACKNOWLEDGE, Metric.UPDATE):
        start(ticket, metric, ticket.created_at)


def start(ticket: Ticket, metric: str, at: datetime, *, replaces: Clock | None = None) -> None:
    policy = policy_of(ticket)
    promise = promises(policy).get(metric) if policy else None
    if policy is None or promise is None:
        return
    if any(clock.metric == metric for clock in live(ticket)):
        return
    version, calendar = newest(policy.calendar_id) if policy.calendar_id else (None, ALWAYS)
    clock = Clock(
        ticket=ticket,
        metric=metric,
        policy_key=policy.key,
        soft=policy.soft or metric == Metric.TEAM_RESPONSE,
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
    clocks_of(ticket).append(clock)
    work.current().at_end(Phase.START, ("clock", id(clock)), lambda: _insert(clock))
    refresh(ticket)


def _take_over(clock: Clock, old: Clock) -> None:
    now = work.current().now
    clock.consumed_seconds, clock.pauses = consumed_until(old, now), list(old.pauses)
    clock.resumed_at = max(now, old.resumed_at)
    if old.paused_at is not None:
        clock.state, clock.paused_at = ClockState.PAUSED, old.paused_at
        clock.pause_reason = old.pause_reason


def _insert(clock: Clock) -> None:
    if clock._state.adding and clock.is_live:
        rows.insert([clock])


def calendar_of(clock: Clock) -> BusinessCalendar:
    """The calendar version that a clock runs on."""
    return version_value(clock.calendar_version_id) if clock.calendar_version_id else ALWAYS


def consumed_until(clock: Clock, at: datetime) -> float:
    """The clock's own time that has been used up, in seconds."""
    if clock.state != ClockState.RUNNING:
        return clock.consumed_seconds
    if clock.unit in arithmetic.NEVER_PAUSED:
        return 0.0
    ran = arithmetic.elapsed(
        unit=clock.unit, resumed_at=clock.resumed_at, until=at, calendar=calendar_of(clock)
    )
    return clock.consumed_seconds + ran


def promise(ticket: Ticket, *, due_at: datetime, words: str, soft: bool = False) -> Clock:
    """A dated promise (S76): it stands on the queue until the team's next answer keeps it.

    A newer promise takes the place of the one before.
    """
    now = work.current().now
    for old in live(ticket):
        if old.metric == Metric.PROMISE:
            finish(old, ClockState.STOPPED, stopped_at=now)
    policy = policy_of(ticket)
    warn = timedelta(minutes=policy.warn_minutes if policy else DEFAULT_WARNING)
    clock = Clock(
        ticket=ticket,
        metric=Metric.PROMISE,
        policy_key="",
        soft=soft,
        unit=arithmetic.MOMENT,
        warn_minutes=round(warn.total_seconds() / 60),
        started_at=now,
        resumed_at=now,
        due_at=due_at,
        warn_at=max(due_at - warn, now),
        words=words[:200],
    )
    clocks_of(ticket).append(clock)
    work.current().at_end(Phase.START, ("clock", id(clock)), lambda: _insert(clock))
    refresh(ticket)
    return clock


def _set_due(clock: Clock, calendar: BusinessCalendar) -> None:
    if clock.unit == arithmetic.MOMENT:
        return
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


def pause(clock: Clock, at: datetime, why: str) -> None:
    clock.consumed_seconds = consumed_until(clock, at)
    clock.state, clock.paused_at, clock.pause_reason = ClockState.PAUSED, at, why
    save(clock)


def resume(clock: Clock, at: datetime) -> None:
    assert clock.paused_at is not None  # noqa: S101 - a check constraint says so
    clock.pauses = [
        *clock.pauses,
        [clock.paused_at.isoformat(), at.isoformat(), clock.pause_reason],
    ]
    clock.state, clock.paused_at, clock.pause_reason = ClockState.RUNNING, None, ""
    clock.resumed_at = at
    _set_due(clock, calendar_of(clock))
    save(clock)


def meet(ticket: Ticket, metrics: tuple[str, ...], *, by: str, at: datetime) -> None:
    """Keep the promises that ran when the answer was given; one given now keeps them all."""
    given_now = at >= work.current().now
    for clock in live(ticket):
        if clock.metric in metrics and (given_now or clock.started_at <= at):
            finish(clock, ClockState.MET, at=at, met_at=at, answered_by=by)
            tickets.record(
                ticket,
                kinds.CLOCK_MET,
                metric=clock.metric,
                by=by,
                late=at > clock.due_at,
                soft=clock.soft,
            )
    refresh(ticket)


def finish(clock: Clock, state: str, *, at: datetime | None = None, **values: Any) -> None:
    if clock.state == ClockState.RUNNING:
        clock.consumed_seconds = consumed_until(clock, at or work.current().now)
    clock.state = state
    for name, value in values.items():
        setattr(clock, name, value)
    save(clock)


CHANGING = (
    "soft",
    "consumed_seconds",
    "resumed_at",
    "due_at",
    "warn_at",
    "paused_at",
    "pause_reason",
    "pauses",
    "state",
    "met_at",
    "warned_at",
    "breached_at",
    "missed_at",
    "escalated_at",
    "stopped_at",
    "answered_by",
)


def save(clock: Clock) -> None:
    """Stops are written before the ticket, whatever else happens to the clock in this change."""
    work.current().at_end(Phase.STOP, ("clock", clock.pk or id(clock)), lambda: write(clock))


def write(clock: Clock) -> None:
    """Write what has changed on a clock that is stored already."""
    if not clock._state.adding:
        rows.update(clock, CHANGING)


def refresh(ticket: Ticket) -> None:
    """Cache the earliest live, unpaused due moment on the ticket."""
    running = [c.due_at for c in live(ticket) if c.state == ClockState.RUNNING]
    tickets.set_due(ticket, min(running) if running else None)
