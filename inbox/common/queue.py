"""The doorbell: Celery is told that a row wants work; the row itself is the queue.

Losing a ring loses time, never work: the sweep drives every overdue row again.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from functools import partial

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)

SILENCE_SECONDS = 3.0


class Job(StrEnum):
    """The jobs that a row can ask for, by the name of their Celery task."""

    PROCESS_DELIVERY = "inbox.process_delivery"
    DELIVER = "inbox.deliver"
    FETCH = "inbox.fetch"
    POLL = "inbox.poll"
    WEBHOOK = "inbox.webhook"
    HANDBOOK = "inbox.handbook"
    PEOPLE_LIST = "inbox.people_list"
    BULK = "inbox.bulk"
    PERSON = "inbox.person"
    HISTORY = "inbox.history"
    PLAYBOOK = "inbox.playbook"


def enqueue(job: Job, pk: int, *, after_seconds: float = 0) -> None:
    """Run a job once the current transaction has committed; at once if there is none."""
    transaction.on_commit(partial(_ring, job, pk, after_seconds), robust=True)


def after_commit(call: Callable[[], None]) -> None:
    """Call something cheap and harmless after the commit; its failure is logged, never raised."""
    transaction.on_commit(call, robust=True)


def _ring(job: Job, pk: int, after_seconds: float = 0) -> None:
    # tasks[...].apply_async, not send_task(): that one ignores eager mode in tests.
    # retry=False: a dead broker must not eat the time of a vendor that waits for its 200.
    if time.monotonic() < _silence.until:
        return
    try:
        task = current_app.tasks[job]
        if after_seconds:
            task.apply_async((pk,), retry=False, countdown=after_seconds)
        else:
            task.apply_async((pk,), retry=False)
    except Exception as error:  # noqa: BLE001 - whatever the broker's client raises, the sweep rings again
        _silence.until = time.monotonic() + SILENCE_SECONDS
        log.warning("doorbell_failed", job=str(job), pk=pk, error=type(error).__name__)


class _Silence:
    """After a failed ring nobody rings for a while, so that a dead broker costs one attempt."""

    until = 0.0


_silence = _Silence()
