"""The sheet from one shift to the next: made once, two lines from who leaves, signed by who comes.

The clockwork looks who is on duty; a person whose shift has begun without a sheet gets one about
what the last one leaves behind.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common import work
from inbox.followups.models import Handover
from inbox.notify import services as notify
from inbox.oncall import services as oncall
from inbox.oncall.models import Rotation
from inbox.sla.models import Clock, ClockState, Metric
from inbox.tickets import queries
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import LIVE, Ticket

MOST = 50
# A sheet is about the change that has just been; after an outage nobody wants all of last week's.
LATEST = timedelta(hours=20)


def due_rotation_ids(now: datetime) -> list[int]:
    """Rotations whose present shift has no sheet yet."""
    begun = {d.rotation.pk: d.since for d in oncall.duties(now) if now - d.since < LATEST}
    if not begun:
        return []
    known = Handover.objects.filter(rotation_id__in=begun, shift_at__gte=now - LATEST)
    have = set(known.values_list("rotation_id", "shift_at"))
    return [pk for pk, since in begun.items() if (pk, since) not in have]


def make(rotation_id: int, now: datetime) -> bool:
    """Make the sheet for a shift that has begun. False when it is there or nobody changed."""
    duty = next((d for d in oncall.duties(now) if d.rotation.pk == rotation_id), None)
    if duty is None:
        return False
    before = _before(duty.rotation, duty.since)
    try:
        with transaction.atomic():
            row = Handover.objects.create(
                rotation=duty.rotation,
                shift_at=duty.since,
                outgoing=before,
                incoming=duty.user,
                sheet=sheet(before, duty.user, now),
                made_at=now,
            )
    except IntegrityError:
        return False
    if before is not None and before.pk != duty.user.pk:
        _invite(row, before, duty.user)
    return True


def _before(rotation: Rotation, since: datetime) -> User | None:
    spans = oncall.shifts(rotation, since - timedelta(days=8), since)
    last = next((s.member for s in reversed(spans) if s.member is not None), None)
    return oncall.table().users.get(last or 0)


def _invite(row: Handover, before: User, after: User) -> None:
    url = f"/oncall/handover/{row.pk}/"
    text = f"Your shift is over: two lines for {after.display_name}, please"
    notify.tell(before, key=f"handover:{row.pk}:out", kind="handover", text=text, url=url)
    text = f"You are on duty. {before.display_name} hands over to you"
    notify.tell(after, key=f"handover:{row.pk}:in", kind="handover", text=text, url=url)


# ------------------------------------------------------------------ what is on it


def sheet(before: User | None, after: User, now: datetime) -> dict[str, Any]:
    """What is open, waiting, promised and on hold, as it stood when the shift changed.

    Only what the incoming person may see: a restricted ticket stays in its team.
    """
    live = queries.visible_to(after).filter(status__in=LIVE)
    mine = live.filter(Q(owner=before) | Q(owner=None)) if before else live
    promises = Clock.objects.filter(
        ticket__in=live, metric=Metric.PROMISE, state=ClockState.RUNNING
    ).order_by("due_at")
    return {
        "open": _lines(mine.filter(lane="us").order_by("next_due_at", "number"), now),
        "waiting": _lines(mine.filter(status="in_progress", waiting_on="them"), now),
        "held": _lines(mine.filter(status="on_hold"), now),
        "promises": [
            {
                "number": clock.ticket_id,
                "subject": clock.ticket.subject,
                "words": clock.words,
                "due_at": clock.due_at.isoformat(),
            }
            for clock in promises.select_related("ticket")[:MOST]
        ],
    }


def _lines(rows: QuerySet[Ticket], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "number": row.pk,
            "subject": row.subject,
            "owner": row.owner.display_name if row.owner else "",
            "due_at": row.next_due_at.isoformat() if row.next_due_at else "",
            "late": bool(row.next_due_at and row.next_due_at < now),
            "reason": row.hold_reason,
        }
        for row in rows.select_related("owner")[:MOST]
    ]


# ------------------------------------------------------------------ signed twice


def write(row: Handover, *, by: User, words: str) -> Handover:
    """The two lines of who leaves."""
    row = Handover.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if by.pk != row.outgoing_id and not can(by, Right.MANAGE):
        raise NotAllowed("Only who hands over writes this.")
    lines = [line.strip() for line in words.strip().splitlines() if line.strip()]
    if not lines:
        raise VerbError("Write a line or two.", field="words")
    if len(lines) > 2 or len(words) > 500:
        raise VerbError("Two lines are enough; the list says the rest.", field="words")
    row.words, row.written_at = "\n".join(lines), work.current().now
    row.save(update_fields=["words", "written_at"])
    return row


def acknowledge(row: Handover, *, by: User) -> Handover:
    """Who comes has read it."""
    row = Handover.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if by.pk != row.incoming_id and not can(by, Right.MANAGE):
        raise NotAllowed("Only who takes over signs this.")
    if row.acknowledged_at is None:
        row.acknowledged_by, row.acknowledged_at = by, work.current().now
        row.save(update_fields=["acknowledged_by", "acknowledged_at"])
    return row


def latest() -> list[Handover]:
    """The newest sheet of every rotation."""
    rows = Handover.objects.select_related("rotation", "outgoing", "incoming", "acknowledged_by")
    found: dict[int, Handover] = {}
    for row in rows.order_by("-shift_at")[:20]:
        found.setdefault(row.rotation_id, row)
    return list(found.values())
