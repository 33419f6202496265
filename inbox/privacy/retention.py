"""Every night, in small batches: what is older than the settings say goes. Says what it did."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from inbox.accounts.models import ApiAnswer
from inbox.channels.models import Delivery, DeliveryState, Fetch
from inbox.common import work
from inbox.common.config import setting
from inbox.livechat.models import VisitorToken
from inbox.notify.models import Notice
from inbox.privacy import expiring, leaving
from inbox.privacy.models import RetentionRun
from inbox.privacy.policies import Policy, policies, tickets_of
from inbox.tickets.models import Status, Ticket

log = structlog.get_logger(__name__)

NIGHT_HOUR = 2  # local time of the installation
BATCHES = 20  # of one turn of the sweep
TICKETS_AT_ONCE, ROWS_AT_ONCE = 20, 500
FOLDERS = 256
ORPHAN_DAYS = 2
RUN_DAYS = 400
OVER = (Status.CLOSED, Status.TRASHED, Status.SPAM)
RAW = (DeliveryState.DONE, DeliveryState.IGNORED, DeliveryState.UNKNOWN)

Next = Callable[[Any, datetime], tuple[int, Any]]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One kind of thing. `next` takes what comes after a row: (how many, the last row or None)."""

    name: str
    next: Next
    count: Callable[[datetime], int]


Days = Mapping[str, int]  # what a draft says instead of the settings that are named so


def steps(rows: list[Policy] | None = None, days: Days | None = None) -> list[Step]:
    """Everything that expires, as the settings are now, or as a draft of them says."""
    rows = policies() if rows is None else rows
    found = [
        _of_tickets(policy, rows[:place], what, take)
        for place, policy in enumerate(rows)
        for what, take in (("files", expiring.take_files), ("texts", expiring.take_texts))
        if getattr(policy, f"{what}_days")
    ]
    return [
        *found,
        *_of_rows(days or {}),
        Step(name="files of nobody", next=_orphans, count=lambda now: 0),
    ]


# ------------------------------------------------------------------ tickets


def _of_tickets(
    policy: Policy,
    before: list[Policy],
    what: str,
    take: Callable[[Ticket, Policy, datetime], int],
) -> Step:
    days, mine = getattr(policy, f"{what}_days"), tickets_of(policy, before)

    def due(now: datetime) -> QuerySet[Ticket]:
        ended = Coalesce("closed_at", "trashed_at", "last_message_at", "created_at")
        taken = f"expiry__{what}_at"
        fresh = Q(**{f"{taken}__isnull": True}) | Q(**{f"{taken}__lt": F("ended")})
        over = Ticket.objects.filter(mine, status__in=OVER).annotate(ended=ended)
        return over.filter(fresh, ended__lt=now - timedelta(days=days)).distinct()

    def step(after: Any, now: datetime) -> tuple[int, Any]:
        rows = due(now).filter(pk__gt=after or 0).order_by("pk")[:TICKETS_AT_ONCE]
        taken, last = 0, None
        for ticket in list(rows):
            taken, last = taken + take(ticket, policy, now), ticket.pk
        return taken, last

    return Step(name=f"{what} of {policy.name}", next=step, count=lambda now: due(now).count())


# ------------------------------------------------------------------ rows of their own


def _of_rows(days: Days) -> list[Step]:
    raw = _older("keep_raw_days", Delivery.objects.filter(state__in=RAW), "received_at", days)
    answers = _older("keep_api_answers_days", ApiAnswer.objects.all(), "created_at", days)
    notices = _older("keep_notices_days", Notice.objects.exclude(told_at=None), "made_at", days)
    runs = RetentionRun.objects.all()
    return [
        _step("raw deliveries", lambda now: raw(now).exclude(body=b""), _empty_raw),
        _step("API answers", answers, _delete),
        _step("notices", notices, _delete),
        _step("sessions", lambda now: Session.objects.filter(expire_date__lt=now), _delete),
        _step(
            "visitors' tokens", lambda now: VisitorToken.objects.filter(expires_at__lt=now), _delete
        ),
        _step("fetched addresses", lambda now: Fetch.objects.exclude(state="pending"), _delete),
        _step(
            "notes of this",
            lambda now: runs.filter(day__lt=_day(now) - timedelta(RUN_DAYS)),
            _delete,
        ),
    ]


