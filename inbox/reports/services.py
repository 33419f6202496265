"""Keep facts and sums as the tickets are: renew what was touched, or build everything anew.

Each step is one transaction that leaves facts, sums and progress in agreement, so it may be
killed anywhere and goes on where it stood; doing it twice changes nothing.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction

from inbox.reports.models import ReportDay, ReportFact, ReportProgress
from inbox.reports.reading import stories
from inbox.reports.story import Made, facts
from inbox.tickets.models import Ticket, Touched

AT_ONCE = 1000
DIMENSIONS = ("channel", "category", "person", "team", "priority")
# read where they stand: their labels are as many as there are helpers, so sums would save nothing
NOT_SUMMED = {"help", "gap"}
ROWS = 500  # per statement; SQLite allows 32,766 values
# dim, kind, day, value, label, bucket, scope
Place = tuple[str, str, date, str, str, int, int]
STEP_SECONDS = 20.0


def renew(*, now: datetime, seconds: float = STEP_SECONDS) -> int:
    """Work off what was touched, and on a rebuild, for that long at most. How many tickets."""
    done, end = 0, time.monotonic() + seconds
    while worked := _step(now):
        done += worked
        if time.monotonic() > end:
            break
    return done


def rebuild() -> None:
    """Forget every figure; `renew` builds them again from the tickets' events."""
    with transaction.atomic():
        row = _progress()
        ReportFact.objects.all().delete()
        ReportDay.objects.all().delete()
        row.built_to, row.is_building = 0, True
        row.save()


def progress() -> ReportProgress:
    """How far the figures are; before the first job they are being built."""
    return ReportProgress.objects.first() or ReportProgress(is_building=True)


def _progress() -> ReportProgress:
    """The one row, locked: whoever holds it is the one who counts."""
    ReportProgress.objects.get_or_create(pk=1)
    return ReportProgress.objects.select_for_update().get(pk=1)


def _step(now: datetime) -> int:
    """One batch; 0 when nothing is left."""
    with transaction.atomic():
        row = _progress()
        touched = list(Touched.objects.order_by("pk").values_list("pk", "ticket_id")[:AT_ONCE])
        if touched:
            _renew({number for _, number in touched})
            Touched.objects.filter(pk__in=[pk for pk, _ in touched]).delete()
        worked = len(touched)
        if row.is_building:
            rest = Ticket.objects.filter(pk__gt=row.built_to).order_by("pk")
            numbers = list(rest.values_list("pk", flat=True)[:AT_ONCE])
            _renew(set(numbers))
            row.built_to = numbers[-1] if numbers else row.built_to
            row.is_building = bool(numbers)
            worked += len(numbers)
        row.renewed_at = now
        row.save()
    return worked


def _renew(numbers: Collection[int]) -> None:
    """Make these tickets' facts what their events say, and move the sums by the difference."""
    new = {story.number: facts(story) for story in stories(numbers)}
    old: dict[int, list[Made]] = {}
    for number, *values in ReportFact.objects.filter(ticket__in=numbers).values_list(
        "ticket_id", *Made._fields
    ):
        old.setdefault(number, []).append(Made(*values))
    changed = [n for n in numbers if sorted(old.get(n, [])) != sorted(new.get(n, []))]
    if not changed:
        return
    if old:
        ReportFact.objects.filter(ticket__in=changed).delete()
    ReportFact.objects.bulk_create(
        (
            ReportFact(ticket_id=number, **made._asdict())
            for number in changed
            for made in new.get(number, [])
        ),
        batch_size=ROWS,
    )
    moves: Counter[Place] = Counter()
    spent: Counter[Place] = Counter()
    for number in changed:
        _add(moves, spent, new.get(number, []), 1)
        _add(moves, spent, old.get(number, []), -1)
    _write(moves, spent)


def _add(moves: Counter[Place], spent: Counter[Place], made: Iterable[Made], sign: int) -> None:
    for fact in made:
        if fact.kind not in NOT_SUMMED:
            for place in places(fact):
                moves[place] += sign
                spent[place] += sign * fact.seconds


def places(fact: Made) -> list[Place]:
    """Every sum that a fact is counted in."""
    at = fact.at.astimezone(UTC)
    day = at.date()
    values = [("", ""), *((name, str(getattr(fact, name))) for name in DIMENSIONS)]
    if fact.kind == "in":
        values.append(("hour", str(at.hour)))
    return [
        (dim, fact.kind, day, value, fact.label, fact.bucket, fact.scope) for dim, value in values
    ]


UPSERT = (
    "INSERT INTO inbox_reportday (dim, kind, day, value, label, bucket, scope, n, seconds) "
    "VALUES {} ON CONFLICT (dim, kind, day, value, label, bucket, scope) DO UPDATE SET "
    "n = inbox_reportday.n + excluded.n, seconds = inbox_reportday.seconds + excluded.seconds"
)


def _write(moves: Counter[Place], spent: Counter[Place]) -> None:
    """Add to the sums; the same statement on both databases."""
    rows = [(*place, n, spent[place]) for place, n in moves.items() if n or spent[place]]
    with connection.cursor() as cursor:
        for begin in range(0, len(rows), ROWS):
            part: list[tuple[Any, ...]] = rows[begin : begin + ROWS]
            text = UPSERT.format(", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s)"] * len(part)))
            cursor.execute(text, [value for row in part for value in row])
