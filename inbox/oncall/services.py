"""Who is on duty now and later, and what people change about it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from inbox.accounts.models import User
from inbox.calendars.clock import BusinessCalendar, is_open_day
from inbox.calendars.services import newest
from inbox.common.versions import kept
from inbox.oncall import rota
from inbox.oncall.models import Absence, Override, RosterShift, Rotation, RotationMember
from inbox.oncall.rota import Away, Plan, Span, Stand

# Overrides and absences older than this change nothing that anybody still asks about.
REMEMBERED = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Duty:
    """Somebody's shift in a rotation."""

    rotation: Rotation
    user: User
    since: datetime
    until: datetime
    instead_of: User | None = None
    reason: str = ""


@dataclass(kw_only=True)
class Table:
    """Everything that says who is on duty, read once per change of the rotations' stamp."""

    rotations: list[Rotation]
    members: dict[int, list[User]] = field(default_factory=dict)
    overrides: dict[int, list[Override]] = field(default_factory=dict)
    shifts: dict[int, list[RosterShift]] = field(default_factory=dict)
    absences: list[Absence] = field(default_factory=list)
    users: dict[int, User] = field(default_factory=dict)

    def meet(self, user: User | None) -> None:
        """Know an active account that can be on duty."""
        if user is not None and user.is_active:
            self.users[user.pk] = user


def table() -> Table:
    """The rotations as they stand."""
    return kept("rotations", _load)


def _load() -> Table:
    rotations = list(Rotation.objects.select_related("calendar", "roster", "approver"))
    known = Table(rotations=rotations)
    since = datetime.now(UTC) - REMEMBERED
    away = Absence.objects.filter(ends_at__gt=since, user__is_active=True)
    known.absences = list(away.select_related("user"))
    if not rotations:
        return known
    for place in RotationMember.objects.select_related("user").order_by("rotation_id", "position"):
        known.meet(place.user)
        known.members.setdefault(place.rotation_id, []).append(place.user)
    for row in Override.objects.filter(ends_at__gt=since).select_related("user").order_by("pk"):
        known.meet(row.user)
        known.overrides.setdefault(row.rotation_id, []).append(row)
    if any(rotation.roster_id for rotation in rotations):
        for shift in RosterShift.objects.select_related("user").order_by("starts_at"):
            known.meet(shift.user)
            known.shifts.setdefault(shift.rotation_id, []).append(shift)
    return known


# ------------------------------------------------------------------ questions


def on_duty(at: datetime) -> User | None:
    """Who is on duty in the first rotation that has somebody."""
    duty = next(iter(duties(at)), None)
    return duty.user if duty else None


def duties(at: datetime) -> list[Duty]:
    """Every rotation's person and shift at a moment."""
    known = table()
    found = []
    for rotation in known.rotations:
        span = _roster_span(known, rotation, at) or rota.on_duty(plan_of(known, rotation, at), at)
        duty = _duty(known, rotation, span) if span else None
        if duty is not None:
            found.append(duty)
    return found


def shifts(rotation: Rotation, start: datetime, end: datetime) -> list[Span]:
    """Who is on duty in a stretch of time; spans without a member are nobody's."""
    known = table()
    spans = rota.spans(plan_of(known, rotation, start, end), start, end)
    vendor = [span for span in _roster_spans(known, rotation) if span.ends_at > start]
    return _laid_over(spans, vendor, start, end) if vendor else spans


def is_away(user: User, at: datetime) -> bool:
    """Whether somebody is absent, gone, or takes no tickets."""
    if not user.is_active:
        return True
    return any(
        absence.user_id == user.pk and absence.starts_at <= at < absence.ends_at
        for absence in table().absences
    )


def _duty(known: Table, rotation: Rotation, span: Span) -> Duty | None:
    user = known.users.get(span.member or 0)
    if user is None:
        return None
    return Duty(
        rotation=rotation,
        user=user,
        since=span.starts_at,
        until=span.ends_at,
        instead_of=known.users.get(span.instead_of or 0),
        reason=span.reason,
    )


def plan_of(known: Table, rotation: Rotation, at: datetime, end: datetime | None = None) -> Plan:
    """A rotation as a value, with the closed days around the time that is asked about."""
    return Plan(
        members=tuple(u.pk for u in known.members.get(rotation.pk, []) if u.pk in known.users),
        starts_on=rotation.starts_on,
        zone=rotation.zone,
        handover=rotation.handover,
        turn_days=7 if rotation.turn == "week" else max(rotation.turn_days, 1),
        overrides=tuple(
            Stand(
                member=row.user_id,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                made_at=row.made_at,
                reason=row.reason,
            )
            for row in known.overrides.get(rotation.pk, [])
            if row.user_id in known.users
        ),
        absences=tuple(
            Away(member=row.user_id, starts_at=row.starts_at, ends_at=row.ends_at)
            for row in known.absences
        ),
        resting=_resting(rotation, at, end or at),
    )


def _resting(rotation: Rotation, start: datetime, end: datetime) -> frozenset[date]:
    if not rotation.rests_when_closed or rotation.calendar_id is None:
        return frozenset()
    _, calendar = newest(rotation.calendar_id)
    day = (start - timedelta(days=10)).astimezone(ZoneInfo(rotation.zone)).date()
    last = (end + timedelta(days=10)).astimezone(ZoneInfo(rotation.zone)).date()
    return frozenset(_closed_days(calendar, day, last))


def _closed_days(calendar: BusinessCalendar, day: date, last: date) -> list[date]:
    days = [day + timedelta(days=n) for n in range((last - day).days + 1)]
    return [d for d in days if not is_open_day(calendar, d)]


# ------------------------------------------------------------------ the vendor's roster


def _roster_spans(known: Table, rotation: Rotation) -> list[Span]:
    if rotation.roster_id is None:
        return []
    far = datetime.now(UTC) + timedelta(days=3650)
    return [
        Span(
            member=shift.user_id,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at or far,
            reason=f"says {rotation.roster}",
        )
        for shift in known.shifts.get(rotation.pk, [])
        if shift.user_id is not None
    ]


def _roster_span(known: Table, rotation: Rotation, at: datetime) -> Span | None:
    """An override of ours beats the vendor's shift, which beats our turns."""
    for row in known.overrides.get(rotation.pk, []):
        if row.starts_at <= at < row.ends_at:
            return None
    spans = _roster_spans(known, rotation)
    return next((s for s in spans if s.starts_at <= at < s.ends_at), None)


def _laid_over(own: list[Span], vendor: list[Span], start: datetime, end: datetime) -> list[Span]:
    """Our spans where the vendor says nothing, the vendor's where it does."""
    edges = {start, end}
    for span in (*own, *vendor):
        edges |= {at for at in (span.starts_at, span.ends_at) if start < at < end}
    ordered = sorted(edges)
    found = []
    for left, right in pairwise(ordered):
        of_vendor = (s for s in vendor if s.starts_at <= left < s.ends_at)
        mine = next(s for s in own if s.starts_at <= left < s.ends_at)
        taken = mine if mine.reason and mine.reason != "away" else next(of_vendor, mine)
        found.append(replace(taken, starts_at=left, ends_at=right))
    return found
