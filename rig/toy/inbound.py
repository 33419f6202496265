"""Toybox webhooks: whether one is Toybox's, and what it says in our words."""

import hmac
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from inbox.channels.contract import (
    Author,
    BadSignature,
    ChannelConfig,
    InboundBatch,
    InboundMessage,
    InboundThread,
    MalformedBody,
    RawRequest,
    UnknownEvent,
)

STALE_SECONDS = 300
IGNORED = {"toy.rattled": "nobody wrote anything"}


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """HMAC-SHA256 over `<time>.<body>`, five minutes at most. Raises `BadSignature`."""
    secret = config.get("signing_secret")
    if not secret:
        raise BadSignature("no signing secret is set")
    moment = raw.headers.get("toybox-time", "")
    if not moment.isascii() or not moment.isdigit():
        raise BadSignature("there is no time in it")
    wanted = hmac.new(secret.encode(), moment.encode() + b"." + raw.body, sha256).hexdigest()
    given = raw.headers.get("toybox-signature", "")
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise BadSignature("the signature does not match")
    if abs(time.time() - int(moment)) > STALE_SECONDS:
        raise BadSignature("it is too old")


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The event's own id: the same whenever Toybox sends it again."""
    return _text(_event(raw), "event")[:250]


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """One event in our words. Pure. Raises `UnknownEvent`, `MalformedBody`."""
    event = _event(raw)
    kind = _text(event, "type")
    if kind == "line.created":
        return InboundBatch(messages=(_message(event, completed or {}),))
    if kind in ("talk.closed", "talk.opened"):
        return InboundBatch(threads=(_standing(event, is_closed=kind == "talk.closed"),))
    if kind in IGNORED:
        return InboundBatch(ignored=f"{kind}: {IGNORED[kind]}")
    raise UnknownEvent(kind[:100])


def _message(event: Mapping[str, Any], line: Mapping[str, Any]) -> InboundMessage:
    if not line:
        raise MalformedBody("the line is gone")
    return InboundMessage(
        thread_key=_text(event, "talk"),
        message_key=_text(line, "id"),
        author=_author(line),
        sent_at=_moment(line),
        subject=_text(line, "text")[:60],
        text=_text(line, "text"),
        new_text=_text(line, "text"),
        is_own=bool(line.get("mark")),
    )


def _standing(event: Mapping[str, Any], *, is_closed: bool) -> InboundThread:
    return InboundThread(
        thread_key=_text(event, "talk"),
        author=_author(event),
        at=_moment(event),
        closed=is_closed,
    )


def _author(what: Mapping[str, Any]) -> Author:
    by = what.get("by")
    if not isinstance(by, dict):
        raise MalformedBody("nobody has written it")
    return Author(
        external_id=_text(by, "id"), name=str(by.get("name", "")), is_bot=bool(by.get("bot"))
    )


def _moment(what: Mapping[str, Any]) -> datetime:
    at = what.get("at")
    if not isinstance(at, int) or not 0 < at < 2**33:
        raise MalformedBody("there is no time in it")
    return datetime.fromtimestamp(at, UTC)


def _event(raw: RawRequest) -> Mapping[str, Any]:
    event = raw.json()
    if not isinstance(event, dict):
        raise MalformedBody("there is no event in it")
    return event


def _text(what: Mapping[str, Any], name: str) -> str:
    found = what.get(name)
    if not isinstance(found, str) or not found:
        raise MalformedBody(f"{name} is missing")
    return found
