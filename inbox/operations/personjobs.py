"""Exports and erasures that were asked for on a page: worked off, offered for a day, forgotten."""

from datetime import datetime, timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from inbox import pipeline
from inbox.common.work import Actor
from inbox.operations import forgetting, handing_out
from inbox.people.models import Contact
from inbox.privacy.beside import export_path
from inbox.privacy.models import PersonJob, PersonJobKind, PersonJobState
from inbox.privacy.person import CannotErase

log = structlog.get_logger(__name__)

OFFERED = timedelta(days=1)
LEASE = timedelta(minutes=10)  # longer than any one step, which renews it
LABEL = "privacy"


def due_ids(now: datetime) -> list[int]:
    """What nobody works on, and exports whose day is over."""
    lost = Q(lease_until=None) | Q(lease_until__lt=now)
    waiting = Q(state=PersonJobState.WAITING) & lost
    over = Q(kind=PersonJobKind.EXPORT, finished_at__lt=now - OFFERED)
    rows = PersonJob.objects.filter(waiting | over).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:20])


def work(pk: int, now: datetime) -> bool:
    """Do one of them; False when there was nothing to do."""
    job = _claim(pk, now)
    if job is None:
        return False
    if job.state != PersonJobState.WAITING:
        export_path(pk).unlink(missing_ok=True)
        job.delete()
        return True
    try:
        counts, problem = _do(job), ""
    except (CannotErase, Contact.DoesNotExist) as error:
        counts, problem = {}, str(error)[:250]
    except OSError as error:
        log.exception("person_job_failed", job=pk)
        counts, problem = {}, f"The file could not be written: {type(error).__name__}."
    with pipeline.change(Actor.system(LABEL)):
        kept = PersonJob.objects.filter(pk=pk).update(
            state=PersonJobState.FAILED if problem else PersonJobState.DONE,
            counts=counts,
            problem=problem,
            finished_at=timezone.now(),
        )
    if not kept:  # they were erased meanwhile, and their exports with them
        export_path(pk).unlink(missing_ok=True)
    return True


def _claim(pk: int, now: datetime) -> PersonJob | None:
    with pipeline.change(Actor.system(LABEL), now=now):
        job = PersonJob.objects.select_for_update().filter(pk=pk).first()
        if job is None or job.pk not in due_ids(now):
            return None
        job.lease_until = now + LEASE
        job.save(update_fields=["lease_until"])
        return job


def _do(job: PersonJob) -> dict[str, int]:
    def say(words: str) -> None:
        rows = PersonJob.objects.filter(pk=job.pk)
        rows.update(said=words[:80], lease_until=timezone.now() + LEASE)

    if job.kind == PersonJobKind.ERASE:
        return forgetting.erase(job.contact_id, by=job.by, say=say)
    target = export_path(job.pk)
    target.unlink(missing_ok=True)  # of a try that was interrupted
    return handing_out.export(job.contact_id, target, notes=job.notes, by=job.by, say=say)
