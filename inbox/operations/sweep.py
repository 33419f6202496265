"""What drives every due row again, whatever the broker lost."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from inbox.bulk import services as bulk
from inbox.channels.models import Delivery, DeliveryState, Fetch
from inbox.common.crash import point
from inbox.common.queue import Job, enqueue
from inbox.history import services as history
from inbox.operations import acting
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.people import paging
from inbox.playbooks import jobs as playbookjobs
from inbox.tickets import counts
from inbox.webhooks import sending as webhooks

log = structlog.get_logger(__name__)

AT_ONCE = 500
# A row that was just stored has been rung for; the sweep only cares for the forgotten ones.
GRACE = timedelta(seconds=8)


def due_deliveries(now: datetime, *, limit: int = AT_ONCE) -> list[int]:
    """Pending deliveries whose time has come, and those whose worker was lost."""
    pending = Q(state=DeliveryState.PENDING) & (Q(not_before=None) | Q(not_before__lte=now))
    lost = Q(state=DeliveryState.PROCESSING, lease_until__lt=now)
    rows = Delivery.objects.filter(pending | lost).order_by("id")
    return list(rows.values_list("pk", flat=True)[:limit])


def due_outgoing(now: datetime, *, limit: int = AT_ONCE) -> list[int]:
    """Rows to send, and rows whose outcome has to be looked up."""
    waiting = Q(state=OutgoingState.QUEUED) | Q(state=OutgoingState.UNCERTAIN, lease_until=None)
    lost = Q(state__in=[OutgoingState.SENDING, OutgoingState.UNCERTAIN], lease_until__lt=now)
    # what should leave by a connection that was taken away waits until it is there again
    rows = Outgoing.objects.filter(waiting | lost, not_before__lte=now)
    rows = rows.filter(channel__disconnected_at=None).order_by("id")
    return list(rows.values_list("pk", flat=True)[:limit])


def due_fetches(now: datetime, *, limit: int = AT_ONCE) -> list[int]:
    """Files that are still at the vendor."""
    rows = Fetch.objects.filter(state="pending", not_before__lte=now).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def ring_overdue(*, now: datetime) -> int:
    """Ring for every forgotten row. Returns how many."""
    old = now - GRACE
    deliveries = Delivery.objects.filter(pk__in=due_deliveries(now)).exclude(
        state=DeliveryState.PENDING, attempts=0, received_at__gt=old
    )
    rung = _ring(Job.PROCESS_DELIVERY, deliveries.order_by("id").values_list("pk", flat=True))
    rung += _ring(Job.FETCH, due_fetches(now))
    rung += _ring(Job.WEBHOOK, webhooks.due_ids(now))
    rung += _ring(Job.BULK, bulk.due_ids(now))
    rung += _ring(Job.HISTORY, history.due_ids(now))
    rung += _ring(Job.PEOPLE_LIST, paging.due_ids(now))
    rung += _ring(Job.PLAYBOOK, playbookjobs.due_ids(now))
    return rung + _ring(Job.DELIVER, due_outgoing(now))


def _ring(job: Job, pks: Iterable[int]) -> int:
    rung = 0
    for pk in pks:
        enqueue(job, pk)
        rung += 1
    return rung


def tick(*, now: datetime) -> int:
    """Whatever a clock has made due: warnings, breaches, wake-ups. Returns how many."""
    done = 0
    for find, act in acting.CLOCKWORK:
        done += sum(_safely(act, pk, now) for pk in find(now)[:AT_ONCE])
    point("beat_after_tick")
    return done


def _safely(act: Callable[[int, datetime], bool], pk: int, now: datetime) -> int:
    """One broken row must not stop the others."""
    try:
        return int(act(pk, now))
    except Exception:
        log.exception("tick_failed", act=act.__name__, pk=pk)
        return 0


def fold() -> None:
    """Fold the counts' delta rows into one row each; old steps are forgotten."""
    counts.fold()
    bulk.forget(now=timezone.now())
