"""A fake HubSpot, and a desk that is connected to it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from inbox import pipeline
from inbox.channels import inlet
from inbox.channels.contract import ChannelConfig, RawRequest
from inbox.channels.models import Channel
from inbox.operations.connecting import connect
from integrations.hubspot.kind import HUBSPOT
from rig import hubspot
from rig.hubspot import FakeHubSpot


@pytest.fixture
def portal(settings: object) -> Iterator[FakeHubSpot]:
    """The fake, with two who ask; the network guard lets the desk reach it."""
    with FakeHubSpot() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        fake.inbox.actor("V-501", "Ada", "ada@example.org")
        fake.inbox.actor("V-502", "Grace", "grace@example.org")
        cache.clear()
        yield fake


def settings_of(fake: FakeHubSpot, **more: str) -> dict[str, str]:
    """What somebody types to connect a private app."""
    given = {"client_secret": hubspot.SECRET, "token": hubspot.TOKEN, "api_url": fake.url}
    return {**given, **more}


def connected(fake: FakeHubSpot, **more: str) -> Channel:
    """The connection, as `connect hubspot main …` makes it."""
    connect("hubspot", "main", settings_of(fake, **more))
    return Channel.objects.get(kind="hubspot", key="main")


def by_consent(fake: FakeHubSpot) -> ChannelConfig:
    """A connection by OAuth, without the desk."""
    return ChannelConfig(
        kind="hubspot",
        key="main",
        settings={"client_id": hubspot.CLIENT, "api_url": fake.url},
        secrets={"client_secret": hubspot.SECRET, "refresh_token": hubspot.REFRESH},
    )


def config_of(fake: FakeHubSpot, **more: str) -> ChannelConfig:
    """A private app's connection without the desk, as it is once HubSpot has said who we are."""
    known = {"portal_id": str(hubspot.PORTAL), "app_id": str(hubspot.APP), "sender_actor": "A-77"}
    secrets = {"client_secret": hubspot.SECRET, "token": hubspot.TOKEN}
    settings = {"api_url": fake.url, **known, **more}
    return ChannelConfig(kind="hubspot", key="main", settings=settings, secrets=secrets)


def deliver(events: Sequence[Any]) -> str:
    """One batch through the inlet and the pipeline; its new state."""
    channel = Channel.objects.get(kind="hubspot")
    raw = json.dumps(list(events)).encode()
    headers = {"content-type": "application/json"}
    key = HUBSPOT.dedupe_key(RawRequest(headers=headers, body=raw), channel.config)
    row = inlet.receive(channel, dedupe_key=key, headers=headers, body=raw, now=timezone.now())
    return pipeline.process_delivery(row.pk) if row is not None else "duplicate"
