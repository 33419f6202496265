"""The on-call page: the week's table, swaps, time off, a fair share, and the hand-over sheets."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.followups import handovers
from inbox.followups.models import Handover
from inbox.oncall import feed, rota
from inbox.oncall import services as oncall
from inbox.oncall.models import Absence, Rotation, SwapRequest, SwapState
from inbox.tickets import queries
from inbox.web.page import page, zone_of

SHARE_BACK, SHARE_AHEAD = timedelta(days=30), timedelta(days=30)
SALT = "oncall.feed"
IN_SLACK = (
    ("/desk oncall", "Who is on duty, and until when."),
    ("/desk mine", "Your tickets, the most urgent first."),
    (
        "/desk cover at the dentist",
        "Asks everybody to take your shift. Nothing changes until somebody does.",
    ),
    (
        "/desk handoff 42 @noor they are in a call on Friday",
        "Gives a ticket on, with what to know.",
    ),
)
WEEKEND = 0.42  # how wide a closed day is, as in the style sheet


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of the week in the table's columns: two halves a day, columns 2 to 16."""

    first: int
    last: int
    user: User | None = None
    instead_of: User | None = None
    words: str = ""
    is_now: bool = False
    kind: str = "turn"  # turn · over · gap · away


@dataclass(kw_only=True)
class Line:
    """One row of the table."""

    label: str
    says: str
    main: bool
    pieces: list[Piece] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A shift of the week after."""

    day: date
    user: User


@dataclass(frozen=True, kw_only=True)
class Share:
    """How much of the duty somebody has had."""

    user: User
    days: int
    last: date | None
    next: date | None


@login_required
@require_safe
def oncall_page(request: HttpRequest) -> HttpResponse:
    """Who is on duty in a week, and what people ask each other."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    now = timezone.now()
    known = oncall.table()
    zone = ZoneInfo(known.rotations[0].zone if known.rotations else zone_of(user))
    monday = _week(request.GET.get("week", ""), now.astimezone(zone).date())
    lines = [_line(rotation, n == 0, monday, now) for n, rotation in enumerate(known.rotations)]
    first = known.rotations[0] if known.rotations else None
    rests = any(rotation.rests_when_closed for rotation in known.rotations)
    gap = _gap(first, now) if first else None
    open_swaps = SwapRequest.objects.filter(state__in=[SwapState.ASKED, SwapState.TAKEN])
    context = {
        "days": _days(monday, now.astimezone(zone).date()),
        "week": monday.isocalendar(),
        "week_before": (monday - timedelta(days=7)).isoformat(),
        "week_after": (monday + timedelta(days=7)).isoformat(),
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "lines": lines,
        "away": _away_line(known, monday, zone),
        "gap": gap,
        "swaps": list(
            open_swaps.filter(ends_at__gt=now)
            .select_related("rotation", "asked_by", "of", "taken_by")
            .order_by("starts_at")
        ),
        "in_slack": IN_SLACK if any(c.kind == "slack" for c in directory.active()) else (),
        "now_at": _now_at(now.astimezone(zone), monday, rests=rests),
        "coming": _coming(first, monday) if first else [],
        "shares": _shares(first, now) if first else [],
        "handovers": handovers.latest(),
        "rotations": known.rotations,
        "rests": rests,
        "colleagues": sorted(known.users.values(), key=lambda u: u.display_name),
        "my_absences": list(Absence.objects.filter(user=user, ends_at__gt=now).order_by("pk")),
        "feed": _feed_address(user),
        "today": now.astimezone(zone).date(),
        "table_zone": str(zone),
    }
    return page(request, "oncall/oncall.html", context)


# ------------------------------------------------------------------ the table


