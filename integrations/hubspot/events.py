"""A webhook's body: an array of events, each on its own; pure.

https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from inbox.channels.contract import ChannelConfig, MalformedBody, RawRequest

MESSAGE, CREATION, CHANGE = (
    "conversation.newMessage",
    "conversation.creation",
    "conversation.propertyChange",
)
DELETION, PRIVACY = "conversation.deletion", "conversation.privacyDeletion"
OURS = {MESSAGE, CREATION, CHANGE, DELETION, PRIVACY}
STATES = {"status", "assignedTo"}
MOST_EVENTS = 100  # HubSpot sends no more at once
# what HubSpot tells about other things; whatever else it invents is recorded as unknown
OTHERS = {
    "contact": "contacts are looked up when they are needed",
    "ticket": "HubSpot's own tickets are not followed",
    "company": "companies are read with their contacts",
    "deal": "deals are none of ours",
    "product": "products are none of ours",
    "line_item": "line items are none of ours",
    "object": "CRM objects are looked up when they are needed",
}
# messages that are no words of anybody
SILENT = {
    "WELCOME_MESSAGE": "a welcome text that HubSpot wrote by itself",
    "ASSIGNMENT": "an assignment; its own event says who",
    "THREAD_STATUS_CHANGE": "a status; its own event says which",
    "THREAD_INBOX_CHANGE": "moved to another inbox",
}


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event that concerns a conversation."""

    kind: str
    thread: str
    at: datetime
    message: str = ""
    message_type: str = ""
    property: str = ""
    app: str = ""


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a body holds: events of conversations, and why the others are none."""

    events: tuple[Event, ...]
    ignored: tuple[str, ...]
    unknown: tuple[str, ...]
    broken: int


def rows_of(raw: RawRequest) -> list[Any]:
    """The array. Raises `MalformedBody`."""
    found = raw.json()
    if not isinstance(found, list):
        raise MalformedBody("the body is no array of events")
    return found


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The same for every delivery of the same events, whichever attempt it is.

    An event's id alone is not promised to be unique. Raises `MalformedBody`.
    """
    keys = sorted(_key(row) for row in rows_of(raw))
    return "events:" + sha256("\n".join(keys).encode()).hexdigest()


def _key(row: Any) -> str:
    if not isinstance(row, dict):
        return json.dumps(row, sort_keys=True)
    names = ("portalId", "subscriptionId", "objectId")
    what = row.get("messageId") or row.get("eventId")
    return "/".join(str(part) for part in (*map(row.get, names), what, row.get("occurredAt")))


def read(raw: RawRequest, config: ChannelConfig) -> Read:
    """Every element on its own: a broken one costs none of the others. Raises `MalformedBody`."""
    events, ignored, unknown, broken = [], [], [], 0
    for row in rows_of(raw):
        kind = str(row.get("subscriptionType") or "") if isinstance(row, dict) else ""
        if not kind:
            broken += 1
            continue
        reason = _why_not(kind, row, config)
        if reason:
            ignored.append(reason)
        elif kind not in OURS:
            unknown.append(kind[:100])
        elif (event := _event(kind, row)) is not None:
            events.append(event)
        else:
            broken += 1
    return Read(
        events=tuple(events),
        ignored=tuple(dict.fromkeys(ignored)),
        unknown=tuple(dict.fromkeys(unknown)),
        broken=broken,
    )


def _why_not(kind: str, row: dict[str, Any], config: ChannelConfig) -> str:
    """Why nothing follows from an event, or ""."""
    portal = config.get("portal_id")
    if portal and str(row.get("portalId") or portal) != portal:
        return "of another account of the app"
    reason = OTHERS.get(kind.partition(".")[0])
    if reason:
        return f"{kind}: {reason}"[:120]
    if kind == CHANGE and row.get("propertyName") not in STATES:
        return f"{kind}: {row.get('propertyName')} is not followed"[:120]
    if kind == MESSAGE:
        return SILENT.get(str(row.get("messageType")), "")
    return ""


def _event(kind: str, row: dict[str, Any]) -> Event | None:
    """The event, or None for one without its conversation or time."""
    thread, at = str(row.get("objectId") or ""), _moment(row.get("occurredAt"))
    message = str(row.get("messageId") or "")
    if not thread.isascii() or not thread.isdigit() or at is None:
        return None
    if kind == MESSAGE and not is_id(message):
        return None
    return Event(
        kind=kind,
        thread=thread,
        at=at,
        message=message,
        message_type=str(row.get("messageType") or ""),
        property=str(row.get("propertyName") or ""),
        app=str(row.get("appId") or ""),
    )


def is_id(text: str) -> bool:
    """Whether it can stand in a path as it is."""
    return 0 < len(text) <= 200 and text.isascii() and all(c.isalnum() or c in "-_" for c in text)


def _moment(millis: Any) -> datetime | None:
    if isinstance(millis, bool) or not isinstance(millis, int):
        return None
    try:
        return datetime.fromtimestamp(millis / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def threads_of(events: tuple[Event, ...]) -> Iterator[tuple[str, list[Event]]]:
    """Events by their conversation, in the order in which each is first named."""
    grouped: dict[str, list[Event]] = {}
    for event in events:
        grouped.setdefault(event.thread, []).append(event)
    yield from grouped.items()
