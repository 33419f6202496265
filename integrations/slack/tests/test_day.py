"""The day of an on-call person, over HTTP with real signatures, a real worker and Redis."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from inbox.accounts.models import User
from inbox.common.versions import bump
from inbox.followups.models import DelayedAction, FollowUp
from inbox.operations import draining
from inbox.tickets.models import Ticket, TicketEvent
from integrations.slack.tests.conftest import connected
from rig import worker
from rig.desk import agent
from rig.slack import BOT_USER, FakeSlack


@pytest.fixture
def desk(process_env: dict[str, str], workspace: FakeSlack, tmp_path: Path) -> Iterator[FakeSlack]:
    """Web and worker, connected to the fake, which posts its events to them."""
    env = {**process_env, "OUTBOUND_ALLOW": workspace.url.removeprefix("http://")}
    connected(workspace, watch="#help", triage_channel="#triage", support_channel="#support")
    with worker.web(env, folder=tmp_path) as site, worker.workers(env, folder=tmp_path):
        workspace.hook = f"{site.url}/hooks/slack/main/"
        yield workspace
        workspace.hook = ""


def until(true: Callable[[], object], what: str, *, seconds: float = 25) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def stands(row: Ticket) -> tuple[str, str, str]:
    row.refresh_from_db()
    return row.status, row.waiting_on, row.owner.username if row.owner else ""


@pytest.mark.service
@pytest.mark.slow
def test_a_day_on_call(desk: FakeSlack, workspace: FakeSlack) -> None:
    """S3, S8, S44, S55, S57, S59, S60, S63, S64, S65, S67, S68, H 2, H 3."""
    ana = agent("ana")
    help_, triage = workspace.room("help"), workspace.room("triage")
    workspace.room("support")
    FollowUp.objects.create(
        key="quiet",
        channels=["slack"],
        steps=[{"after_minutes": 2880, "message": "{name}, still there?", "close": "no_reply"}],
    )
    bump("follow_ups")

    root = workspace.say("U0ADA", help_.id, "How do I *drop* a slot?")
    until(lambda: Ticket.objects.exists(), "the question is a ticket")
    row = Ticket.objects.get()
    assert (row.subject, row.asker and row.asker.name) == ("How do I drop a slot?", "ada")
    assert row.source is not None
    assert row.source.label == "help"
    until(lambda: workspace.posted(triage.id), "the triage card")
    card = workspace.posted(triage.id)[0]
    until(lambda: row.threads.filter(role="triage").exists(), "the card's thread")

    workspace.react("U0ANA", help_.id, root, "eyes")
    until(lambda: stands(row) == ("in_progress", "research", "ana"), "👀 takes it")

    browser = Client()
    browser.force_login(ana)
    browser.post(f"/tickets/{row.pk}/reply/", {"body": "With `pg_drop`.", "then": "wait"})
    row.outgoing.filter(kind="reply").update(not_before=timezone.now())
    draining.drain(timeout_seconds=30)
    (post,) = workspace.posted(help_.id, root)
    assert (post.text, post.extra["username"]) == ("With `pg_drop`.", "Ana")
    assert post.extra["icon_url"] == "https://avatars.example.org/U0ANA.png"
    assert stands(row) == ("in_progress", "them", "ana")

    workspace.say("U0ANA", triage.id, "she is new here", thread=card.ts)
    until(lambda: row.messages.filter(visibility="internal").exists(), "a note")
    assert len(workspace.posted(help_.id, root)) == 1

    workspace.say("U0ADA", help_.id, "It says slot is active?", thread=root)
    until(lambda: stands(row)[0] == "open", "her answer opens it again")
    workspace.say("U0HELP", help_.id, "Stop the tap first.", thread=root)
    until(lambda: row.messages.filter(role="community").exists(), "the community answers")
    workspace.react("U0ADA", help_.id, root, "white_check_mark")
    until(lambda: stands(row)[0] == "closed", "her tick closes it")
    credited = TicketEvent.objects.get(ticket=row, kind="credited")
    assert credited.data["name"] == "helper"

    workspace.say("U0ADA", help_.id, "thanks!", thread=root)
    until(lambda: row.messages.filter(new_text="thanks!").exists(), "thanks are filed")
    assert stands(row)[0] == "closed"
    workspace.say("U0ADA", help_.id, "And how do I list them?", thread=root)
    until(lambda: stands(row)[0] == "open", "a new question opens it again")

    workspace.emit({"type": "app_home_opened", "user": "U0ANA", "tab": "home", "channel": "D1"})
    until(lambda: "U0ANA" in workspace.homes, "the home view")
    assert f"#{row.pk}" in str(workspace.homes["U0ANA"])
    workspace.press("U0ANA", "desk_hold", str(row.pk))
    (modal,) = workspace.modals
    refused = workspace.submit("U0ANA", modal, reason=" ")
    assert refused["errors"] == {"reason": "Say why this is on hold."}
    workspace.submit("U0ANA", modal, reason="a call on Friday")
    assert stands(row)[0] == "on_hold"
    assert row.hold_reason == "a call on Friday"

    browser.post(f"/tickets/{row.pk}/reply/", {"body": "`SELECT` them.", "then": "wait"})
    row.outgoing.filter(kind="reply").update(not_before=timezone.now())
    until(lambda: DelayedAction.objects.filter(ticket=row, state="pending").exists(), "planned")
    offset = (12 - timezone.now().hour) * 60
    assert row.asker is not None
    row.asker.timezone, row.asker.utc_offset_minutes = "", offset
    row.asker.save()
    DelayedAction.objects.filter(ticket=row, state="pending").update(
        due_at=timezone.now() - timedelta(seconds=1)
    )
    assert draining.drain(timeout_seconds=60)[1]
    assert stands(row)[0] == "closed"
    assert row.resolution == "no_reply"
    last = workspace.posted(help_.id, root)[-1]
    assert last.text == "<@U0ADA>, still there?"
    until(
        lambda: BOT_USER in help_.posts[root].reactions.get("white_check_mark", []),
        "closing in the desk ticks the thread",
    )
    assert User.objects.get(username="ana").identities.get().external_id == "U0ANA"
