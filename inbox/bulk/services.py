"""Steps: begun for tickets chosen at the press, done one ticket at a time, taken back the same way.

Every ticket is a change of its own, with its item in the same transaction: a kill between two
leaves nothing half done, and whoever goes on finds what is left.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.bulk import operations
from inbox.bulk.models import ACTIVE, BulkItem, BulkRun, ItemState, RunState
from inbox.common import work
from inbox.common.queue import Job, enqueue
from inbox.guard import services as guard
from inbox.tickets import former, queries
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Ticket

MOST_TICKETS = 10_000
REACH = timedelta(hours=1)  # so far back goes “undo the last step”
KEPT = timedelta(days=30)
WAY_BACK = (RunState.UNDOING, RunState.UNDONE)
GONE = "Not there any more."
BLOCKED = "blocked"  # of a step's `params`: its sender is not heard any more
LEASE = timedelta(seconds=60)


def begin(user: User, operation: str, params: operations.Params, numbers: Sequence[int]) -> BulkRun:
    """A run over these tickets, ready to be worked on. Raises `VerbError`."""
    said = operations.check(operation, params, user)
    if not numbers:
        raise VerbError("No ticket is selected.")
    if len(numbers) > MOST_TICKETS:
        raise VerbError(f"At most {MOST_TICKETS:,} tickets at a time; narrow the list down.")
    run = BulkRun.objects.create(
        user=user, operation=operation, params=params, said=said, created_at=work.current().now
    )
    items = (BulkItem(run=run, ticket_id=number) for number in sorted(set(numbers)))
    BulkItem.objects.bulk_create(items, batch_size=500)
    return run


@dataclass(kw_only=True)
class Step:
    """A step on one ticket; `run` is there afterwards, when something changed."""

    said: str = ""
    params: operations.Params = field(default_factory=dict)
    run: BulkRun | None = field(default=None)


@contextmanager
def step(ticket: Ticket, user: User, name: str) -> Iterator[Step]:
    """Keep how a ticket stood before what is done inside, so that it can be undone."""
    ticket = tickets.lock(ticket.pk)
    before, made = former.state_of(ticket), Step()
    yield made
    was, became = former.difference(before, former.state_of(ticket))
    if was or made.params:
        made.run = keep(
            ticket, user, name, said=made.said, before=was, after=became, params=made.params
        )


def keep(
    ticket: Ticket,
    user: User,
    name: str,
    *,
    said: str,
    before: former.State,
    after: former.State,
    params: operations.Params | None = None,
) -> BulkRun:
    """A step that was done already, as it can be undone."""
    run = BulkRun.objects.create(
        user=user,
        operation=name,
        params=params or {},
        said=(said or name).rstrip(".")[:200],
        state=RunState.DONE,
        created_at=work.current().now,
    )
    BulkItem.objects.create(
        run=run, ticket=ticket, state=ItemState.DONE, before=before, after=after
    )
    return run


# ------------------------------------------------------------------ one ticket


def do_item(pk: int, run: BulkRun) -> None:
    """Do the step to one ticket, or take it back; inside a change. Raises `VerbError`."""
    if not can(run.user, Right.ACT):
        raise NotAllowed("Whoever asked for it may not do this any more.")
    wanted = ItemState.WAITING if run.state == RunState.WORKING else ItemState.DONE
    item = BulkItem.objects.select_for_update().filter(pk=pk, state=wanted).first()
    if item is None:
        return  # somebody else was faster
    if not queries.visible_to(run.user).filter(pk=item.ticket_id).exists():
        raise NotAllowed(GONE)
    tickets.lock_all(former.touched(item.ticket_id, item.before))
    ticket = tickets.lock(item.ticket_id)
    if wanted == ItemState.WAITING:
        before = former.state_of(ticket)
        operations.act(ticket, run.operation, run.params, run.user)
        item.before, item.after = former.difference(before, former.state_of(ticket))
        item.state = ItemState.DONE
    elif item.before and not former.put_back(ticket, item.before, item.after, why="undone"):
        item.state, item.why = ItemState.KEPT, "Changed since."
    else:
        item.state = ItemState.UNDONE
        if run.params.get(BLOCKED):
            guard.unblock_sender(ticket)
    item.save(update_fields=["state", "why", "before", "after"])


def refuse_item(pk: int, run: BulkRun, why: str) -> None:
    """Note why a ticket was left as it is."""
    working = run.state == RunState.WORKING
    rows = BulkItem.objects.filter(pk=pk, state=ItemState.WAITING if working else ItemState.DONE)
    rows.update(state=ItemState.SKIPPED if working else ItemState.KEPT, why=why[:250])


# ------------------------------------------------------------------ the whole run


def claim(pk: int, *, now: datetime) -> BulkRun | None:
    """Take a run for a while; None when it is at rest or somebody else has it."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    rows = BulkRun.objects.filter(free, pk=pk, state__in=ACTIVE)
    if not rows.update(lease_until=now + LEASE):
        return None
    return BulkRun.objects.select_related("user").get(pk=pk)


