"""Events carry no text: what HubSpot is asked once, and what is kept of it with the delivery.

https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide
"""

from collections.abc import Iterable, Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig, RawRequest
from inbox.channels.wire import Row
from integrations.hubspot import client, events
from integrations.hubspot.events import Event
from integrations.hubspot.wire import HubSpotError

MOST_ACTORS = 100  # of one question
NEIGHBOURS = 30  # messages of a conversation by which an answer finds its ticket
GONE = {400, 404, 410}
WORDS = {"MESSAGE", "COMMENT"}


def complete(raw: RawRequest, config: ChannelConfig) -> Mapping[str, Any] | None:
    """Conversations with the messages that the events name, and who wrote them.

    A conversation that HubSpot does not know is noted as such and costs the others nothing.
    Raises `HubSpotError` when HubSpot has to be asked again, `MalformedBody`.
    """
    found = events.read(raw, config)
    if not found.events:
        return None
    threads = {key: _thread(config, key, rows) for key, rows in events.threads_of(found.events)}
    return {"threads": threads, "actors": _actors(config, _written_by(threads.values()))}


def _thread(config: ChannelConfig, key: str, rows: list[Event]) -> Row:
    kinds = {event.kind for event in rows}
    if events.PRIVACY in kinds:
        return {"gone": events.PRIVACY}
    path = client.conversations(config, f"/threads/{key}")
    try:
        if events.DELETION in kinds:
            archived = client.pages(config, f"{path}/messages", {"archived": "true"})
            return {"gone": events.DELETION, "messages": [row.get("id") for row in archived]}
        thread = client.call(config, "GET", path)
        if not kinds & {events.MESSAGE, events.CREATION}:
            return {"thread": thread}
        return {"thread": thread, **_messages(config, path, rows)}
    except HubSpotError as error:
        if error.status not in GONE:
            raise
        return {"gone": "missing", "messages": []}


def _messages(config: ChannelConfig, path: str, rows: list[Event]) -> Row:
    """The messages that the events name, the first that somebody wrote to us, and the newest."""
    listed = client.pages(config, f"{path}/messages", {})
    spoken = [row for row in listed if row.get("type") in WORDS]
    spoken.sort(key=lambda row: str(row.get("createdAt")))
    by_id = {str(row.get("id")): row for row in listed}
    wanted = list(dict.fromkeys(event.message for event in rows if event.message))
    named = [by_id.get(key) or _message(config, path, key) for key in wanted]
    opener = next((row for row in spoken if row.get("direction") == "INCOMING"), None)
    began = opener.get("createdAt") if opener else None
    if opener is not None and str(opener.get("id")) in wanted:
        opener = None
    return {
        "messages": [_whole(config, path, row) for row in named if row],
        "opener": _whole(config, path, opener) if opener else None,
        "began": began,
        "known": [str(row.get("id")) for row in reversed(spoken[-NEIGHBOURS:])],
    }


def _message(config: ChannelConfig, path: str, key: str) -> Row | None:
    """A message that the list does not show yet; None when HubSpot does not know it."""
    try:
        return client.call(config, "GET", f"{path}/messages/{key}")
    except HubSpotError as error:
        if error.status not in GONE:
            raise
        return None


def _whole(config: ChannelConfig, path: str, row: Row) -> Row:
    """A message with all its words: long ones come truncated."""
    key = str(row.get("id") or "")
    if row.get("truncationStatus") in (None, "NOT_TRUNCATED") or not events.is_id(key):
        return row
    try:
        found = client.call(config, "GET", f"{path}/messages/{key}/original-content")
    except HubSpotError as error:
        if error.status not in GONE:
            raise
        return row
    whole = {name: found[name] for name in ("text", "richText") if found.get(name)}
    return {**row, **whole}


def _written_by(threads: Iterable[Row]) -> list[str]:
    """Who wrote the messages, and who has the conversations."""
    ids: dict[str, None] = {}
    for thread in threads:
        rows = [*(thread.get("messages") or []), thread.get("opener")]
        for row in rows if "thread" in thread else []:
            ids.update(dict.fromkeys(_senders(row)))
        assigned = (thread.get("thread") or {}).get("assignedTo")
        if assigned:
            ids[str(assigned)] = None
    return list(ids)


def _senders(row: Any) -> list[str]:
    if not isinstance(row, dict):
        return []
    people = [p for p in row.get("senders") or [] if isinstance(p, dict)]
    return [str(person["actorId"]) for person in people[:1] if person.get("actorId")]


def _actors(config: ChannelConfig, ids: list[str]) -> Row:
    """People by their id; somebody whom HubSpot does not name stays a bare id."""
    found: Row = {}
    path = client.conversations(config, "/actors/batch/read")
    for start in range(0, len(ids), MOST_ACTORS):
        given = {"inputs": ids[start : start + MOST_ACTORS]}
        answer = client.call(config, "POST", path, given, writes=False)
        rows = [row for row in answer.get("results") or [] if isinstance(row, dict)]
        found |= {str(row.get("id")): row for row in rows}
    return found
