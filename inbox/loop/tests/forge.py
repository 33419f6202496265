"""A tracker in the process itself: it opens issues, offers templates, and can be unreachable."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from inbox.channels import directory, registry
from inbox.channels.contract import (
    Capability,
    ChannelKind,
    DeliveryError,
    InboundBatch,
    OutboundMessage,
    SendReceipt,
)
from inbox.channels.models import Channel, Source, SourceGroup
from inbox.channels.tracker import IssueTemplate, ItemRef, Tracker

BUG = IssueTemplate(
    key="bug.md", name="Bug", title="[Bug] ", text="### What happened?\n", labels=("kind/Bug",)
)
IDEA = IssueTemplate(key="idea.md", name="Idea", title="[Idea] ", text="### Why?\n")


def _locate(url: str) -> ItemRef | None:
    found = re.match(r"https://forge\.example/(\w+/\w+)/(issue|pull|discussion)s?/(\d+)", url)
    return ItemRef(place=found[1], kind=found[2], number=int(found[3])) if found else None


@dataclass
class Forge:
    """What was opened there, and whether it answers."""

    opened: list[OutboundMessage] = field(default_factory=list)
    trouble: DeliveryError | None = None

    def send(self, message: OutboundMessage, _: Any) -> SendReceipt:
        """Open an issue. Raises `DeliveryError`."""
        self._answer()
        self.opened.append(message)
        number = len(self.opened)
        url = f"https://forge.example/{message.place}/issues/{number}"
        data = {"url": url, "number": number, "thread_key": f"7:issue:{number}"}
        return SendReceipt(external_id=f"issue/{number}", data=data)

    def templates(self, _: Any, __: str) -> Sequence[IssueTemplate]:
        """Two forms. Raises `DeliveryError`."""
        self._answer()
        return (BUG, IDEA)

    def _answer(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def kind(self) -> ChannelKind:
        """Its entry in the registry."""

        def unused(*_: Any) -> Any:
            raise AssertionError("no test asks for this")

        tracker = Tracker(
            locate=_locate, read=unused, fixes=unused,
            commit=unused, compare=unused, files=unused, releases=unused, templates=self.templates,
        )  # fmt: skip
        return ChannelKind(
            kind="forge", label="Forge", settings=(),
            capabilities=frozenset({Capability.REPLY, Capability.OPEN, Capability.FORUM}),
            realm=lambda _: "forge.example", address=lambda _: "forge", verify=unused,
            dedupe_key=unused, parse=lambda *_: InboundBatch(), send=self.send, tracker=tracker,
        )  # fmt: skip


def connect(monkeypatch: pytest.MonkeyPatch) -> Forge:
    """A forge with two places in a group and one outside."""
    forge = Forge()
    monkeypatch.setitem(registry._kinds, "forge", forge.kind())
    channel = Channel.objects.create(kind="forge", key="main")
    core = SourceGroup.objects.create(name="core")
    for name, group in (("acme/zeta", core), ("acme/alpha", core), ("acme/odd", None)):
        Source.objects.create(channel=channel, external_key=name, group=group)
    Source.objects.create(channel=channel, external_key="acme/tap-*", group=core)
    directory.forget()
    return forge
