"""A fake Intercom, and a desk that is connected to it."""

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
from integrations.intercom.kind import INTERCOM
from rig import intercom
from rig.intercom import FakeIntercom

ADA, ANA = "5c9553cb27e377f24eed49f7", "12"


@pytest.fixture
def workspace(settings: object) -> Iterator[FakeIntercom]:
    """The fake; a user and a teammate who has an account of ours by her address."""
    with FakeIntercom() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        fake.person(ADA, "Ada", email="ada@example.org")
        fake.teammate(ANA, "Ana", "ana@example.com")
        yield fake


def given(fake: FakeIntercom, **more: str) -> dict[str, str]:
    """What somebody fills in."""
    return {
        "client_id": intercom.CLIENT_ID,
        "client_secret": intercom.CLIENT_SECRET,
        "access_token": intercom.TOKEN,
        "api_url": fake.url,
        **more,
    }


def config_of(fake: FakeIntercom, **more: str) -> ChannelConfig:
    """The connection's settings, without the database."""
    known = {"app_id": intercom.APP, "token_admin_id": intercom.OWN_ADMIN}
    values = given(fake, **{**known, **more})
    secret = {spec.name for spec in INTERCOM.settings if spec.secret}
    return ChannelConfig(
        kind="intercom",
        key="main",
        settings={name: value for name, value in values.items() if name not in secret},
        secrets={name: value for name, value in values.items() if name in secret},
    )


def connected(fake: FakeIntercom, **more: str) -> Channel:
    """The connection, as `connect intercom main …` makes it."""
    found = connect("intercom", "main", given(fake, **more))
    assert found["check"] == "ok: Example, Desk speaks for the desk"
    return Channel.objects.get(kind="intercom", key="main")


def deliver(body: dict[str, Any]) -> str:
    """One notification through the inlet and the pipeline; its new state."""
    channel = Channel.objects.get(kind="intercom")
    raw = json.dumps(body).encode()
    row = inlet.receive(
        channel,
        dedupe_key=f"notification:{body['id']}",
        headers={"content-type": "application/json"},
        body=raw,
        now=timezone.now(),
    )
    return pipeline.process_delivery(row.pk) if row is not None else "duplicate"
