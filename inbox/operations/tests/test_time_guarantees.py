"""What time makes due happens exactly once: follow-ups under kills, two schedulers, jumping clocks."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from inbox.common.config import change_setting
from inbox.common.versions import bump
from inbox.followups.models import DelayedAction, FollowUp
from inbox.notify.models import Notice
from inbox.operations import draining, sweep
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity
from inbox.sla.models import Clock
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket, TicketEvent
from rig import worker
from rig.desk import act, agent, asker, mailbox, policy, ticket, writes
from rig.smtp import SmtpSink

HOUR = timedelta(hours=1)
AGO = 49 * HOUR


def _noon_offset(now: datetime) -> int:
    """Where it is midday at this moment, so that no night puts anything off."""
    return (12 - now.astimezone(UTC).hour) * 60


def waiting(count: int, now: datetime) -> list[Ticket]:
    """Tickets that were answered 49 hours ago, whose askers have said nothing since."""
    ana, channel = agent("ana"), mailbox("support")
    rows = []
    for _ in range(count):
        who = asker(utc_offset_minutes=_noon_offset(now))
        row = ticket(at=now - AGO - HOUR, channel=channel, who=who)
        act(tickets.reply, row, body="Try this.", user=ana, then="wait", at=now - AGO)
        rows.append(row)
    Outgoing.objects.update(state="sent")
    return rows


def inject(row: Ticket, what: str, other: Ticket) -> None:
    """Something happens to a ticket at this very moment."""
    now = timezone.now()
    who = Identity.objects.get(pk=row.asker_id or 0)
    does: dict[str, Callable[[], Any]] = {
        "answer": partial(writes, row, who, at=now),
        "hold": partial(act, tickets.hold, row, reason="a call", at=now),
        "snooze": partial(act, tickets.snooze, row, until=now + 24 * HOUR, at=now),
        "merge": partial(act, tickets.merge, row, into=other, at=now),
        "reopen": partial(act, tickets.reopen, row, why="by hand", at=now),
    }
    with suppress(VerbError):  # it was closed a moment ago
        does[what]()


def judge(row: Ticket) -> str:
    """Walk over a ticket's events: whether each follow-up was right, and none is missing."""
    waits, followed = False, 0
    for event in TicketEvent.objects.filter(ticket=row).order_by("pk"):
        if event.kind == "status":
            waits = event.data["waiting_on"] == "them" and event.data["to"] == "in_progress"
            followed = 0 if waits else followed
        elif event.kind == "snoozed":
            waits = False
        elif event.kind == "followed_up":
            followed += 1
            if not waits or followed > 1:
                return f"#{row.pk}: followed up {followed} times, waiting {waits}"
        elif event.kind == "closed" and event.data["resolution"] == "no_reply" and followed != 1:
            return f"#{row.pk}: closed without its message"
    return f"#{row.pk}: forgotten" if waits else ""


