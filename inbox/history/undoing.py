"""Taking a history back: what a run brought goes for good, unless somebody has worked on it."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q, RestrictedError

from inbox.common import rows
from inbox.common.queue import Job, enqueue
from inbox.history.models import ImportItem, ImportRun, ImportState
from inbox.history.shaping import ACTOR
from inbox.tickets.drafts import Draft
from inbox.tickets.models import Message, Thread, Ticket, TicketCount, TicketEvent
from inbox.tickets.recording import counted

AT_ONCE = 100


def begin(run: ImportRun) -> bool:
    """Begin to take a run back that is at rest; False when it is not, or another one is active."""
    states = [ImportState.STOPPED, ImportState.FAILED, ImportState.DONE]
    try:
        with transaction.atomic():
            begun = ImportRun.objects.filter(pk=run.pk, state__in=states).update(
                state=ImportState.UNDOING,
                lease_until=None,
                not_before=None,
                attempts=0,
                error="",
                finished_at=None,
            )
    except IntegrityError:
        return False
    if begun:
        enqueue(Job.HISTORY, run.pk)
    return bool(begun)


def next_ones(run: ImportRun) -> list[int]:
    """The next tickets that may go, locked; those that somebody worked on are marked as kept."""
    items = ImportItem.objects.filter(run=run, kept=False).order_by("pk")
    numbers = sorted(items.values_list("ticket", flat=True)[:AT_ONCE])
    list(Ticket.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))
    ours = Q(actor_kind="system", actor_label=ACTOR)
    worked = TicketEvent.objects.filter(ticket__in=numbers).exclude(ours)
    kept = set(worked.values_list("ticket", flat=True))
    kept |= set(Draft.objects.filter(ticket__in=numbers).values_list("ticket", flat=True))
    keep(run, kept)
    return [number for number in numbers if number not in kept]


def keep(run: ImportRun, numbers: Collection[int]) -> None:
    """Leave these as they are."""
    ImportItem.objects.filter(run=run, ticket__in=numbers).update(kept=True)


def people_of(numbers: Collection[int]) -> set[int]:
    """Who asked or wrote on tickets, by their identities."""
    wrote = Message.objects.filter(ticket__in=numbers, author__isnull=False)
    asked = Ticket.objects.filter(pk__in=numbers, asker__isnull=False)
    return {
        *wrote.order_by().values_list("author_id", flat=True).distinct(),
        *asked.order_by().values_list("asker_id", flat=True).distinct(),
    }


def erase(numbers: Collection[int]) -> list[int]:
    """Delete tickets with everything in them; those that something else holds are returned."""
    try:
        with transaction.atomic():
            _erase(numbers)
    except (IntegrityError, ProtectedError, RestrictedError):
        if len(numbers) == 1:
            return list(numbers)
        return [held for number in numbers for held in erase([number])]
    return []


def _erase(numbers: Collection[int]) -> None:
    going = Ticket.objects.filter(pk__in=numbers)
    places = Counter(place for ticket in going for place in counted(ticket))
    Message.objects.filter(ticket__in=numbers).delete()
    Thread.objects.filter(ticket__in=numbers).delete()
    going.delete()
    rows.insert(TicketCount(scope=s, key=key, n=-n) for (s, key), n in places.items())


def finish(run: ImportRun, now: datetime) -> bool:
    """Note that nothing is left that could go; whether that is so."""
    if ImportItem.objects.filter(run=run, kept=False).exists():
        return False
    undoing = ImportRun.objects.filter(pk=run.pk, state=ImportState.UNDOING)
    undoing.update(state=ImportState.UNDONE, finished_at=now, lease_until=None)
    run.state = ImportState.UNDONE
    return True
