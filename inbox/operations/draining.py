"""`drain`: process everything that is pending or due, in this process, with or without a broker."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from inbox import pipeline
from inbox.bulk import services as bulk
from inbox.channels.models import Delivery
from inbox.history import services as history
from inbox.operations import bulkruns, fetching, importing, sweep
from inbox.outbox.models import Outgoing
from inbox.reports import services as reports

# Rows whose time comes within this are waited for; later ones are not ours to wait for.
HORIZON = timedelta(seconds=60)
PAUSE_SECONDS = 0.2
# (name of the count, what is due, what is done with one and what became of it)
More = tuple[str, Callable[[datetime], list[int]], Callable[[int], str]]


def drain(*, timeout_seconds: float, more: Sequence[More] = ()) -> tuple[dict[str, int], bool]:
    """Work until nothing is left; (counts by what was done, whether it is empty).

    `more`: work of rooms that stand above this one.
    """
    done: Counter[str] = Counter()
    end = time.monotonic() + timeout_seconds
    while time.monotonic() < end:
        worked = _round(done, end, more)
        if not worked:
            if not _waits():
                sweep.fold()
                reports.renew(now=timezone.now())
                return dict(done), True
            time.sleep(PAUSE_SECONDS)
    return dict(done), False


def _round(done: Counter[str], end: float, more: Sequence[More]) -> int:
    now = timezone.now()
    worked = _each("delivery", sweep.due_deliveries(now), pipeline.process_delivery, done, end)
    worked += _each("fetch", sweep.due_fetches(now), _fetch, done, end)
    worked += _each("bulk", bulk.due_ids(now), _piece, done, end)
    worked += _each("history", history.due_ids(now), _pages, done, end)
    ticked = sweep.tick(now=now)
    done["clock"] += ticked
    worked += ticked
    worked += _each("outgoing", sweep.due_outgoing(now), pipeline.deliver, done, end)
    for name, due, act in more:
        worked += _each(name, due(now), act, done, end)
    return worked


def _fetch(pk: int) -> str:
    return fetching.fetch(pk, now=timezone.now())


def _piece(pk: int) -> str:
    return "worked" if bulkruns.work_on(pk, now=timezone.now()) else ""


def _pages(pk: int) -> str:
    return "worked" if importing.work_on(pk, now=timezone.now()) else ""


def _each(
    name: str, pks: list[int], act: Callable[[int], str], done: Counter[str], end: float
) -> int:
    worked = 0
    for pk in pks:
        if time.monotonic() > end:
            break
        state = act(pk)
        if state:
            worked += 1
            done[f"{name}_{state}"] += 1
    return worked


def _waits() -> bool:
    """Whether a lease is held elsewhere, or a row's time comes soon."""
    soon: datetime = timezone.now() + HORIZON
    held = Q(state="processing") | Q(state="pending") & (
        Q(not_before=None) | Q(not_before__lte=soon)
    )
    if Delivery.objects.filter(held).exists() or history.waits(soon):
        return True
    open_rows = Outgoing.objects.filter(state__in=["queued", "sending", "uncertain"])
    return open_rows.filter(not_before__lte=soon).exists()
