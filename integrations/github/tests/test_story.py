"""From a question to the release that answers it: over HTTP, with worker, beat, Redis and SMTP."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from inbox.channels.models import Source, SourceGroup
from inbox.common.versions import bump
from inbox.loop.models import LoopNotice
from inbox.operations.connecting import connect
from inbox.operations.tests.test_delivery_guarantees import KEY, offer, post_of
from inbox.sla.models import Clock
from inbox.tickets.models import Ticket
from integrations.github.tests.conftest import connected
from rig import worker
from rig.desk import agent, policy
from rig.github import FakeGitHub
from rig.github_git import attach
from rig.smtp import SmtpSink

REPO = "example/core"
QUESTION = """\
From: Mira <mira@example.org>
To: support@example.com
Subject: The sync hangs
Message-ID: <hangs@example.org>

It hangs after an hour.
"""


@pytest.fixture
def desk(
    process_env: dict[str, str], hub: FakeGitHub, smtp_sink: SmtpSink, tmp_path: Path
) -> Iterator[str]:
    """Web, worker and beat, connected to the fake and to a mail server; the address of the web."""
    env = {**process_env, "OUTBOUND_ALLOW": hub.url.removeprefix("http://")}
    channel = connected(hub)
    group = SourceGroup.objects.create(name="core", policy=policy("core", first_response_amount=24))
    Source.objects.create(channel=channel, external_key=REPO, label=REPO, group=group)
    bump("sources")
    mail = {"address": "support@example.com", "provider": "mailgun", "webhook_secret": KEY}
    connect("email", "support", {**mail, "smtp_url": smtp_sink.url()})
    beat = worker.start_scheduler(env, log=tmp_path / "beat.log")
    try:
        with worker.web(env, folder=tmp_path) as site, worker.workers(env, folder=tmp_path):
            hub.hook = f"{site.url}/hooks/github/core/"
            yield site.url
            hub.hook = ""
    finally:
        beat.stop()


def until(true: Callable[[], object], what: str, *, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def ticket_of(subject: str) -> Ticket:
    until(lambda: Ticket.objects.filter(subject=subject).exists(), f"{subject} is a ticket")
    return Ticket.objects.get(subject=subject)


def status_of(row: Ticket) -> str:
    row.refresh_from_db()
    return row.status


@pytest.mark.service
@pytest.mark.slow
def test_from_a_question_to_the_release_that_answers_it(
    desk: str, hub: FakeGitHub, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    """L25, S18, S50, S61, S62."""
    hub.at = datetime.now(UTC).replace(microsecond=0)  # the fake's clock goes with ours
    git = attach(hub, REPO, tmp_path / "core")
    browser = Client()
    browser.force_login(agent("ana"))

    assert hub.post(hub.open("kezia", REPO, "It hangs", "After an hour.")) == 200
    issue = ticket_of("It hangs")
    assert issue.source is not None
    assert issue.source.group is not None
    assert issue.source.group.name == "core"
    clock = Clock.objects.get(ticket=issue, metric="first_response")
    assert (clock.policy_key, clock.state, clock.started_at) == (
        "core",
        "running",
        issue.created_at,
    )
    assert hub.post(hub.comment("maya", REPO, 1, "Thank you, I can see it.")) == 200
    until(lambda: Clock.objects.get(pk=clock.pk).state == "met", "the maintainer stops the clock")

    offer(f"{desk}/hooks/email/support/", post_of(QUESTION.encode(), "1" * 50))
    mail = ticket_of("The sync hangs")
    assert hub.post(hub.open("helper", REPO, "Hangs for me as well")) == 200
    second = ticket_of("Hangs for me as well")
    for row in (mail, second):
        url = {"url": f"https://github.com/{REPO}/issues/1"}
        assert browser.post(f"/tickets/{row.pk}/link/", url).status_code == 302

    number = git.pull("maya", "Do not hang", "Fixes #1")
    assert hub.post(hub.body("maya", REPO, number, "opened")) == 200
    assert hub.post(git.merge_pull(number, how="squash")) == 200
    closed = hub.change("maya", REPO, 1, "closed", state="closed", state_reason="completed")
    assert hub.post(closed) == 200
    until(lambda: status_of(issue) == "closed", "closed there is closed here")

    assert hub.post(git.release("v2.0.0-beta", prerelease=True)) == 200
    time.sleep(3)
    assert not LoopNotice.objects.exists(), "nobody is told of a pre-release"
    assert hub.post(git.release("v2.0.0")) == 200
    until(lambda: LoopNotice.objects.count() == 3, "drafts for everybody who waits")
    assert smtp_sink.letters == []
    assert hub.said(REPO, 1) == []

    shown = list(LoopNotice.objects.values_list("pk", flat=True))
    assert browser.post("/loop/approve/", {"notice": shown}).status_code == 302
    sent = LoopNotice.objects.filter(outgoing__state="sent")
    until(lambda: sent.count() == 3, "everybody is told")
    (letter,) = smtp_sink.letters
    words = letter.message.get_body(("plain",))
    assert words is not None
    assert "v2.0.0" in words.get_content()
    ((first,), (other,)) = hub.said(REPO, 1), hub.said(REPO, 2)
    assert "@kezia" in first
    assert "@helper" in other
    assert "v2.0.0" in first and "v2.0.0" in other  # noqa: PT018 - one thought

    assert hub.post(hub.comment("kezia", REPO, 1, "It still hangs with that version.")) == 200
    until(lambda: status_of(issue) == "open", "her answer opens it again")
    until(lambda: LoopNotice.objects.filter(answered_at__isnull=False).count() == 1, "noted")
    assert len(smtp_sink.letters) == 1
    assert len(hub.said(REPO, 1)) == 1