def follow_up(env: dict[str, str], folder: Path, sink: SmtpSink, *, count: int, kills: int) -> None:
    """Injections at random moments, drains killed, and a last one that ends the work."""
    dice = random.Random(11)
    connect("email", "support", {"address": "support@example.com", "smtp_url": sink.url()})
    change_setting("automatic_per_ticket_hour", 5)
    steps = [{"after_minutes": 2880, "message": "Still there, {name}?", "close": "no_reply"}]
    FollowUp.objects.create(key="quiet", steps=steps)
    bump("follow_ups")
    rows = waiting(count, timezone.now())
    touched = dice.sample(rows, count * 2 // 5)
    acts = [(row, dice.choice(("answer", "hold", "snooze", "merge", "reopen"))) for row in touched]
    target = ticket(at=timezone.now(), channel=mailbox("support"))
    allowed = {**env, "OUTBOUND_ALLOW": f"127.0.0.1:{sink.port}"}
    for n in range(kills):
        process = worker.manage(allowed, "drain", log=folder / f"drain{n}.log")
        part = acts[n * len(acts) // kills : (n + 1) * len(acts) // kills]
        until = time.monotonic() + dice.uniform(2.5, 4.5)
        for row, what in part:
            inject(row, what, target)
            time.sleep(0.005)
        time.sleep(max(until - time.monotonic(), 0))
        process.kill()
    # as if their leases had run out; one without a lease would be nobody's for ever
    Outgoing.objects.exclude(lease_until=None).update(lease_until=timezone.now())
    last = worker.manage(allowed, "drain", "--timeout", "300", log=folder / "last.log")
    assert last.popen.wait(320) == 0
    assert draining.drain(timeout_seconds=60)[1]
    assert [why for row in rows if (why := judge(row))] == []
    sent = Counter(letter.message_id for letter in sink.letters)
    assert set(sent.values()) <= {1}
    followed = TicketEvent.objects.filter(kind="followed_up").count()
    queued = Outgoing.objects.filter(kind="auto_reply")
    assert queued.count() == followed
    assert set(queued.values_list("state", flat=True)) <= {"sent", "held"}
    assert followed >= count * 3 // 5


@pytest.mark.service
@pytest.mark.slow
def test_exactly_the_right_ones_are_followed_up_once(
    process_env: dict[str, str], tmp_path: Path, smtp_sink: SmtpSink
) -> None:
    """S63: the short form."""
    follow_up(process_env, tmp_path, smtp_sink, count=40, kills=2)


@pytest.mark.service
@pytest.mark.soak
def test_a_thousand_waiting_tickets_are_followed_up_once_under_ten_kills(
    process_env: dict[str, str], tmp_path: Path, smtp_sink: SmtpSink
) -> None:
    """The promised form."""
    follow_up(process_env, tmp_path, smtp_sink, count=1000, kills=10)


# ------------------------------------------------------------------ schedulers


def due_things(now: datetime, *, count: int) -> list[Ticket]:
    """Tickets whose warning, breach, escalation and follow-up come due one after the other."""
    ana = agent("ana", timezone="UTC")
    ana.timezone = f"Etc/GMT{-_noon_offset(now) // 60:+d}"
    ana.save()
    change_setting("escalate_after_minutes", 1)
    steps = [
        {"after_minutes": 60, "message": "Hi {name}"},
        {"after_minutes": 2, "close": "no_reply"},
    ]
    FollowUp.objects.create(key="quick", steps=steps)
    bump("follow_ups")
    hard = policy(first_response_amount=1, first_response_unit="hours", warn_minutes=1)
    channel = mailbox("support", policy=hard)
    rows = []
    for n in range(count):
        who = asker(utc_offset_minutes=_noon_offset(now))
        row = ticket(at=now - HOUR + n * timedelta(seconds=1), channel=channel, who=who)
        act(tickets.assign, row, ana, at=now - HOUR / 2)
        rows.append(row)
        quiet = ticket(
            at=now - 2 * HOUR,
            channel=mailbox("jobs"),
            who=asker(utc_offset_minutes=_noon_offset(now)),
        )
        at = now - HOUR + n * timedelta(seconds=1)
        act(tickets.reply, quiet, body="Try this.", user=ana, then="wait", at=at)
        rows.append(quiet)
    Outgoing.objects.update(state="sent")
    return rows


def assert_each_once(rows: list[Ticket]) -> None:
    kinds = ("due_warning", "breached", "escalated", "followed_up", "closed")
    events = TicketEvent.objects.filter(ticket__in=rows, kind__in=kinds)
    counted = Counter((event.ticket_id, event.kind, event.data.get("step")) for event in events)
    half = len(rows) // 2
    assert set(counted.values()) == {1}
    assert Counter(kind for _, kind, _ in counted) == {
        "breached": half,
        "escalated": half,
        "followed_up": 2 * half,
        "closed": half,
        **({"due_warning": n} if (n := _warned(counted)) else {}),
    }
    told = Counter(Notice.objects.filter(key__startswith="clock").values_list("kind", flat=True))
    assert (told["breached"], told["escalated"]) == (half, half)
    assert not Clock.objects.filter(state="running", breached_at=None).exists()
    assert not DelayedAction.objects.filter(state="pending").exists()


def _warned(counted: Counter[Any]) -> int:
    # a warning that a late tick finds together with its breach is not told any more
    return sum(1 for _, kind, _ in counted if kind == "due_warning")


@pytest.mark.service
@pytest.mark.django_db(transaction=True)
def test_two_schedulers_and_a_clock_that_jumps_do_nothing_twice() -> None:
    """Ticks side by side, ten minutes ahead, and back again."""
    if connection.vendor != "postgresql":
        pytest.skip("threads need a server's database")
    now = timezone.now().replace(microsecond=0)
    rows = due_things(now, count=6)

    def tick(at: datetime) -> None:
        try:
            sweep.tick(now=at)
        finally:
            connection.close()

    moments = [now, now, now + timedelta(minutes=10), now, now + timedelta(minutes=10)]
    moments += [now + timedelta(minutes=m) for m in (10, 10, 13, 13, 0, 16, 16)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(tick, moments))
    tick(now + timedelta(minutes=20))
    assert_each_once(rows)


@pytest.mark.service
@pytest.mark.soak
def test_two_schedulers_and_a_worker_that_sleeps_for_90_seconds(
    process_env: dict[str, str], tmp_path: Path
) -> None:
    """Real beats and workers; one worker is stopped in its tracks and goes on a minute and a half later."""
    now = timezone.now()
    rows = due_things(now, count=60)
    running = [
        worker.start_worker(process_env, log=tmp_path / f"w{n}.log", name=f"w{n}") for n in (1, 2)
    ]
    running += [worker.start_scheduler(process_env, log=tmp_path / f"b{n}.log") for n in (1, 2)]
    try:
        time.sleep(20)
        os.kill(running[0].pid, signal.SIGSTOP)
        time.sleep(90)
        os.kill(running[0].pid, signal.SIGCONT)
        end = time.monotonic() + 240
        while DelayedAction.objects.filter(state="pending").exists() and time.monotonic() < end:
            time.sleep(2)
        time.sleep(40)
    finally:
        for process in running:
            process.stop()
    assert draining.drain(timeout_seconds=60)[1]
    assert_each_once(rows)
