"""A history whose workers are killed wherever it hurts: complete, and everything once.

The suite brings 3,000 tickets; `make soak` brings `SOAK_HISTORY_TICKETS` (100,000) and says how
fast, and whether memory stays where it was.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from inbox.channels.models import Channel
from inbox.history import services as history
from inbox.history.models import ImportRun
from inbox.operations.connecting import connect
from inbox.search.models import SearchDoc
from inbox.tickets.models import Message, Thread, Ticket, TicketEvent
from rig import desk, gauge, worker, zendesk
from rig.processes import Process
from rig.zendesk_export import LongHistory, said_on

POINTS = (
    "history_after_page:2",
    "history_before_change:3",
    "history_mid_transaction:2",
    "t2_mid_transaction:3",
    "history_after_commit:2",
)
SOAK = int(os.environ.get("SOAK_HISTORY_TICKETS", "100000"))
Env = dict[str, str]


def begun(fake: LongHistory) -> ImportRun:
    """A connection to it, and a run."""
    desk.agent("ana")
    given = {
        "subdomain": "example",
        "api_url": fake.url,
        "client_id": zendesk.CLIENT,
        "client_secret": zendesk.CLIENT_SECRET,
    }
    connect("zendesk", "old", given)
    channel = Channel.objects.get(kind="zendesk", key="old")
    return history.begin(channel, by=None, now=timezone.now())


def free(run: ImportRun) -> None:
    """Nobody waits for the lease of who was killed."""
    ImportRun.objects.filter(pk=run.pk).update(lease_until=None)


def bring_with_kills(
    env: Env, run: ImportRun, folder: Path, watch: Callable[[Process], None]
) -> float:
    """Five processes die at their points, the sixth finishes; seconds of the sixth."""
    for n, point in enumerate(POINTS):
        dying = worker.manage(
            {**env, "DESK_CRASH_AT": point}, "import_history", "old", log=folder / f"{n}.log"
        )
        assert dying.popen.wait(120) == 137, dying.output()
        free(run)
    begin = time.monotonic()
    last = worker.manage(env, "import_history", "old", log=folder / "last.log")
    watch(last)
    assert last.popen.wait(60) == 0, last.output()
    return time.monotonic() - begin


def assert_once(fake: LongHistory, run: ImportRun) -> None:
    """Complete, each ticket, thread, comment, event and document once."""
    run.refresh_from_db()
    assert (run.state, run.problems.count()) == ("done", 0)
    numbers = fake.left
    said = sum(said_on(number) for number in numbers)
    assert Ticket.objects.count() == run.items.count() == len(numbers)
    assert Thread.objects.count() == len(numbers)
    assert Message.objects.count() == run.messages == said
    assert SearchDoc.objects.count() == said + len(numbers)
    assert TicketEvent.objects.filter(kind="opened").count() == len(numbers)
    sayings = TicketEvent.objects.filter(kind__in=["message_in", "message_out", "note"])
    assert sayings.count() == said
    assert Ticket.objects.filter(status="closed", closed_at=None).count() == 0


def bring(env: Env, folder: Path, count: int, settings: object) -> tuple[float, gauge.Watch]:
    with LongHistory(count) as fake:
        host = fake.url.removeprefix("http://")
        settings.OUTBOUND_ALLOW = host  # type: ignore[attr-defined]  # pytest-django's own
        env = {**env, "OUTBOUND_ALLOW": host}
        run = begun(fake)
        watches: list[gauge.Watch] = []

        def watch(process: Process) -> None:
            watches.append(gauge.Watch(lambda: {"import": process.popen.pid}))
            while process.popen.poll() is None:
                watches[0].sample()
                time.sleep(0.5)

        seconds = bring_with_kills(env, run, folder, watch)
        assert_once(fake, run)
    return seconds, watches[0]


@pytest.mark.service
@pytest.mark.slow
def test_three_thousand_tickets_come_once_though_five_workers_die(
    process_env: Env, tmp_path: Path, settings: object
) -> None:
    """The short form."""
    bring(process_env, tmp_path, 3000, settings)


@pytest.mark.service
@pytest.mark.soak
def test_a_hundred_thousand_tickets_come_once_at_a_steady_size(
    process_env: Env, tmp_path: Path, settings: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """The promised form: complete, each once, memory flat; the figures are printed."""
    seconds, watch = bring(process_env, tmp_path, SOAK, settings)
    second, last = watch.thirds(seconds)["import"]
    figures = {
        "tickets": SOAK,
        "tickets_per_second": round(SOAK / seconds),
        "seconds": round(seconds),
        "mb_second_third": round(second, 1),
        "mb_last_third": round(last, 1),
    }
    with capsys.disabled():
        print(json.dumps(figures))  # noqa: T201 - the figures are what this run is for
    assert last <= second * 1.1 + 5
