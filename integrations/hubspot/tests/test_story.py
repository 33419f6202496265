"""A question in HubSpot, answered and closed here: over HTTP, with worker, beat and Redis."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from inbox.channels.models import Delivery
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Ticket
from integrations.hubspot.tests.conftest import connected
from rig import hubspot, worker
from rig.desk import agent
from rig.hubspot import FakeHubSpot
from rig.vendor import Answer, Call


@pytest.fixture
def desk(process_env: dict[str, str], portal: FakeHubSpot, tmp_path: Path) -> Iterator[FakeHubSpot]:
    """Web, worker and beat, connected by consent; the fake posts to the web."""
    env = {**process_env, "OUTBOUND_ALLOW": portal.url.removeprefix("http://")}
    given = {"token": "", "client_id": hubspot.CLIENT, "refresh_token": hubspot.REFRESH}
    connected(portal, **given)
    beat = worker.start_scheduler(env, log=tmp_path / "beat.log")
    try:
        with worker.web(env, folder=tmp_path) as site, worker.workers(env, folder=tmp_path):
            portal.hook = f"{site.url}/hooks/hubspot/main/"
            yield portal
            portal.hook = ""
    finally:
        beat.stop()


def until(true: Callable[[], object], what: str, *, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def post(fake: FakeHubSpot, *, dice: random.Random | None = None) -> None:
    """What waits, as HubSpot sends it: at least once, in any order, with words that are new."""
    events = [dict(event, brandNew={"x": 1}) for event in fake.take()]
    if dice is not None:
        events += [dict(event, attemptNumber=1) for event in events]
        dice.shuffle(events)
    batches: list[list[dict[str, Any]]] = [events[n : n + 2] for n in range(0, len(events), 2)]
    for batch in batches:
        assert fake.post(batch) == [200]


def settled() -> bool:
    return not Delivery.objects.filter(state__in=["pending", "processing"]).exists()


@pytest.mark.service
@pytest.mark.slow
def test_question_is_answered_in_its_thread_and_closed_on_both_sides(desk: FakeHubSpot) -> None:
    """S15: in, in disorder and twice; out once, whatever the vendor does; closed there and here."""
    dice = random.Random(15)
    browser = Client()
    browser.force_login(agent("ana"))
    desk.requests_left = None
    thread = desk.inbox.start("V-501", "My sync hangs", subject="Sync", channel="1000", mood="new")
    desk.inbox.say(thread, "V-501", "Since yesterday")
    desk.fail("/messages", answer=Answer(429, {**hubspot.LIMIT, "policyName": "SECONDLY"}))
    desk.access.clear()  # the token that connecting has used ended meanwhile: it is renewed
    post(desk, dice=dice)
    until(settled, "every delivery is dealt with")
    ticket = Ticket.objects.get()
    assert [m.body_text for m in ticket.messages.order_by("sent_at")] == [
        "My sync hangs",
        "Since yesterday",
    ]

    answer_oddly(desk, thread)
    page = f"/tickets/{ticket.pk}/reply/"
    assert browser.post(page, {"body": "Try **2.4**.", "then": "wait"}).status_code == 302
    sent = Outgoing.objects.filter(ticket=ticket, kind="reply", state="sent")
    until(sent.exists, "looked for and found")
    assert desk.inbox.said(thread) == [("MESSAGE", "Try **2.4**.")]
    post(desk, dice=dice)
    until(settled, "our own words came back")
    assert ticket.messages.count() == 3

    desk.inbox.say(thread, "V-501", "It works, thank you for the quick help with that")
    post(desk)
    until(lambda: ticket.messages.count() == 4 and settled(), "the thanks came")
    desk.inbox.stand(thread, "CLOSED")
    post(desk, dice=dice)
    until(lambda: status_of(ticket) == "closed", "closed there is closed here")

    desk.inbox.say(thread, "V-501", "It hangs again, since this morning")
    post(desk, dice=dice)
    until(lambda: status_of(ticket) == "open", "her question opens it again")
    assert desk.inbox.threads[thread]["status"] == "OPEN"
    closing = {"resolution": "solved", "there": "on"}
    assert browser.post(f"/tickets/{ticket.pk}/close/", closing).status_code == 302
    until(lambda: desk.inbox.threads[thread]["status"] == "CLOSED", "closed here is closed there")
    post(desk, dice=dice)
    until(settled, "the echo of our own closing")
    assert status_of(ticket) == "closed"

    desk.refreshing.clear()  # revoked in HubSpot
    desk.access.clear()
    assert browser.post(page, {"body": "One more thing", "then": "none"}).status_code == 302
    failed = Outgoing.objects.filter(ticket=ticket, kind="reply", state="failed")
    until(failed.exists, "a revoked connection is said so")
    assert failed.get().error == "HubSpot refuses the token; connect again"
    assert len(desk.inbox.said(thread)) == 1


def status_of(row: Ticket) -> str:
    row.refresh_from_db()
    return row.status


def answer_oddly(fake: FakeHubSpot, thread: str) -> None:
    """The next write has its effect, and is answered with 502."""
    real, path = fake.answer, f"/threads/{thread}/messages"

    def once(call: Call) -> Answer:
        answer = real(call)
        if call.method == "POST" and call.path.endswith(path):
            fake.answer = real  # type: ignore[method-assign]  # only once
            return Answer(502, b"")
        return answer

    fake.answer = once  # type: ignore[method-assign]  # a rule of `fail` would meet the reading first
