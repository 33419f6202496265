"""A fake Slack, and a desk that is connected to it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels import inlet
from inbox.channels.models import Channel
from inbox.operations.connecting import connect
from inbox.tickets.models import Ticket
from rig import slack
from rig.slack import FakeSlack


@pytest.fixture
def workspace(settings: object) -> Iterator[FakeSlack]:
    """The fake; the network guard lets the desk reach it."""
    with FakeSlack() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        fake.person("U0ADA", "ada", zone="UTC")
        fake.person("U0HELP", "helper", zone="UTC")
        fake.person("U0ANA", "ana", email="ana@example.com", zone="UTC")
        yield fake


def connected(fake: FakeSlack, **more: str) -> Channel:
    """The connection, as `connect slack main …` makes it."""
    given = {
        "signing_secret": slack.SECRET,
        "bot_token": slack.TOKEN,
        "team_id": slack.TEAM,
        "api_url": f"{fake.url}/api/",
        **more,
    }
    connect("slack", "main", given)
    return Channel.objects.get(kind="slack", key="main")


def asked(fake: FakeSlack, room: str, n: int = 0) -> Ticket:
    """A question that became a ticket."""
    place = fake.room(room).id
    ts = fake.say("U0ADA", place, f"question {n}")
    raw = fake.envelope(fake.message_event(place, ts))
    deliver(raw)
    return Ticket.objects.order_by("-number")[0]


def deliver(body: dict[str, Any], *, state: str = "done") -> None:
    """One event through the inlet and the pipeline."""
    channel = Channel.objects.get(kind="slack")
    headers = {"content-type": "application/json"}
    raw = json.dumps(body).encode()
    key = str(body["event_id"])
    row = inlet.receive(channel, dedupe_key=key, headers=headers, body=raw, now=timezone.now())
    assert row is not None
    assert pipeline.process_delivery(row.pk) == state
