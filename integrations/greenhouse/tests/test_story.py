"""A role opens and somebody applies: over HTTP, with web, worker, beat and Redis (S24, S25)."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from inbox.channels.models import Delivery, Lookup
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import PRESET
from inbox.operations.connecting import connect
from inbox.operations.tests.test_delivery_guarantees import KEY, offer, post_of
from inbox.outbox.models import Outgoing
from inbox.tickets.drafts import Draft
from integrations.greenhouse.tests.conftest import connected
from rig import worker
from rig.greenhouse import FakeGreenhouse
from rig.vendor import Answer

MAIL = """\
From: Nadia Rehman <nadia@applicants.example.org>
To: jobs@example.com
Subject: Application as developer advocate
Message-ID: <applies@applicants.example.org>

Hello, I would like to apply for the position.
"""


@pytest.fixture
def desk(process_env: dict[str, str], vendor: FakeGreenhouse, tmp_path: Path) -> Iterator[str]:
    """Web, worker and beat, connected to the fake; the address of the web."""
    env = {**process_env, "OUTBOUND_ALLOW": vendor.url.removeprefix("http://")}
    load(PRESET.read_text())
    mail = {"address": "jobs@example.com", "provider": "mailgun", "webhook_secret": KEY}
    connect("email", "jobs", mail)
    connected(vendor)
    beat = worker.start_scheduler(env, log=tmp_path / "beat.log")
    try:
        with worker.web(env, folder=tmp_path) as site, worker.workers(env, folder=tmp_path):
            yield site.url
    finally:
        beat.stop()


def until(true: Callable[[], object], what: str, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def told(desk: str, vendor: FakeGreenhouse, action: str) -> str:
    """Greenhouse posts, twice; the delivery's state once it is over."""
    body, headers = vendor.signed(action, {"job": {"name": "Nadia"}})
    for _ in range(2):
        answer = requests.post(f"{desk}/hooks/greenhouse/main/", body, headers=headers, timeout=20)
        assert answer.status_code == 200
    row = Delivery.objects.get(dedupe_key=f"event:{headers['greenhouse-event-id']}")
    until(lambda: _state(row) not in ("pending", "processing"), f"{action} is processed")
    assert b"Nadia" not in bytes(row.body)
    return row.state


def _state(row: Delivery) -> str:
    row.refresh_from_db()
    return row.state


@pytest.mark.service
@pytest.mark.slow
def test_from_an_opened_role_to_the_drafted_answer(desk: str, vendor: FakeGreenhouse) -> None:
    until(lambda: len(vendor.called("/jobs")) >= 2, "the board is asked by itself")
    number = vendor.put("Senior Developer Advocate (Remote)")
    vendor.fail("/jobs", answer=Answer(500, {}))
    assert told(desk, vendor, "job_post_created") == "done"
    until(lambda: vendor.troubles[0].times == 0, "the board is asked at once, and is away")
    assert told(desk, vendor, "job_post_updated") == "done"
    until(lambda: Lookup.objects.filter(kind="open_role").exists(), "the role is known")
    assert told(desk, vendor, "new_candidate_application") == "ignored"
    assert told(desk, vendor, "ping") == "ignored"

    offer(f"{desk}/hooks/email/jobs/", post_of(MAIL.encode(), "1" * 50))
    until(Draft.objects.exists, "the answer is drafted")
    assert Draft.objects.get().body.endswith(f"/example/jobs/{number}")
    assert not Outgoing.objects.exists()
