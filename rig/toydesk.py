"""Another desk in memory: a kind whose conversations have an end, an owner and notes there.

What it posts is our own vocabulary as JSON, so that a test reads what it files.
"""

import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.utils import timezone

from inbox import pipeline
from inbox.channels import directory, inlet, registry
from inbox.channels.contract import (
    Author,
    BadSignature,
    Capability,
    ChannelConfig,
    ChannelKind,
    DeliveryError,
    InboundBatch,
    InboundDelete,
    InboundMessage,
    InboundThread,
    MalformedBody,
    OutboundEffect,
    OutboundMessage,
    RawRequest,
    SendReceipt,
    SettingSpec,
    ThreadRef,
)
from inbox.channels.models import Channel, Delivery
from inbox.operations import sweep
from inbox.outbox.models import Outgoing

KIND = "toydesk"
SECRET = "a-toy-secret"
CAN = frozenset(
    {Capability.REPLY, Capability.CLOSE, Capability.ASSIGN, Capability.NOTE, Capability.DELETE}
)
Data = Mapping[str, Any]


@dataclass
class ToyDesk:
    """What the desk was told, and what it answers next."""

    sent: list[OutboundMessage] = field(default_factory=list)
    effects: list[OutboundEffect] = field(default_factory=list)
    fails: list[DeliveryError] = field(default_factory=list)  # raised one by one
    after: list[DeliveryError] = field(default_factory=list)  # the same, after it was done

    def send(self, message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
        """An answer."""
        self._fail(self.fails)
        self.sent.append(message)
        self._fail(self.after)
        return SendReceipt(external_id=f"reply-{len(self.sent)}")

    def effect(self, effect: OutboundEffect, config: ChannelConfig) -> SendReceipt:
        """Closed, opened, given to somebody, a note."""
        self._fail(self.fails)
        self.effects.append(effect)
        self._fail(self.after)
        return SendReceipt(external_id=f"note-{len(self.effects)}" if effect.kind == "note" else "")

    def done(self) -> list[str]:
        """The kinds of what was done, in its order."""
        return [effect.kind for effect in self.effects]

    def _fail(self, errors: list[DeliveryError]) -> None:
        if errors:
            raise errors.pop(0)


# ------------------------------------------------------------------ the kind


def signed(body: Data) -> RawRequest:
    """A request as the desk posts it."""
    raw = json.dumps(body).encode()
    mark = hmac.new(SECRET.encode(), raw, sha256).hexdigest()
    return RawRequest(headers={"x-toy-signature": mark}, body=raw)


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """An HMAC over the body. Raises `BadSignature`."""
    secret = config.get("secret").encode()
    mark = hmac.new(secret, raw.body, sha256).hexdigest().encode()
    given = raw.headers.get("x-toy-signature", "").encode()
    if not secret or not hmac.compare_digest(mark, given):
        raise BadSignature("the signature is not the desk's")


def key_of(raw: RawRequest, config: ChannelConfig) -> str:
    """A delivery's key: what is in it."""
    return sha256(raw.body).hexdigest()


def parse(raw: RawRequest, config: ChannelConfig, completed: Data | None) -> InboundBatch:
    """What the desk says, in our words already."""
    data = raw.json()
    if not isinstance(data, dict) or not data:
        raise MalformedBody("the body is no event")
    return InboundBatch(
        messages=tuple(_message(one) for one in data.get("messages", ())),
        deletes=tuple(
            InboundDelete(message_key=one["key"], at=_at(one)) for one in data.get("deletes", ())
        ),
        threads=tuple(_thread(one) for one in data.get("threads", ())),
        historic=bool(data.get("historic")),
    )


def _at(data: Data) -> datetime:
    return datetime.fromisoformat(data["at"])


def _author(name: str) -> Author:
    """`sam`: a customer · `ana@example.com`: a colleague · `helper[bot]`: a robot."""
    bot = name.endswith("[bot]")
    return Author(
        external_id=f"u-{name.partition('@')[0]}",
        name=name.partition("@")[0].capitalize(),
        email=name if "@" in name else "",
        member_kind="full" if "@" in name else "bot" if bot else "",
        is_bot=bot,
    )


def _message(data: Data) -> InboundMessage:
    return InboundMessage(
        thread_key=data["thread"],
        message_key=data["key"],
        author=_author(data["by"]),
        sent_at=_at(data),
        subject=data.get("subject", ""),
        text=data["text"],
        is_internal=data.get("internal", False),
        is_own=data.get("own", False),
        version=data.get("version", ""),
        refs=tuple(ThreadRef(external_id=ref, via="marker") for ref in data.get("refs", ())),
    )


def _thread(data: Data) -> InboundThread:
    given = data.get("assignee")
    return InboundThread(
        thread_key=data["thread"],
        author=_author(data.get("by", "zoe@example.com")),
        at=_at(data),
        closed=data.get("closed", False),
        assigned="assignee" in data,
        assignee=_author(given) if given else None,
    )


def kind_of(desk: ToyDesk, capabilities: frozenset[Capability] = CAN) -> ChannelKind:
    """The kind, with this desk behind it."""
    return ChannelKind(
        kind=KIND,
        label="Toy Desk",
        settings=(SettingSpec(name="secret", secret=True, help="signs what the desk posts"),),
        capabilities=capabilities,
        realm=lambda _: "toy",
        address=lambda _: "toy.example",
        verify=verify,
        dedupe_key=key_of,
        parse=parse,
        send=desk.send,
        effect=desk.effect,
    )


@contextmanager
def installed(capabilities: frozenset[Capability] = CAN) -> Iterator[ToyDesk]:
    """The kind is registered for as long as this lasts."""
    desk = ToyDesk()
    registry.register(kind_of(desk, capabilities))
    try:
        yield desk
    finally:
        del registry._kinds[KIND]
        directory.forget()


# ------------------------------------------------------------------ what a test says


def connected(**settings: str) -> Channel:
    """The connection."""
    row = Channel(kind=KIND, key="main", settings=settings)
    row.secrets_text = json.dumps({"secret": SECRET})
    row.save()
    directory.forget()
    return row


def said(by: str, text: str = "hello", *, at: datetime | None = None, **more: Any) -> Data:
    """A message of a conversation; `key` and `thread` where they matter."""
    moment = at or timezone.now()
    return {"thread": "c1", "key": f"{by}:{text}", "by": by, "text": text, **more} | {
        "at": moment.isoformat()
    }


def stands(*, at: datetime | None = None, **more: Any) -> Data:
    """How a conversation stands: `closed`, `assignee` (None is nobody)."""
    return {"thread": "c1", "at": (at or timezone.now()).isoformat(), **more}


def posts(*messages: Data, at: datetime | None = None, **more: Any) -> str:
    """The desk posts, and it is processed; the delivery's state."""
    raw, now = signed({"messages": messages, **more}), at or timezone.now()
    channel = Channel.objects.get(kind=KIND)
    channel.type.verify(raw, channel.config)
    key = key_of(raw, channel.config)
    row = inlet.receive(channel, dedupe_key=key, headers=raw.headers, body=raw.body, now=now)
    if row is None:
        return "here already"
    pipeline.process_delivery(row.pk, now=now)
    row.refresh_from_db()
    return row.state


def posts_again() -> set[str]:
    """Every delivery is processed once more, as after a crash; their states."""
    Delivery.objects.update(state="pending", not_before=None)
    return {pipeline.process_delivery(pk) for pk in Delivery.objects.values_list("pk", flat=True)}


def leave(seconds: float = 30) -> list[str]:
    """What is due so much later leaves; the states of its rows."""
    at = timezone.now() + timedelta(seconds=seconds)
    states = []
    while due := sweep.due_outgoing(at):
        left = [state for pk in due if (state := pipeline.deliver(pk, now=at))]
        if not left:
            break
        states += left
    return states


def waiting() -> list[str]:
    """The effects that nobody has sent yet."""
    rows = Outgoing.objects.filter(kind="effect", state="queued").order_by("pk")
    return [row.payload["effect"] for row in rows]
