"""Keep facts and sums as the tickets are: renew what was touched, or build everything anew.

Each step is one transaction that leaves facts, sums and progress in agreement, so it may be
killed anywhere and goes on where it stood; doing it twice changes nothing.
"""

import time
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from inbox.reports.models import ReportFact, ReportProgress, ReportSum
from inbox.reports.reading import stories
from inbox.reports.story import Made, facts
from inbox.reports.summing import ROWS, Moves, Sum, count, write
from inbox.tickets.models import Ticket, Touched

AT_ONCE = 1000
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
        row = lock_progress()
        ReportFact.objects.all().delete()
        ReportSum.objects.all().delete()
        row.built_to, row.is_building = 0, True
        row.save()


def forget(numbers: Collection[int]) -> None:
    """Take tickets out of the figures before they are deleted; inside that transaction."""
    lock_progress()
    facts_of = ReportFact.objects.filter(ticket__in=numbers)
    old = [Made(*values) for values in facts_of.values_list(*Made._fields)]
    if old:
        facts_of.delete()
        moves = Moves(Sum)
        count(moves, old, -1)
        write(moves)


def progress() -> ReportProgress:
    """How far the figures are; before the first job they are being built."""
    return ReportProgress.objects.first() or ReportProgress(is_building=True)


def lock_progress() -> ReportProgress:
    """The one row, locked: whoever holds it is the one who counts."""
    ReportProgress.objects.get_or_create(pk=1)
    return ReportProgress.objects.select_for_update().get(pk=1)


def _step(now: datetime) -> int:
    """One batch; 0 when nothing is left."""
    with transaction.atomic():
        row = lock_progress()
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
    moves = Moves(Sum)
    for number in changed:
        count(moves, new.get(number, []), 1)
        count(moves, old.get(number, []), -1)
    write(moves)
