"""Bringing a whole history in: page after page, each filed in one change together with its cursor.

The vendor is asked outside of any transaction. A kill anywhere leaves all of a page or nothing of
it; whoever goes on asks for the page again.
"""

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from inbox import pipeline
from inbox.channels.contract import ConfigError, DeliveryError
from inbox.channels.models import Channel
from inbox.channels.ports import ImportedTicket, ImportPage
from inbox.common import rows
from inbox.common.crash import point
from inbox.common.work import Actor
from inbox.history import filing, undoing
from inbox.history import services as history
from inbox.history.models import ImportRun, ImportState
from inbox.history.shaping import ACTOR, Case, status_of
from inbox.people import meeting
from inbox.reports import services as reports
from inbox.tickets.models import Touched

log = structlog.get_logger(__name__)

TURN_SECONDS = 20.0  # of one job; others wait in the same queue
SHOWN = 8


def work_on(pk: int, *, now: datetime, seconds: float = TURN_SECONDS) -> bool:
    """The next pages of a run; whether anything was done. What is left rings again by itself."""
    run = history.claim(pk, now=now)
    if run is None:
        return False
    end = time.monotonic() + seconds
    with suppress(history.LostRun):
        try:
            while run.state == ImportState.UNDOING and time.monotonic() < end:
                _take_back(run)
            while run.state == ImportState.RUNNING and time.monotonic() < end:
                _one_page(run)
        except DeliveryError as error:
            log.warning("history_waits", run=run.pk, reason=error.text)
            history.failed(run, error, now=timezone.now())
            return True
        history.release(run)
    return True


def _one_page(run: ImportRun) -> None:
    page = _ask(run.channel, run.cursor)
    point("history_after_page")
    cases = filing.prepare(page.tickets)
    point("history_before_change")
    try:
        _file(run, page, cases)
    except history.LostRun:
        raise
    except Exception:
        log.exception("history_page_failed", run=run.pk)
        _one_by_one(run, page)
    point("history_after_commit")


def _ask(channel: Channel, cursor: Mapping[str, Any]) -> ImportPage:
    importer = channel.type.importer
    if importer is None:
        raise DeliveryError("this kind brings no history", permanent=True)
    try:
        page = importer.page(channel.config, cursor)
    except DeliveryError:
        raise
    except Exception as error:
        log.exception("history_page_unread", channel=str(channel))
        raise DeliveryError("a page of the export could not be read") from error
    if not page.is_last and dict(page.cursor) == dict(cursor):
        raise DeliveryError("the export does not move on", permanent=True)
    return page


def _file(run: ImportRun, page: ImportPage, cases: list[Case]) -> None:
    """All of a page in one change; who met the same person or ticket at this moment tries again."""
    for attempt in range(3):
        now = timezone.now()
        try:
            with pipeline.change(Actor.system(ACTOR), now=now, historic=True):
                filed = filing.file_page(cases, run)
                point("history_mid_transaction")
                history.advance(run, page, filed, now=now)
        except IntegrityError:
            if attempt == 2:
                raise
            cases = filing.prepare(page.tickets)
        else:
            return


def _one_by_one(run: ImportRun, page: ImportPage) -> None:
    """Of a page that cannot be filed everything that can; the rest are problems."""
    problems, filed, now = list(page.problems), filing.Filed(), timezone.now()
    with pipeline.change(Actor.system(ACTOR), now=now, historic=True):
        for ticket in page.tickets:
            try:
                with transaction.atomic():
                    one = filing.file_page(filing.prepare([ticket]), run)
            except Exception as error:  # noqa: BLE001 - one poison ticket must not stop the others
                log.warning("history_ticket_failed", ticket=ticket.external_id, error=repr(error))
                problems.append(f"{ticket.external_id}: it could not be filed")
                continue
            filed.tickets += one.tickets
            filed.messages += one.messages
        history.advance(run, replace(page, problems=tuple(problems)), filed, now=now)


def _take_back(run: ImportRun) -> None:
    """The next hundred tickets go; figures first, as long as they tell what to subtract."""
    now = timezone.now()
    with pipeline.change(Actor.system(ACTOR), now=now, historic=True):
        history.hold(run, now=now)
        numbers = undoing.next_ones(run)
        reports.forget(numbers)
        met = undoing.people_of(numbers)
        held = undoing.erase(numbers)
        meeting.unmeet(met, since=run.started_at)
        undoing.keep(run, held)
        rows.insert(Touched(ticket_id=number) for number in held)  # their figures come back
        undoing.finish(run, now)
    point("history_after_undo")


# ------------------------------------------------------------------ from outside


def channel_of(key: str) -> Channel:
    """The channel of this key, or of `kind/key`, whose kind brings a history.

    Raises `ConfigError`.
    """
    kind, _, name = key.rpartition("/")
    rows = Channel.objects.filter(key=name, **({"kind": kind} if kind else {}))
    found = [channel for channel in rows.order_by("kind") if channel.type.importer is not None]
    if len(found) != 1:
        problem = "more than one channel" if found else "no channel"
        raise ConfigError(f"{problem} of the name “{key}” brings a history; say kind/key")
    return found[0]


def bring(key: str) -> dict[str, Any]:
    """Start a channel's history, or go on with it, in this process until it is at rest.

    Raises `ConfigError`; may be interrupted at any moment. Returns figures.
    """
    channel = channel_of(key)
    run = history.newest(channel)
    if run is None or run.state == ImportState.UNDONE:
        run = history.begin(channel, by=None, now=timezone.now())
    elif run.state in (ImportState.STOPPED, ImportState.FAILED):
        history.go_on(run)
    try:
        while ImportRun.objects.filter(pk=run.pk, state=ImportState.RUNNING).exists():
            if not work_on(run.pk, now=timezone.now()):
                time.sleep(1)
    except KeyboardInterrupt:
        ImportRun.objects.filter(pk=run.pk).update(lease_until=None)
        history.stop(run)
    run.refresh_from_db()
    names = ("state", "taken", "messages", "total", "error")
    return {**{name: getattr(run, name) for name in names}, "problems": run.problems.count()}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the first page of a history shows."""

    n: int
    is_all: bool
    total: int | None
    first: datetime | None
    last: datetime | None
    statuses: list[tuple[str, int]]
    assigned: list[tuple[str, int]]  # accounts here
    strangers: list[tuple[str, int]]  # addresses without an account
    messages: int
    files: int
    problems: tuple[str, ...]


def preview(channel: Channel) -> Preview:
    """Read the first page and change nothing. Raises `DeliveryError`."""
    page = _ask(channel, {})
    return _preview(page, page.tickets)


def _preview(page: ImportPage, told: tuple[ImportedTicket, ...]) -> Preview:
    asked = Counter(ticket.assignee_email.lower() for ticket in told if ticket.assignee_email)
    known = meeting.accounts(asked)
    messages = [message for ticket in told for message in ticket.batch.messages]
    assigned = Counter({known[a].display_name: n for a, n in asked.items() if a in known})
    strangers = Counter({a: n for a, n in asked.items() if a not in known})
    times = [ticket.created_at for ticket in told]
    return Preview(
        n=len(told),
        is_all=page.is_last,
        total=page.total,
        first=min(times, default=None),
        last=max(times, default=None),
        statuses=Counter(status_of(ticket) for ticket in told).most_common(),
        assigned=assigned.most_common(SHOWN),
        strangers=strangers.most_common(SHOWN),
        messages=len(messages),
        files=sum(len(message.files) for message in messages),
        problems=page.problems,
    )
