"""Celery tasks: load, call, nothing else. Rows decide what is due, so a task may run twice."""

from celery import shared_task
from django.utils import timezone

from inbox import pipeline
from inbox.api import webhookjob
from inbox.handbook import services as handbook
from inbox.operations import (
    beating,
    bulkruns,
    fetching,
    importing,
    peoplelists,
    personjobs,
    playbookjobs,
    polling,
    sweep,
)
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


@shared_task(name="inbox.webhook")
def webhook(pk: int) -> None:
    """Tell one subscriber what it waits for."""
    webhookjob.deliver(pk)


@shared_task(name="inbox.poll")
def poll(pk: int) -> None:
    """Fetch from one channel."""
    polling.poll(pk, now=timezone.now())


@shared_task(name="inbox.handbook")
def load_shipped_handbook(pk: int) -> None:
    """Load the preset, for an installation that begins; there is no row to name."""
    del pk
    handbook.load_preset()


@shared_task(name="inbox.bulk")
def bulk(pk: int) -> None:
    """Work on a run of many tickets."""
    bulkruns.work_on(pk, now=timezone.now())


@shared_task(name="inbox.history")
def history(pk: int) -> None:
    """Bring the next pages of a history in."""
    importing.work_on(pk, now=timezone.now())


@shared_task(name="inbox.playbook")
def playbook(pk: int) -> None:
    """Do what a playbook's step asks of a vendor."""
    playbookjobs.work_on(pk, now=timezone.now())


@shared_task(name="inbox.poll_due")
def poll_due() -> None:
    """Ring for every channel whose time has come."""
    polling.ring_due(now=timezone.now())


@shared_task(name="inbox.people_list")
def people_list(pk: int) -> None:
    """Check a list of people, take it in or take it back."""
    peoplelists.work(pk, now=timezone.now())


@shared_task(name="inbox.person")
def person(pk: int) -> None:
    """Export a person, or erase one."""
    personjobs.work(pk, now=timezone.now())


@shared_task(name="inbox.sweep")
def sweep_overdue() -> None:
    """Ring again for rows that nobody works on."""
    beating.beat(now=timezone.now())
    sweep.ring_overdue(now=timezone.now())


@shared_task(name="inbox.tick")
def tick() -> None:
    """Warn, breach, wake: whatever a clock has made due."""
    sweep.tick(now=timezone.now())


@shared_task(name="inbox.fold")
def fold() -> None:
    """Fold the delta rows of the counts, and forget processes that ended."""
    sweep.fold()
    beating.forget(now=timezone.now())


@shared_task(name="inbox.reports")
def renew_reports() -> None:
    """Bring the figures of what was touched up to date."""
    reports.renew(now=timezone.now())
