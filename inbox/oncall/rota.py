"""Who is on duty when, pure: turns, absences and overrides become spans of time.

The order of what counts: an override, the last one made first; then the turn's own member; then,
where that member is away, the next one in the order who is not. Nobody's later turn moves because
somebody was away. Days of the calendar that are closed may be left to nobody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Away:
    """Somebody cannot be on duty in this time."""

    member: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Stand:
    """An override: this member is on duty in this time, whatever the turns say."""

    member: int
    starts_at: datetime
    ends_at: datetime
    made_at: datetime
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A rotation as a value. `resting` are local days that are left to nobody."""

    members: tuple[int, ...]
    starts_on: date
    zone: str
    handover: str
    turn_days: int = 1
    overrides: tuple[Stand, ...] = ()
    absences: tuple[Away, ...] = ()
    resting: frozenset[date] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch with one person, or nobody; `instead_of` names whose turn it was."""

    member: int | None
    starts_at: datetime
    ends_at: datetime
    instead_of: int | None = None
    reason: str = ""
    turn: int | None = None  # which turn since the beginning; none for an override


def duty_day(at: datetime, *, zone: str, handover: str) -> date:
    """The day of duty that a moment belongs to: before the hand-over it is still yesterday's."""
    local = at.astimezone(ZoneInfo(zone))
    begins = time.fromisoformat(handover)
    return local.date() if local.time() >= begins else local.date() - timedelta(days=1)


def begins_at(day: date, *, zone: str, handover: str) -> datetime:
    """When a day of duty begins; two of them may lie 23 or 25 hours apart."""
    return datetime.combine(day, time.fromisoformat(handover), ZoneInfo(zone)).astimezone(UTC)


def spans(plan: Plan, start: datetime, end: datetime) -> list[Span]:
    """Who is on duty between two moments, without gaps; a turn's days are joined, turns are not."""
    found: list[Span] = []
    for begin, finish, turn in _days(plan, start, end):
        edges = {begin, finish}
        cuts = [(o.starts_at, o.ends_at) for o in plan.overrides]
        cuts += [(a.starts_at, a.ends_at) for a in plan.absences]
        edges |= {at for cut in cuts for at in cut if begin < at < finish}
        ordered = sorted(edges)
        for left, right in pairwise(ordered):
            _join(found, _piece(plan, left, right, turn))
    return found


def on_duty(plan: Plan, at: datetime) -> Span | None:
    """The whole span around a moment; None when nobody is on duty."""
    around = timedelta(days=2 + plan.turn_days)
    covering = [o for o in plan.overrides if o.starts_at <= at < o.ends_at]
    start = min([at - around, *(o.starts_at for o in covering)])
    end = max([at + around, *(o.ends_at for o in covering)])
    for span in spans(plan, start, end):
        if span.starts_at <= at < span.ends_at and span.member is not None:
            return span
    return None


def _days(
    plan: Plan, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, int | None]]:
    """Every day of duty as (begin, end, number of its turn); None where nobody's turn is."""
    when = {"zone": plan.zone, "handover": plan.handover}
    day = duty_day(start, **when)
    while (begin := begins_at(day, **when)) < end:
        finish = begins_at(day + timedelta(days=1), **when)
        works = plan.members and day >= plan.starts_on and day not in plan.resting
        turn = (day - plan.starts_on).days // plan.turn_days if works else None
        if finish > start:
            yield max(begin, start), min(finish, end), turn
        day += timedelta(days=1)


def _piece(plan: Plan, left: datetime, right: datetime, turn: int | None) -> Span:
    """One stretch in which nothing changes."""
    place = turn % len(plan.members) if turn is not None else 0
    own = plan.members[place] if turn is not None else None
    covering = [o for o in plan.overrides if o.starts_at <= left and right <= o.ends_at]
    if covering:
        last = max(covering, key=lambda o: o.made_at)
        instead = own if own != last.member else None
        return Span(
            member=last.member,
            starts_at=left,
            ends_at=right,
            instead_of=instead,
            reason=last.reason,
        )
    if turn is None:
        return Span(member=None, starts_at=left, ends_at=right)
    away = {a.member for a in plan.absences if a.starts_at < right and left < a.ends_at}
    order = [*plan.members[place:], *plan.members[:place]]
    member = next((m for m in order if m not in away), None)
    reason = "away" if member != own else ""
    instead = own if member != own else None
    return Span(
        member=member,
        starts_at=left,
        ends_at=right,
        instead_of=instead,
        reason=reason,
        turn=turn,
    )


def _join(found: list[Span], piece: Span) -> None:
    if found and replace(found[-1], starts_at=piece.starts_at, ends_at=piece.ends_at) == piece:
        piece = replace(piece, starts_at=found.pop().starts_at)
    found.append(piece)


def shares(spans_: Sequence[Span]) -> dict[int, float]:
    """Days of duty of each member, for the fair share."""
    total: dict[int, float] = {}
    for span in spans_:
        if span.member is not None:
            days = (span.ends_at - span.starts_at).total_seconds() / 86400
            total[span.member] = total.get(span.member, 0.0) + days
    return total
