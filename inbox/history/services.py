"""A run that brings a channel's history in: begun, stopped, gone on with, held by one worker."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from inbox.accounts.models import User
from inbox.channels.contract import DeliveryError
from inbox.channels.models import Channel
from inbox.channels.ports import ImportPage
from inbox.common.queue import Job, enqueue
from inbox.history.filing import Filed
from inbox.history.models import ACTIVE, ImportProblem, ImportRun, ImportState

LEASE = timedelta(minutes=5)  # a page may ask the vendor a hundred times
TRIES = 12
LONGEST_WAIT = 600
MOST_PROBLEMS = 5_000  # of one run; more of them is one problem, and these tell which


class LostRun(RuntimeError):
    """Somebody else has the run, or it was stopped: what was just read is not ours to file."""


def newest(channel: Channel) -> ImportRun | None:
    """The run that the channel's page shows."""
    return ImportRun.objects.filter(channel=channel).order_by("-pk").first()


def begin(channel: Channel, *, by: User | None, now: datetime) -> ImportRun:
    """A new run from the beginning, or the one that is going on already."""
    try:
        with transaction.atomic():
            run = ImportRun.objects.create(channel=channel, by=by, started_at=now)
    except IntegrityError:
        run = ImportRun.objects.get(channel=channel, state__in=ACTIVE)
    enqueue(Job.HISTORY, run.pk)
    return run


def go_on(run: ImportRun) -> None:
    """Go on where it stood; one that is done looks for what came since."""
    states = [ImportState.STOPPED, ImportState.FAILED, ImportState.DONE]
    rows = ImportRun.objects.filter(pk=run.pk, state__in=states)
    rows.update(
        state=ImportState.RUNNING,
        attempts=0,
        error="",
        not_before=None,
        lease_until=None,
        finished_at=None,
    )
    enqueue(Job.HISTORY, run.pk)


def stop(run: ImportRun) -> None:
    """Stop; the page that is under way is thrown away and comes again later."""
    rows = ImportRun.objects.filter(pk=run.pk, state=ImportState.RUNNING)
    rows.update(state=ImportState.STOPPED, lease_until=None)


# ------------------------------------------------------------------ one worker at a time


def due_ids(now: datetime) -> list[int]:
    """Runs that wait to be worked on, and those whose worker was lost."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    ready = Q(not_before=None) | Q(not_before__lte=now)
    rows = ImportRun.objects.filter(free, ready, state__in=ACTIVE)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def waits(until: datetime) -> bool:
    """Whether a run is held elsewhere, or goes on before this moment."""
    ready = Q(not_before=None) | Q(not_before__lte=until)
    return ImportRun.objects.filter(ready, state__in=ACTIVE).exists()


def claim(pk: int, *, now: datetime) -> ImportRun | None:
    """Take a run for a while; None when it is at rest, waits, or somebody else has it."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    ready = Q(not_before=None) | Q(not_before__lte=now)
    rows = ImportRun.objects.filter(free, ready, pk=pk, state__in=ACTIVE)
    if not rows.update(lease_until=now + LEASE, fence=F("fence") + 1):
        return None
    return ImportRun.objects.select_related("channel", "by").get(pk=pk)


def _mine(run: ImportRun) -> Any:
    return ImportRun.objects.filter(pk=run.pk, fence=run.fence, state=run.state)


def advance(run: ImportRun, page: ImportPage, filed: Filed, *, now: datetime) -> None:
    """Move the cursor with what was filed, in one transaction. Raises `LostRun`."""
    values: dict[str, Any] = {
        "cursor": dict(page.cursor),
        "pages": F("pages") + 1,
        "taken": F("taken") + filed.tickets,
        "messages": F("messages") + filed.messages,
        "lease_until": now + LEASE,
        "attempts": 0,
        "error": "",
    }
    if page.total is not None:
        values["total"] = page.total
    if page.is_last:
        values |= {"state": ImportState.DONE, "finished_at": now, "lease_until": None}
    if not _mine(run).update(**values):
        raise LostRun
    run.cursor = values["cursor"]
    if page.is_last:
        run.state = ImportState.DONE
    keep_problems(run, page.problems)


def hold(run: ImportRun, *, now: datetime) -> None:
    """Keep a run while it is worked on. Raises `LostRun`."""
    if not _mine(run).update(lease_until=now + LEASE):
        raise LostRun


def keep_problems(run: ImportRun, texts: Iterable[str]) -> None:
    """Note what could not be read, once each."""
    said = sorted({text[:500] for text in texts if text})
    if said and run.problems.count() < MOST_PROBLEMS:
        ImportProblem.objects.bulk_create(
            [ImportProblem(run=run, text=text) for text in said], ignore_conflicts=True
        )


def failed(run: ImportRun, error: DeliveryError, *, now: datetime) -> None:
    """The vendor did not answer: later again, or not before somebody has looked at it."""
    attempts = run.attempts + 1
    wait = error.retry_after_seconds or min(5 * 2**attempts, LONGEST_WAIT)
    over = error.permanent or attempts >= TRIES
    _mine(run).update(
        state=ImportState.FAILED if over else run.state,
        attempts=attempts,
        error=error.text[:250],
        not_before=now + timedelta(seconds=wait),
        lease_until=None,
    )
    if not over:
        enqueue(Job.HISTORY, run.pk, after_seconds=wait)


def release(run: ImportRun) -> None:
    """Give a run back and ring for the rest of it."""
    if _mine(run).update(lease_until=None) and run.is_active:
        enqueue(Job.HISTORY, run.pk)


def progress(run: ImportRun, now: datetime) -> Mapping[str, Any]:
    """How far it is: percent where the vendor says how many there are, tickets a minute."""
    minutes = ((run.finished_at or now) - run.started_at).total_seconds() / 60
    percent = min(round(100 * run.taken / run.total), 100) if run.total else None
    return {
        "run": run,
        "percent": 100 if run.state == ImportState.DONE else percent,
        "rate": round(run.taken / minutes) if minutes > 0.05 else None,
        "problems": list(run.problems.order_by("pk").values_list("text", flat=True)[:100]),
        "n_problems": run.problems.count(),
        "made": run.items.count(),
        "kept": run.items.filter(kept=True).count(),
    }
