"""HubSpot's messages and conversations as our values; pure.

https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inbox.channels.contract import (
    Author,
    ChannelConfig,
    Ignored,
    InboundFile,
    InboundMessage,
    InboundThread,
    ThreadRef,
)
from inbox.channels.jsontext import moment
from integrations.hubspot.events import SILENT, Event

EPOCH = datetime(2006, 1, 1, tzinfo=UTC)  # before HubSpot: a message without a time
BOTS = "BLSI"  # bots, AI agents, the system, integrations: by the first letter of an actor's id
EMAIL = "HS_EMAIL_ADDRESS"
FILE_SCHEME = "hubspot-file:"
HUBSPOT = Author(external_id="S-hubspot", name="HubSpot", member_kind="bot", is_bot=True)

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """What is known around a message: its conversation, its neighbours, the people."""

    thread: str
    row: Row
    known: tuple[str, ...]
    actors: Mapping[str, Any]
    app: str
    config: ChannelConfig


def message_key(thread: str, message: Any) -> str:
    """`<conversation>/<message>`."""
    return f"{thread}/{message}"


def is_watched(inbox: Any, config: ChannelConfig) -> bool:
    """Whether conversations of an inbox are ours; without a list all of them are."""
    wanted = {part.strip() for part in config.get("inboxes").split(",") if part.strip()}
    return not wanted or str(inbox) in wanted


def message_of(row: Row, place: Place, *, only_opens: bool = False) -> InboundMessage | Ignored:
    """One message, or why it is none."""
    why = _why_not(row, place)
    if why:
        return Ignored(reason=why)
    author = author_of(row, place.actors)
    internal = row.get("type") == "COMMENT"
    at = moment(row.get("createdAt")) or EPOCH
    inbox = str(place.row.get("inboxId") or "")
    text = str(row.get("text") or "")
    key = message_key(place.thread, row.get("id"))
    by_team = not internal and row.get("direction") == "OUTGOING" and not author.is_bot
    return InboundMessage(
        thread_key=place.thread,
        message_key=key,
        author=author,
        sent_at=at,
        subject=str(row.get("subject") or "")[:250],
        text=text,
        new_text=text,
        html=str(row.get("richText") or ""),
        refs=tuple(_refs(place, key)),
        to=_addresses(row, "TO"),
        cc=_addresses(row, "CC"),
        files=tuple(_files(row)),
        # whoever answers there is one of us; a robot's words belong to a conversation or nowhere
        is_own=by_team,
        sender_trust="verified" if by_team else "",
        joins_only=internal or author.is_bot,
        is_internal=internal,
        only_opens=only_opens,
        source_key=inbox,
        source_label=_inbox_name(inbox, place.config),
        version=stamp(moment(row.get("updatedAt")) or at),
        facts={
            "hubspot_channel": str(row.get("channelId") or ""),
            "hubspot_inbox": inbox,
            "spam": bool(place.row.get("spam")),
        },
    )


def _why_not(row: Row, place: Place) -> str:
    """Why a message is none of ours, or ""."""
    kind = str(row.get("type") or "")
    if kind in SILENT:
        return SILENT[kind]
    if kind not in ("MESSAGE", "COMMENT"):
        return f"“{kind[:40]}” is no message that we know"
    if is_ours(row, place.app or place.config.get("app_id")):
        return "our own words came back"
    if not is_watched(place.row.get("inboxId"), place.config):
        return "of an inbox that is not followed"
    return ""


def is_ours(row: Row, app: str) -> bool:
    """Whether our own app wrote it."""
    client = row.get("client")
    client = client if isinstance(client, dict) else {}
    by = str(client.get("integrationAppId") or "")
    return client.get("clientType") == "INTEGRATION" and bool(app) and by == app


def stamp(at: datetime) -> str:
    """A moment that compares as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def _refs(place: Place, key: str) -> Iterator[ThreadRef]:
    """The conversation's other messages: HubSpot says that they belong together."""
    for known in place.known:
        other = message_key(place.thread, known)
        if other != key:
            yield ThreadRef(external_id=other, via="thread")


