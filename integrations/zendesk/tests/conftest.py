"""A fake Zendesk, and a desk that is connected to it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels import inlet
from inbox.channels.contract import ChannelConfig
from inbox.channels.models import Channel
from inbox.operations.connecting import connect
from rig import zendesk
from rig.zendesk import FakeZendesk


@pytest.fixture
def desk(settings: Any) -> Iterator[FakeZendesk]:
    """The fake, with Ana who answers there and Mira who asks."""
    with FakeZendesk() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")
        fake.person("Ana", "agent")
        fake.person("Mira")
        yield fake


def given(fake: FakeZendesk, **more: str) -> dict[str, str]:
    """The settings of a connection by an OAuth client."""
    return {
        "subdomain": "example",
        "api_url": fake.url,
        "client_id": zendesk.CLIENT,
        "client_secret": zendesk.CLIENT_SECRET,
        "webhook_secret": zendesk.SECRET,
        **more,
    }


def config_of(fake: FakeZendesk, **more: str) -> ChannelConfig:
    """The same without the database, as our own user."""
    secrets = given(fake, **more)
    return ChannelConfig(
        kind="zendesk",
        key="main",
        settings={"user_id": str(fake.own["id"])},
        secrets=secrets,
        webhook_url="https://desk.example.com/hooks/zendesk/main/",
    )


def connected(fake: FakeZendesk, **more: str) -> Channel:
    """The connection, as `connect zendesk main …` makes it."""
    connect("zendesk", "main", given(fake, **more))
    return Channel.objects.get(kind="zendesk", key="main")


def deliver(body: dict[str, Any], *, key: str = "") -> str:
    """One delivery through the inlet and the pipeline; its new state."""
    channel = Channel.objects.get(kind="zendesk")
    row = inlet.receive(
        channel,
        dedupe_key=key or f"d{timezone.now().timestamp()}",
        headers={"content-type": "application/json"},
        body=json.dumps(body).encode(),
        now=timezone.now(),
    )
    return pipeline.process_delivery(row.pk) if row is not None else "duplicate"
