"""A delivery of HubSpot's as our values; pure: what had to be asked was asked before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    InboundBatch,
    InboundDelete,
    InboundForget,
    InboundMessage,
    InboundThread,
    MalformedBody,
    RawRequest,
    UnknownEvent,
)
from inbox.channels.jsontext import moment
from integrations.hubspot import events
from integrations.hubspot.events import Event
from integrations.hubspot.messages import Place, message_key, message_of, state_beside, state_of

MISSING = "HubSpot does not know the conversation any more"


@dataclass
class _Found:
    """What the conversations of one delivery have brought so far."""

    messages: dict[str, InboundMessage] = field(default_factory=dict)
    deletes: list[InboundDelete] = field(default_factory=list)
    threads: list[InboundThread] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    forgets: list[InboundForget] = field(default_factory=list)


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """Every event on its own. Raises `UnknownEvent`, `MalformedBody`."""
    read = events.read(raw, config)
    reasons = [*read.ignored, *(f"unknown: {name}" for name in read.unknown)]
    if not read.events and not read.ignored:
        if read.unknown:
            raise UnknownEvent(", ".join(read.unknown)[:100])
        if read.broken:
            raise MalformedBody("no element of it can be read as an event")
        return InboundBatch(ignored="no events in it")
    if read.broken:
        reasons.append(f"{read.broken} that cannot be read")
    found = _Found(reasons=reasons)
    known = completed or {}
    for key, rows in events.threads_of(read.events):
        _thread(found, key, rows, config, known)
    messages = sorted(found.messages.values(), key=lambda m: (not m.only_opens, m.sent_at))
    return InboundBatch(
        messages=tuple(messages),
        deletes=tuple(found.deletes),
        threads=tuple(found.threads),
        forgets=tuple(found.forgets),
        ignored="; ".join(dict.fromkeys(found.reasons)),
    )


def _thread(
    found: _Found, key: str, rows: list[Event], config: ChannelConfig, completed: Mapping[str, Any]
) -> None:
    known = _of(_of(completed, "threads"), key)
    gone = known.get("gone")
    if gone == events.DELETION:
        at = max(event.at for event in rows)
        ids = known.get("messages") or []
        found.deletes += [InboundDelete(message_key=message_key(key, i), at=at) for i in ids]
        found.reasons += [] if ids else ["deleted at HubSpot with all its messages"]
        return
    if gone == events.PRIVACY:
        # HubSpot does not say whose it was, and has nothing left to ask
        at = max(event.at for event in rows)
        found.forgets.append(InboundForget(thread_key=key, at=at))
        return
    if gone or not known:
        found.reasons.append(MISSING)
        return
    place = Place(
        thread=key,
        row=_of(known, "thread"),
        known=tuple(str(i) for i in known.get("known") or ()),
        actors=_of(completed, "actors"),
        app=next((event.app for event in rows if event.app), ""),
        config=config,
    )
    created = any(event.kind == events.CREATION for event in rows)
    _messages(found, place, known, created=created)
    changes = [event for event in rows if event.kind == events.CHANGE]
    beside = state_beside(place, moment(known.get("began"))) if "began" in known else None
    state = state_of(place, changes) if changes else beside
    if state is not None:
        found.threads.append(state)


def _messages(found: _Found, place: Place, known: Mapping[str, Any], *, created: bool) -> None:
    """The messages that were named; the conversation's first one comes along with them."""
    filed = False
    for row in known.get("messages") or []:
        value = message_of(row, place)
        if isinstance(value, InboundMessage):
            found.messages.setdefault(value.message_key, value)
            filed = True
        else:
            found.reasons.append(value.reason)
    opener = known.get("opener")
    if isinstance(opener, dict) and (filed or created):
        value = message_of(opener, place, only_opens=True)
        if isinstance(value, InboundMessage):
            found.messages.setdefault(value.message_key, value)


def _of(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}