def _inbox_name(inbox: str, config: ChannelConfig) -> str:
    """What an inbox is called, as connecting has learned it."""
    for part in config.get("inbox_names").splitlines():
        key, _, name = part.partition("=")
        if key == inbox:
            return name
    return inbox


# ------------------------------------------------------------------ people


def author_of(row: Row, actors: Mapping[str, Any]) -> Author:
    """Who wrote it, by the first sender; an address is what HubSpot claims."""
    senders = row.get("senders")
    rows = [r for r in senders if isinstance(r, dict)] if isinstance(senders, list) else []
    sender = rows[0] if rows else {}
    named = _identifier(sender)
    address = named[1] if named[0] == EMAIL else ""
    key = str(sender.get("actorId") or row.get("createdBy") or "")
    return actor_of(key or f"E-{named[1] or 'unknown'}", actors, name=str(sender.get("name") or ""),
                    email=address)  # fmt: skip


def actor_of(key: str, actors: Mapping[str, Any], *, name: str = "", email: str = "") -> Author:
    """Somebody by their id: `A-` one of the account's users, `V-` who came, `B-` a bot."""
    row = actors.get(key)
    row = row if isinstance(row, dict) else {}
    is_bot = key[:1] in BOTS
    kind = "bot" if is_bot else "full" if key.startswith("A-") else "stranger"
    return Author(
        external_id=key,
        name=str(row.get("name") or name),
        email=str(row.get("email") or email),
        member_kind=kind,
        is_bot=is_bot,
    )


def _identifier(person: Row) -> tuple[str, str]:
    """(type, value) of where somebody is reached."""
    found = person.get("deliveryIdentifier")
    found = found if isinstance(found, dict) else {}
    return str(found.get("type") or ""), str(found.get("value") or "")


def _addresses(row: Row, field: str) -> tuple[str, ...]:
    people = row.get("recipients")
    found = []
    for person in people if isinstance(people, list) else []:
        if isinstance(person, dict) and (person.get("recipientField") or "TO") == field:
            kind, value = _identifier(person)
            found += [value] if kind == EMAIL else []
    return tuple(found)


# ------------------------------------------------------------------ files, states


def _files(row: Row) -> Iterator[InboundFile]:
    """Files by their id: their addresses end, so they are asked for when they are fetched."""
    rows = row.get("attachments")
    for file in rows if isinstance(rows, list) else []:
        if not isinstance(file, dict) or file.get("type", "FILE") != "FILE":
            continue
        key = str(file.get("fileId") or "")
        url = FILE_SCHEME + key if key.isascii() and key.isdigit() else str(file.get("url") or "")
        if url:
            yield InboundFile(
                filename=str(file.get("name") or "file"),
                content=b"",
                content_type="application/octet-stream",
                url=url,
            )


def state_of(place: Place, changes: list[Event]) -> InboundThread:
    """How a conversation stands, at the last event that said it had changed.

    HubSpot was asked after that event, so of two answers the one to the later event is newer.
    """
    return _state(place, max(event.at for event in changes), assigned=True)


def state_beside(place: Place, began: datetime | None) -> InboundThread | None:
    """How a conversation stands, told with a message: its own event may have come too early.

    It bears the time when it came to stand so, and thus undoes nothing that happened since. Who
    has it is believed only as of its first message, for we may have given it to somebody.
    """
    closed_at = moment(place.row.get("closedAt"))
    if place.row.get("status") == "CLOSED" and closed_at is not None:
        return _state(place, closed_at, assigned=False)
    if place.row.get("assignedTo") and began is not None:
        return _state(place, began, assigned=True)
    return None


def _state(place: Place, at: datetime, *, assigned: bool) -> InboundThread:
    row = place.row
    assignee = str(row.get("assignedTo") or "") if assigned else ""
    closed = row.get("status") == "CLOSED"
    return InboundThread(
        thread_key=place.thread,
        author=HUBSPOT,
        at=at,
        closed=closed,
        closed_at=moment(row.get("closedAt")) if closed else None,
        assigned=assigned,
        assignee=actor_of(assignee, place.actors) if assignee else None,
    )
