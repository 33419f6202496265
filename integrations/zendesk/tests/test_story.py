"""From a question at Zendesk to its end on both sides: over HTTP, with worker, beat and Redis."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from inbox.channels.models import Channel, Delivery
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Attachment, Message, Ticket
from integrations.zendesk.tests.conftest import connected, given
from rig import worker
from rig.desk import agent
from rig.vendor import Answer, Call
from rig.zendesk import FakeZendesk


@pytest.fixture
def site(process_env: dict[str, str], desk: FakeZendesk, tmp_path: Path) -> Iterator[str]:
    """Web, worker and beat, connected to the fake; the address of the web."""
    env = {**process_env, "OUTBOUND_ALLOW": desk.url.removeprefix("http://")}
    desk.at = datetime.now(UTC).replace(microsecond=0)  # the fake's clock goes with ours
    connected(desk)
    beat = worker.start_scheduler(env, log=tmp_path / "beat.log")
    try:
        with worker.web(env, folder=tmp_path) as web, worker.workers(env, folder=tmp_path):
            desk.hook = f"{web.url}/hooks/zendesk/main/"
            yield web.url
            desk.hook = ""
    finally:
        beat.stop()


def until(true: Callable[[], object], what: str, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def row() -> Ticket:
    return Ticket.objects.get(subject="It hangs")


def texts() -> list[str]:
    rows = Message.objects.filter(visibility="public", deleted_at=None)
    return sorted(rows.values_list("new_text", flat=True))


def lose_the_answer(desk: FakeZendesk) -> None:
    """The next update is written, and answered with 502."""
    real = desk.answer

    def answer(call: Call) -> Answer:
        found = real(call)
        if call.method != "PUT":
            return found
        desk.answer = real  # type: ignore[method-assign]  # once
        return Answer(502, b"<html>")

    desk.answer = answer  # type: ignore[method-assign]  # the fake between us and itself


@pytest.mark.service
@pytest.mark.slow
def test_from_a_question_there_to_its_end_on_both_sides(site: str, desk: FakeZendesk) -> None:
    """In, out in the same ticket, ended there and here; with limits, faults and a lost client."""
    browser = Client()
    browser.force_login(agent("ana"))

    # it comes twice, in the wrong order, with fields that nobody knows, through limits and faults
    log = desk.file("crash.log", b"it broke")
    desk.open("Mira", "It hangs", comment={"body": "After an hour.", "attachments": [log]})
    first = {**desk.event("created", 1), "new_in_2027": {"a": 1}}
    second = desk.added(desk.comment("Mira", 1, "It is 2.3."), 1)
    desk.fail("/tickets/1", answer=Answer(429, b"", {"retry-after": "1"}))
    desk.fail("/comments", answer=Answer(503, b""))
    desk.door.expire()
    assert [desk.post(second, invocation="b"), desk.post(first, invocation="a")] == [200, 200]
    assert [desk.post(second, invocation="b"), desk.post(first, invocation="a")] == [200, 200]
    until(lambda: texts() == ["After an hour.", "It is 2.3."], "both are filed, once")
    until(lambda: not Attachment.objects.get().is_missing, "the file is fetched")
    assert Ticket.objects.count() == 1

    # the answer is written there, nobody hears of it, and it is still written once
    lose_the_answer(desk)
    page = f"/tickets/{row().pk}"
    assert browser.post(f"{page}/reply/", {"body": "Try **2.4**."}).status_code == 302
    sent = Outgoing.objects.filter(kind="reply", state="sent")
    until(lambda: sent.count() == 1, "looked up and found")
    assert len(desk.said(1)) == 1
    assert desk.tickets[1]["status"] == "pending"
    assert desk.post(desk.added(desk.comments[1][-1], 1)) == 200
    assert desk.post(desk.added(desk.comment("Mira", 1, "That helps!"), 1)) == 200
    until(lambda: "That helps!" in texts(), "her answer is filed")
    assert len(texts()) == 4

    # ended there is ended here
    desk.change("Ana", 1, status="solved", assignee_id=desk.person("Ana")["id"])
    assert desk.post(desk.event("status_changed", 1, actor="Ana")) == 200
    until(lambda: row().status == "closed", "solved there is closed here")
    assert desk.post(desk.added(desk.comment("Mira", 1, "It hangs again."), 1)) == 200
    until(lambda: row().status == "open", "she opens it again")

    # the client is revoked: what comes waits, and what leaves says why; then it is connected again
    desk.door.revoked = True
    desk.door.expire()
    assert desk.post(desk.added(desk.comment("Mira", 1, "Hello?"), 1)) == 200
    waiting = Delivery.objects.filter(state="pending", error__contains="connect again")
    until(waiting.exists, "it waits with a reason")
    assert browser.post(f"{page}/reply/", {"body": "One moment."}).status_code == 302
    failed = Outgoing.objects.filter(state="failed", error__contains="connect again")
    until(failed.exists, "the agent is told")
    desk.door.revoked = False
    assert connect("zendesk", "main", given(desk))["check"].startswith("ok")
    Delivery.objects.filter(state="pending").update(not_before=None)
    until(lambda: "Hello?" in texts(), "what waited is filed", seconds=120)

    # ended here is ended there
    ended = {"resolution": "solved", "there": "1"}
    assert browser.post(f"{page}/close/", ended).status_code == 302
    until(lambda: desk.tickets[1]["status"] == "solved", "closed here is solved there")
    assert desk.post(desk.event("status_changed", 1)) == 200
    until(lambda: not Delivery.objects.filter(state__in=["pending", "processing"]).exists(), "all")
    assert row().status == "closed"
    assert Ticket.objects.count() == 1
    assert len(desk.said(1)) == 1
    assert Channel.objects.get().active


@pytest.mark.service
@pytest.mark.slow
def test_forged_and_stale_posts_are_refused_at_the_door(site: str, desk: FakeZendesk) -> None:
    """Neither leaves a row."""
    desk.open("Mira", "It hangs")
    secret = Channel.objects.get()
    secret.secrets_text = secret.secrets_text.replace("zendesk-webhook-secret", "another")
    secret.save()
    time.sleep(6)  # the web keeps channels for a moment
    assert desk.post(desk.event("created", 1)) == 401
    assert not Delivery.objects.exists()