def left(run: BulkRun, *, limit: int) -> list[int]:
    """The next items of a run, in the order of their tickets."""
    wanted = ItemState.WAITING if run.state == RunState.WORKING else ItemState.DONE
    rows = run.items.filter(state=wanted).order_by("id")
    return list(rows.values_list("pk", flat=True)[:limit])


def release(run: BulkRun) -> bool:
    """Give a run back; whether it is finished. What is left is rung for again."""
    finished = not left(run, limit=1)
    if finished:
        state = RunState.DONE if run.state == RunState.WORKING else RunState.UNDONE
        BulkRun.objects.filter(pk=run.pk, state=run.state).update(state=state)
    BulkRun.objects.filter(pk=run.pk).update(lease_until=None)
    if BulkRun.objects.filter(pk=run.pk, state__in=ACTIVE).exists():
        enqueue(Job.BULK, run.pk)  # the rest of it, or an undo that came meanwhile
    return finished


def due_ids(now: datetime) -> list[int]:
    """Runs that wait to be worked on, and those whose worker was lost."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    return list(BulkRun.objects.filter(free, state__in=ACTIVE).values_list("pk", flat=True))


def undo(user: User, pk: int | None = None) -> BulkRun:
    """Begin to take a step of one's own back: this one, or the last one. Raises `VerbError`."""
    rows = BulkRun.objects.filter(user=user).order_by("-pk")
    run = rows.filter(pk=pk).first() if pk else _last(user)
    if run is None:
        raise VerbError("There is nothing to undo.")
    open_states = (RunState.WORKING, RunState.DONE)
    if not rows.filter(pk=run.pk, state__in=open_states).update(state=RunState.UNDOING):
        raise NotAllowed("This was undone already.")
    run.items.filter(state=ItemState.WAITING).update(state=ItemState.SKIPPED, why="Stopped.")
    run.state = RunState.UNDOING
    return run


def _last(user: User) -> BulkRun | None:
    since = work.current().now - REACH
    rows = BulkRun.objects.filter(user=user, created_at__gte=since).order_by("-pk")
    return rows.filter(state__in=[RunState.WORKING, RunState.DONE]).first()


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is."""

    run: BulkRun
    counts: dict[str, int]
    reasons: list[tuple[str, int]]
    only: int = 0  # the ticket, where there is but one

    @property
    def total(self) -> int:
        """How many tickets it is about."""
        return sum(self.counts.values())

    @property
    def active(self) -> bool:
        """Whether it is still being worked on."""
        return self.run.state in ACTIVE

    @property
    def undoing(self) -> bool:
        """Whether it is on its way back, or has arrived there."""
        return self.run.state in WAY_BACK

    @property
    def handled(self) -> int:
        """How many are behind it."""
        waiting = ItemState.DONE if self.undoing else ItemState.WAITING
        return self.total - self.counts.get(waiting, 0)

    @property
    def changed(self) -> int:
        """How many it changed, or put back."""
        return self.counts.get(ItemState.UNDONE if self.undoing else ItemState.DONE, 0)

    @property
    def left_alone(self) -> bool:
        """Whether some were left as they were."""
        return bool(self.reasons)


def forget(*, now: datetime) -> None:
    """Drop the steps that nobody takes back any more, some at a time."""
    old = BulkRun.objects.filter(created_at__lt=now - KEPT).order_by("pk")
    BulkRun.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:200])).delete()


def progress(run: BulkRun) -> Progress:
    """How far a run is, and why tickets were left alone; two statements at any size."""
    rows = run.items.values_list("state", "why").annotate(n=Count("pk")).order_by("-n", "why")
    counts: dict[str, int] = {}
    reasons = []
    for state, why, n in rows:
        counts[state] = counts.get(state, 0) + n
        if why:
            reasons.append((why, n))
    if (
        run.params.get("gone") and run.state not in WAY_BACK
    ):  # checked, and hidden or deleted before the press
        reasons.append((GONE, run.params["gone"]))
    one = run.items.values_list("ticket_id", flat=True).first() if sum(counts.values()) == 1 else 0
    return Progress(run=run, counts=counts, reasons=reasons, only=one or 0)
