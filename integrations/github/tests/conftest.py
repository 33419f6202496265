"""A fake GitHub, and a desk that is connected to it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels import inlet
from inbox.channels.models import Channel
from inbox.operations.connecting import connect
from rig import github
from rig.github import FakeGitHub


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
