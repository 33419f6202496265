"""Celery tasks: load, call, nothing else. Rows decide what is due, so a task may run twice."""

from celery import shared_task
from django.utils import timezone

from inbox import pipeline
from inbox.operations import fetching, polling, sweep
from inbox.reports import services as reports


@shared_task(name="inbox.process_delivery")
def process_delivery(pk: int) -> None:
    """Process one stored delivery."""
    pipeline.process_delivery(pk)


@shared_task(name="inbox.deliver")
def deliver(pk: int) -> None:
    """Send or look up one outgoing row."""
    pipeline.deliver(pk)


@shared_task(name="inbox.fetch")
def fetch(pk: int) -> None:
    """Get one file's bytes from the vendor."""
    fetching.fetch(pk, now=timezone.now())


@shared_task(name="inbox.poll")
def poll(pk: int) -> None:
    """Fetch from one channel."""
    polling.poll(pk, now=timezone.now())


@shared_task(name="inbox.poll_due")
def poll_due() -> None:
    """Ring for every channel whose time has come."""
    polling.ring_due(now=timezone.now())


@shared_task(name="inbox.sweep")
def sweep_overdue() -> None:
    """Ring again for rows that nobody works on."""
    sweep.ring_overdue(now=timezone.now())


@shared_task(name="inbox.tick")
def tick() -> None:
    """Warn, breach, wake: whatever a clock has made due."""
    sweep.tick(now=timezone.now())


@shared_task(name="inbox.fold")
def fold() -> None:
    """Fold the delta rows of the counts."""
    sweep.fold()


@shared_task(name="inbox.reports")
def renew_reports() -> None:
    """Bring the figures of what was touched up to date."""
    reports.renew(now=timezone.now())