def _week(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError:
        day = today
    return day - timedelta(days=day.weekday())


def _days(monday: date, today: date) -> list[dict[str, Any]]:
    days = [monday + timedelta(days=n) for n in range(7)]
    return [{"day": day, "today": day == today, "closed": day.weekday() > 4} for day in days]


def _line(rotation: Rotation, main: bool, monday: date, now: datetime) -> Line:  # noqa: FBT001 - private
    start = rota.begins_at(monday, zone=rotation.zone, handover=rotation.handover)
    end = rota.begins_at(monday + timedelta(days=7), zone=rotation.zone, handover=rotation.handover)
    users = oncall.table().users
    line = Line(label=str(rotation), says=_says(rotation), main=main)
    for span in oncall.shifts(rotation, start, end):
        first, last = _column(span.starts_at, start), _column(span.ends_at, start, ends=True)
        if first >= last:
            continue
        member, instead = users.get(span.member or 0), users.get(span.instead_of or 0)
        kind = "turn" if member else "gap"
        line.pieces.append(
            Piece(
                first=first,
                last=last,
                user=member,
                instead_of=instead,
                words=span.reason,
                is_now=span.starts_at <= now < span.ends_at,
                kind="over" if member and (instead or span.turn is None) else kind,
            )
        )
    return line


def _says(rotation: Rotation) -> str:
    turns = {"day": "a day each", "week": "a week each"}
    if rotation.roster:
        return f"from {rotation.roster}"
    return turns.get(rotation.turn, f"{rotation.turn_days} days each")


def _column(at: datetime, start: datetime, *, ends: bool = False) -> int:
    """The table's column line of a moment: a day has a morning and an afternoon half."""
    hours = (at - start).total_seconds() / 3600
    day, rest = divmod(hours, 24)
    if ends:
        half = 0 if rest < 2.25 else 1 if rest <= 6.75 else 2
    else:
        half = 0 if rest < 2.25 else 1 if rest < 12 else 2
    return min(max(2 + int(day) * 2 + half, 2), 16)


def _now_at(local: datetime, monday: date, *, rests: bool) -> str:
    """Where this moment stands between Monday and Sunday, in percent; empty in other weeks.

    The columns are days from midnight for the eye; weekends are narrow where nobody is on call.
    """
    days = (local.date() - monday).days
    if not 0 <= days < 7:
        return ""
    widths = [1.0] * 5 + [WEEKEND if rests else 1.0] * 2
    gone = sum(widths[:days]) + widths[days] * (local.hour * 60 + local.minute) / 1440
    return f"{100 * gone / sum(widths):.2f}"


def _coming(rotation: Rotation, monday: date) -> list[Turn]:
    """Whose turns begin in the week after."""
    begin = monday + timedelta(days=7)
    ends = (begin, begin + timedelta(days=7))
    start, end = (
        rota.begins_at(day, zone=rotation.zone, handover=rotation.handover) for day in ends
    )
    users, zone = oncall.table().users, ZoneInfo(rotation.zone)
    return [
        Turn(day=span.starts_at.astimezone(zone).date(), user=users[span.member])
        for span in oncall.shifts(rotation, start, end)
        if span.member in users
    ]


def _away_line(known: oncall.Table, monday: date, zone: ZoneInfo) -> list[Piece]:
    start = datetime.combine(monday, time(9), zone).astimezone(UTC)
    end = start + timedelta(days=7)
    pieces = []
    for absence in known.absences:
        if absence.starts_at < end and absence.ends_at > start:
            first = _column(max(absence.starts_at, start), start)
            last = _column(min(absence.ends_at, end), start, ends=True)
            pieces.append(
                Piece(
                    first=first,
                    last=max(last, first + 1),
                    user=absence.user,
                    words=absence.reason,
                    kind="away",
                )
            )
    return pieces


def _gap(rotation: Rotation, now: datetime) -> rota.Span | None:
    """The first time in the coming week in which nobody is on duty, though somebody should be."""
    if rotation.rests_when_closed:
        return None
    spans = oncall.shifts(rotation, now, now + timedelta(days=7))
    return next((span for span in spans if span.member is None), None)


def _shares(rotation: Rotation, now: datetime) -> list[Share]:
    back, ahead = now - SHARE_BACK, now + SHARE_AHEAD
    spans = oncall.shifts(rotation, back, ahead)
    past = [s for s in spans if s.starts_at <= now]
    days = rota.shares(past)
    zone = ZoneInfo(rotation.zone)
    found = []
    for member in oncall.table().members.get(rotation.pk, []):
        mine = [s for s in spans if s.member == member.pk]
        last = max((s.starts_at for s in mine if s.starts_at <= now), default=None)
        coming = min((s.starts_at for s in mine if s.starts_at > now), default=None)
        found.append(
            Share(
                user=member,
                days=round(days.get(member.pk, 0)),
                last=last.astimezone(zone).date() if last else None,
                next=coming.astimezone(zone).date() if coming else None,
            )
        )
    return found


# ------------------------------------------------------------------ the sheet and the feed


@login_required
@require_safe
def handover(request: HttpRequest, pk: int) -> HttpResponse:
    """One hand-over sheet, without the tickets that the reader may not see."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    rows = Handover.objects.select_related("rotation", "outgoing", "incoming", "acknowledged_by")
    row = get_object_or_404(rows, pk=pk)
    numbers = {line["number"] for lines in row.sheet.values() for line in lines}
    seen = set(queries.visible_to(user).filter(pk__in=numbers).values_list("pk", flat=True))
    parts = [
        (heading, icon, [line for line in row.sheet.get(name, []) if line["number"] in seen])
        for name, heading, icon in (
            ("promises", "Promises that are due", "clock"),
            ("open", "Open: ours to answer", "inbox"),
            ("held", "On hold, and why", "hold"),
            ("waiting", "Waiting on them", "pause"),
        )
    ]
    return page(request, "oncall/handover.html", {"sheet": row, "parts": parts})


def _feed_address(user: User) -> str:
    token = signing.dumps(user.pk, salt=SALT)
    return reverse("oncall-feed", args=[token])


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The rota as an iCal feed: everybody's shifts, for whoever has a signed address."""
    try:
        user = User.objects.filter(pk=signing.loads(token, salt=SALT), is_active=True).first()
    except signing.BadSignature:
        user = None
    if user is None:
        raise Http404
    response = HttpResponse(feed.ical(timezone.now()), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="oncall.ics"'
    return response
