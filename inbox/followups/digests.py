"""The sweep: what nobody has answered yet, looked through in the morning and before leaving (S5).

Twice on every working day of a person, once each: the row of the digest is the claim.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import F, Q, QuerySet

from inbox.accounts.models import Role, User
from inbox.common import hours
from inbox.common.config import setting
from inbox.followups.models import Digest
from inbox.notify import services as notify
from inbox.tickets import queries
from inbox.tickets.models import Ticket

MORNING, LEAVING = "morning", "leaving"
# How long after its hour a digest still makes sense.
LATEST = timedelta(hours=2)
MOST = 40


def unanswered(user: User) -> QuerySet[Ticket]:
    """Threads in which nobody but the asker has spoken last: ours to answer (S3, S5)."""
    silent = Q(answered_at__isnull=True) | Q(asked_at__gt=F("answered_at"))
    return queries.visible_to(user).filter(silent, lane="us").exclude(opener_class="robot")


@dataclass(frozen=True)
class Half:
    """One half of somebody's day whose digest is due."""

    user: User
    half: str
    local: datetime


def due_halves(now: datetime) -> list[Half]:
    """Who is due a digest now and has none for this half of their day."""
    found = []
    agents = User.objects.filter(is_active=True, role__in=[Role.AGENT, Role.ADMIN])
    for user in agents.order_by("pk"):
        half = _half_of(user, now)
        if half is not None:
            found.append(half)
    sent = Digest.objects.filter(day__gte=(now - timedelta(days=2)).date())
    known = set(sent.values_list("user_id", "day", "half"))
    return [h for h in found if (h.user.pk, h.local.date(), h.half) not in known]


def _half_of(user: User, now: datetime) -> Half | None:
    local = now.astimezone(hours.zone(notify.zone_of(user)))
    if local.weekday() > 4:
        return None
    begins, ends = (time.fromisoformat(text) for text in setting("working_hours"))
    leaving = datetime.combine(local.date(), ends, local.tzinfo) - timedelta(minutes=30)
    if timedelta() <= local - leaving < LATEST:
        return Half(user, LEAVING, local)
    morning = datetime.combine(local.date(), begins, local.tzinfo)
    return Half(user, MORNING, local) if timedelta() <= local - morning < LATEST else None


def due_user_ids(now: datetime) -> list[int]:
    """The same for the clockwork: whose digest is due."""
    return [half.user.pk for half in due_halves(now)]


def send(user_id: int, now: datetime) -> bool:
    """Write one person's digest. False when it was written, or nothing waits."""
    half = next((h for h in due_halves(now) if h.user.pk == user_id), None)
    if half is None:
        return False
    rows = list(unanswered(half.user).select_related("channel", "asker")[: MOST + 1])
    row, made = Digest.objects.get_or_create(
        user=half.user,
        day=half.local.date(),
        half=half.half,
        defaults={"unanswered": len(rows)},
    )
    if not made or not rows:
        return False
    when = "this morning" if half.half == MORNING else "before you leave"
    many = f"{MOST}+" if len(rows) > MOST else str(len(rows))
    notify.tell(
        half.user,
        key=f"digest:{row.pk}",
        kind="digest",
        text=f"{many} unanswered {'thread' if len(rows) == 1 else 'threads'} {when}",
        body=_body(rows[:MOST], now),
        url="/sweep/",
    )
    return True


def _body(rows: Iterable[Ticket], now: datetime) -> str:
    lines = []
    for ticket in rows:
        who = ticket.asker.label if ticket.asker else "somebody"
        waits = now - (ticket.asked_at or ticket.created_at)
        waited = int(waits.total_seconds() // 3600)
        lines.append(f"- #{ticket.pk} {ticket.subject} ({who}, {ticket.channel}, {waited} h)")
    return "\n".join(lines)
