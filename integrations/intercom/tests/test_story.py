"""From a message in Intercom to its end on both sides: over HTTP, with worker, Redis and faults."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Delivery
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Message, Ticket
from integrations.intercom.tests.conftest import ADA, ANA, connected
from rig import worker
from rig.desk import agent
from rig.intercom import FakeIntercom, disorder
from rig.vendor import Answer

WAIT = {"type": "error.list", "errors": [{"code": "rate_limit_exceeded", "message": "slow"}]}


@pytest.fixture
def desk(
    process_env: dict[str, str], workspace: FakeIntercom, tmp_path: Path
) -> Iterator[FakeIntercom]:
    """Web, worker and beat, connected to the fake, whose notifications arrive by HTTP."""
    env = {**process_env, "OUTBOUND_ALLOW": workspace.url.removeprefix("http://")}
    connected(workspace)
    beat = worker.start_scheduler(env, log=tmp_path / "beat.log")
    try:
        with worker.web(env, folder=tmp_path) as site, worker.workers(env, folder=tmp_path):
            workspace.hook = f"{site.url}/hooks/intercom/main/"
            yield workspace
            workspace.hook = ""
    finally:
        beat.stop()


def until(true: Callable[[], object], what: str, *, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def status_of(row: Ticket) -> str:
    row.refresh_from_db()
    return row.status


def sent(number: int) -> bool:
    return Outgoing.objects.filter(kind="reply", state="sent").count() == number


@pytest.mark.service
@pytest.mark.slow
def test_from_a_message_to_its_end_on_both_sides(desk: FakeIntercom) -> None:
    """S21; a limit, a lost answer, a revoked token, unknown fields, disorder."""
    browser, ana = Client(), agent("ana")
    browser.force_login(ana)
    key = desk.begin(ADA, "It hangs", subject="Sync", surprise={"new": [1, None]})
    until(lambda: Ticket.objects.filter(subject="Sync").exists(), "it is a ticket")
    row = Ticket.objects.get()
    assert desk.statuses == [200]

    def reply(body: str) -> None:
        data = {"body": body, "then": "wait"}
        assert browser.post(f"/tickets/{row.pk}/reply/", data).status_code == 302
        Outgoing.objects.filter(kind="reply", state="queued").update(not_before=timezone.now())

    soon = {"X-RateLimit-Reset": str(int(time.time()) + 2)}
    desk.fail("/reply", answer=Answer(429, WAIT, soon))
    desk.fail("/reply", answer=Answer(502, b"<html>"), drop="after")
    reply("Which **version**?")
    until(lambda: sent(1), "answered, through a limit and a lost answer")
    (part,) = desk.said(key)
    assert part["body"].strip() == "<p>Which <strong>version</strong>?</p>"
    ours = Message.objects.get(direction="out")
    assert ours.external_id == f"part/{part['id']}"
    assert status_of(row) == "in_progress"

    desk.say(ADA, key, "2.3")
    until(lambda: status_of(row) == "open", "her answer makes it ours")

    desk.token, right = "another one", desk.token
    reply("Try 2.4.")
    failed = Outgoing.objects.filter(kind="reply", state="failed")
    until(failed.exists, "a revoked token is told")
    assert "refuses the token" in failed.get().error
    desk.token = right

    end = {"resolution": "solved", "there": "1"}
    assert browser.post(f"/tickets/{row.pk}/close/", end).status_code == 302
    until(lambda: desk.conversations[key]["state"] == "closed", "closed here is closed there")
    until(lambda: status_of(row) == "closed", "and stays so")

    desk.say(ADA, key, "It hangs again")
    until(lambda: status_of(row) == "open", "she opens it again on both sides")
    assert desk.conversations[key]["state"] == "open"
    time.sleep(1.1)  # Intercom's times are whole seconds
    desk.close(ANA, key, "<p>Solved in a call</p>")
    until(lambda: status_of(row) == "closed", "closed there is closed here")

    hook, desk.hook = desk.hook, ""
    begun = len(desk.sent)
    keys = [desk.begin(ADA, f"question {n}") for n in range(4)]
    for other in keys:
        for n in range(3):
            desk.say(ADA, other, f"{other} more {n}")
    desk.hook = hook
    told = list(disorder(desk.sent[begun:], random.Random(7)))
    threads = [
        threading.Thread(target=lambda rows: [desk.post(body) for body in rows], args=(told[n::3],))
        for n in range(3)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    until(
        lambda: not Delivery.objects.filter(state__in=["pending", "processing"]).exists(),
        "everything is processed",
    )
    assert not Delivery.objects.filter(state__in=["failed", "unknown"]).exists()
    assert set(desk.statuses) == {200}
    assert Ticket.objects.count() == 5
    for other in keys:
        words = Message.objects.filter(thread__thread_key=other).values_list("new_text", flat=True)
        wanted = [f"{other} more {n}" for n in range(3)]
        assert sorted(words) == sorted([f"question {keys.index(other)}", *wanted])
    assert len(desk.said(key)) == 1
