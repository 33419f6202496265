"""A fake GitHub, and a desk that is connected to it."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels import inlet
from inbox.channels.models import Channel
from inbox.loop import releasing
from inbox.loop import services as loop
from inbox.loop.models import LoopNotice
from inbox.operations.acting import CLOCKWORK
from inbox.operations.connecting import connect
from inbox.tickets.models import Ticket
from rig import github
from rig.desk import act, asker, mailbox, ticket
from rig.github import FakeGitHub
from rig.github_git import GitRepository, attach

REPO = "example/core"
NOON = datetime.fromisoformat("2026-11-18T12:00:00+00:00")


@pytest.fixture
def hub(settings: object) -> Iterator[FakeGitHub]:
    """The fake; a maintainer and two of the community."""
    with FakeGitHub() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        fake.person("kezia")
        fake.person("helper", "CONTRIBUTOR")
        fake.person("maya", "MEMBER")
        yield fake


def connected(fake: FakeGitHub, **more: str) -> Channel:
    """The connection, as `connect github core …` makes it."""
    given = {"webhook_secret": github.SECRET, "token": github.TOKEN, "api_url": fake.url}
    connect("github", "core", {**given, **more})
    return Channel.objects.get(kind="github", key="core")


def deliver(body: dict[str, Any], *, guid: str = "") -> str:
    """One delivery through the inlet and the pipeline; its new state."""
    channel = Channel.objects.get(kind="github")
    sent = {name: value for name, value in body.items() if name != "event"}
    headers = {"content-type": "application/json", "x-github-event": body["event"]}
    raw, key = json.dumps(sent).encode(), guid or f"d{id(body)}{body.get('action')}"
    row = inlet.receive(channel, dedupe_key=key, headers=headers, body=raw, now=timezone.now())
    return pipeline.process_delivery(row.pk) if row is not None else "duplicate"


@pytest.fixture
def git(hub: FakeGitHub, tmp_path: Path) -> GitRepository:
    """The repository of a connected desk, behind a real git repository."""
    connected(hub)
    return attach(hub, REPO, tmp_path / "core")


def look() -> None:
    """What the clockwork does with the loop, until nothing is due."""
    now = timezone.now()
    (act_on,) = [act_on for find, act_on in CLOCKWORK if find is releasing.due_ids]
    for _ in range(5):
        for pk in releasing.due_ids(now):
            act_on(pk, now)


def fixed(hub: FakeGitHub, git: GitRepository, *, how: str = "squash") -> tuple[Ticket, Ticket]:
    """Kezia's issue, and Mira's mail that was linked to it; the fix is merged."""
    deliver(hub.open("kezia", REPO, "It hangs"))
    issue, mail = Ticket.objects.get(), ticket(channel=mailbox(), who=asker("mira"))
    act(loop.add_link, mail, url=f"https://github.com/{REPO}/issues/1", at=NOON)
    number = git.pull("maya", "Do not hang", "Fixes #1")
    deliver(hub.body("maya", REPO, number, "opened"))
    deliver(git.merge_pull(number, how=how))
    deliver(hub.change("maya", REPO, 1, "closed", state="closed", state_reason="completed"))
    look()
    return issue, mail


def drafts() -> list[tuple[str, str]]:
    rows = LoopNotice.objects.filter(outgoing__state="held").order_by("pk")
    return [(row.channel.kind, row.outgoing.payload["text"]) for row in rows]
