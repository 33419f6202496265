"""Messages and effects as the hub hands them over, without the hub."""

from datetime import UTC, datetime
from typing import Any

from inbox.channels.contract import ChannelConfig, OutboundEffect, OutboundMessage
from integrations.github import effects
from integrations.github.tests.conftest import connected
from rig.github import FakeGitHub

REPO = "example/core"
NOW = datetime(2026, 11, 18, 10, 0, 30, tzinfo=UTC)


def message(thread_key: str, **more: Any) -> OutboundMessage:
    given = {"idempotency_key": "message:1", "external_id": "", "text": "Try **2.4**."}
    return OutboundMessage(
        thread_key=thread_key, place=REPO, **{**given, "created_at": NOW, **more}
    )


def config_of(hub: FakeGitHub, **more: str) -> ChannelConfig:
    """The connection's settings; what connecting has asked is forgotten."""
    found = connected(hub, **more).config
    hub.calls.clear()
    return found


def do(hub: FakeGitHub, kind: str, thread: str, **data: Any) -> None:
    wanted = OutboundEffect(
        kind=kind,
        idempotency_key=f"{kind}:1",
        data={"thread_key": f"{hub.repository(REPO)['id']}:{thread}", "place": REPO, **data},
    )
    effects.effect(wanted, config_of(hub))