def _older(
    name: str, rows: "QuerySet[Any]", column: str, given: Days
) -> "Callable[[datetime], QuerySet[Any]]":
    """Rows that are older than a setting says; 0 days: none."""

    def due(now: datetime) -> "QuerySet[Any]":
        days = int(given.get(name, setting(name)))
        return rows.filter(**{f"{column}__lt": now - timedelta(days=days)}) if days else rows.none()

    return due


def _step(
    name: str, due: "Callable[[datetime], QuerySet[Any]]", take: Callable[[list[Any]], int]
) -> Step:
    def step(after: Any, now: datetime) -> tuple[int, Any]:
        rows = due(now) if after is None else due(now).filter(pk__gt=after)
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS_AT_ONCE])
        return (take([due(now).model, keys]), keys[-1]) if keys else (0, None)

    return Step(name=name, next=step, count=lambda now: due(now).count())


def _delete(found: list[Any]) -> int:
    model, keys = found
    rows: type[Model] = model
    rows._default_manager.filter(pk__in=keys).delete()
    return len(keys)


def _empty_raw(found: list[Any]) -> int:
    return leaving.empty_deliveries(found[1], reason=expiring.RAW_REASON, with_keys=False)


def _orphans(after: Any, now: datetime) -> tuple[int, Any]:
    """Files that a crash left without a row, and halves of files; folder by folder."""
    oldest = (now - timedelta(days=ORPHAN_DAYS)).timestamp()
    for number in range(0 if after is None else int(after) + 1, FOLDERS):
        folder = Path(settings.DATA_DIR) / "files" / f"{number:02x}"
        old = [path for path in folder.glob("*/*") if path.stat().st_mtime < oldest]
        halves = [path for path in old if path.suffix]
        for path in halves:
            path.unlink(missing_ok=True)
        taken = len(halves) + leaving.unlink_unused(path.name for path in old if not path.suffix)
        if taken:
            return taken, number
    return 0, None


# ------------------------------------------------------------------ the night's work


def due_batches(now: datetime) -> list[int]:
    """From two o'clock until the night's work is done: a first look, then some batches a turn."""
    if timezone.localtime(now).hour < NIGHT_HOUR:
        return []
    run = RetentionRun.objects.filter(day=_day(now)).only("done_at").first()
    if run is None:
        return [0]
    return [] if run.done_at else list(range(BATCHES))


def _day(now: datetime) -> date:
    return timezone.localdate(now)


def do_batch(number: int, now: datetime) -> bool:
    """The next batch of the first step that is not done. Counts for nothing in the sweep."""
    del number
    run, _ = RetentionRun.objects.get_or_create(day=_day(now), defaults={"started_at": now})
    run = RetentionRun.objects.select_for_update().get(pk=run.pk)
    if run.done_at is None:
        advance(run, now)
    return False


def advance(run: RetentionRun, now: datetime) -> None:
    """One batch, kept with how far it came; steps that have nothing are done at once."""
    for step in steps():
        known = run.reached.get(step.name, {})
        if known.get("done"):
            continue
        taken, last = step.next(known.get("at"), now)
        run.reached[step.name] = {"at": last, "done": last is None}
        if last is not None:
            run.counts[step.name] = run.counts.get(step.name, 0) + taken
            break
    else:
        run.done_at = work.current().now
        log.info("retention_done", day=str(run.day), taken=run.counts)
    run.save(update_fields=["reached", "counts", "done_at"])


def would_take(
    now: datetime, rows: list[Policy] | None = None, days: Days | None = None
) -> dict[str, int]:
    """What a night at this time takes: tickets or rows by step; changes nothing."""
    return {step.name: n for step in steps(rows, days) if (n := step.count(now))}


def next_night(now: datetime) -> datetime:
    """When the next work begins; now, while today's is not done."""
    if due_batches(now):
        return now
    local = timezone.localtime(now)
    day = local.date() + timedelta(days=local.hour >= NIGHT_HOUR)
    return datetime.combine(day, time(NIGHT_HOUR), local.tzinfo)
