"""Zendesk's rows as our values: people, comments, how a ticket stands; pure.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/ ·
https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from inbox.channels.contract import (
    Author,
    ChannelConfig,
    InboundFile,
    InboundMessage,
    InboundThread,
    ThreadRef,
)
from inbox.channels.jsontext import moment
from integrations.zendesk import client

Row = Mapping[str, Any]
STAFF = {"agent", "admin"}
ENDED = {"solved", "closed", "deleted"}
EPOCH = datetime(2007, 1, 1, tzinfo=UTC)  # before Zendesk: a row without a time
MARK = "desk_outbox"  # in the metadata of what we write: which row of ours it is
HOUSE = "desk"  # beside it: which installation of the desk it was
SQUARE = "▇"  # what redaction leaves of each character
SYSTEM = "system"
# senders of transactional mail, which is most of what such an inbox gets
ROBOTS = frozenset(
    "noreply no-reply no_reply donotreply do-not-reply notification notifications mailer "
    "mailer-daemon postmaster alerts".split()
)
MERGED = "closed_by_merge"  # the tag of a ticket that was merged into another


def thread_key(number: Any) -> str:
    """The conversation is the ticket."""
    return f"ticket/{number}"


def message_key(comment: Any) -> str:
    """Of one comment; ids of comments are unique in an account."""
    return f"comment/{comment}"


def is_number(value: Any) -> bool:
    """Whether it is an id: digits as a number or as text."""
    text = str(value)
    return text.isascii() and text.isdigit() and len(text) <= 20


# ------------------------------------------------------------------ people


def by_id(rows: Iterable[Row]) -> dict[str, Row]:
    """Users by their ids."""
    return {str(row.get("id")): row for row in rows}


def author_of(key: Any, people: Mapping[str, Row]) -> Author:
    """Somebody by id; whoever the account no longer tells of keeps the id.

    An agent's address was proven to the account, so it may name an account of ours; a customer's
    is a claim.
    """
    row = people.get(str(key))
    if not is_number(key):  # -1: triggers, merges and other machinery
        return Author(external_id=SYSTEM, name="Zendesk", is_bot=True, member_kind="bot")
    if row is None:
        return Author(external_id=str(key))
    email = str(row.get("email") or "")
    machine = not is_staff(row) and email.partition("@")[0].lower() in ROBOTS
    kind = "full" if is_staff(row) and row.get("verified") else "bot" if machine else ""
    return Author(
        external_id=str(key),
        name=str(row.get("name") or "")[:200],
        handle=str(row.get("alias") or "")[:200],
        email=email,
        verified=bool(row.get("verified")),
        timezone=str(row.get("iana_time_zone") or ""),
        member_kind=kind,
        is_bot=machine,
    )


def is_staff(row: Row | None) -> bool:
    """Whether somebody answers there: an agent or an admin who was not suspended."""
    return row is not None and row.get("role") in STAFF and not row.get("suspended")


# ------------------------------------------------------------------ what we wrote ourselves


def is_ours(metadata: Any, config: ChannelConfig, key: str = "") -> bool:
    """Whether an update carries our mark: of this installation, and of this row where named."""
    custom = metadata.get("custom") if isinstance(metadata, dict) else None
    if not isinstance(custom, dict) or not custom.get(MARK):
        return False
    return custom.get(HOUSE, "") == config.installation and key in ("", custom.get(MARK))


def our_comments(
    audits: Iterable[Row], config: ChannelConfig, *, key: str = "", by: str = ""
) -> list[str]:
    """Ids of comments of ours, in their order. A comment has the id of its event in the audit.

    Metadata is written by whoever updates a ticket by the API, so only updates by our own user
    (`by`) count, where it is known.
    """
    mine = [
        row
        for row in audits
        if is_ours(row.get("metadata"), config, key) and by in ("", str(row.get("author_id")))
    ]
    events = [event for row in mine for event in client.rows_of(row, "events")]
    return [str(event.get("id")) for event in events if event.get("type") == "Comment"]


# ------------------------------------------------------------------ comments


def message_of(
    comment: Row, ticket: Row, people: Mapping[str, Row], config: ChannelConfig, *, first: bool
) -> InboundMessage:
    """One comment as a message; a private one is a note of the team."""
    author = author_of(comment.get("author_id"), people)
    writer = people.get(str(comment.get("author_id")))
    internal = comment.get("public") is False
    notes = _malware(comment)
    asker = ticket.get("requester_id")
    if first and not internal and is_staff(writer) and not is_staff(people.get(str(asker))):
        # a colleague took down what a customer said: it is the customer's question
        notes = (*notes, f"Written down by {author.name or 'an agent'} at Zendesk.")
        author = author_of(asker, people)
        writer = people.get(str(asker))
    text = str(comment.get("plain_body") or comment.get("body") or "").replace("&nbsp;", " ")
    squares = text.count(SQUARE)
    return InboundMessage(
        thread_key=thread_key(ticket.get("id")),
        message_key=message_key(comment.get("id")),
        author=author,
        sent_at=moment(comment.get("created_at")) or moment(ticket.get("created_at")) or EPOCH,
        subject=str(ticket.get("subject") or "")[:500],
        text=text,
        html=str(comment.get("html_body") or ""),
        files=files_of(comment),
        permalink=permalink(config, ticket.get("id")),
        facts=facts_of(ticket, comment, author),
        notes=notes,
        # redaction is the only change of a comment, and only ever adds squares
        version=f"{squares:08d}" if squares else "",
        is_internal=internal,
        # answered over there by one of the team, whether they have an account here or not
        is_own=is_staff(writer) and not internal and not first,
        sender_trust="verified" if is_staff(writer) else "",
    )


def answering(messages: list[InboundMessage]) -> list[InboundMessage]:
    """Each message names the first one, so that it finds its conversation whatever comes first."""
    if not messages:
        return messages
    opener = ThreadRef(external_id=messages[0].message_key, via="thread")
    return [messages[0], *(replace(message, refs=(opener,)) for message in messages[1:])]


def files_of(comment: Row) -> tuple[InboundFile, ...]:
    """Attachments by their addresses; bytes are fetched later."""
    return tuple(
        InboundFile(
            filename=str(row.get("file_name") or "file"),
            content=b"",
            content_type=str(row.get("content_type") or "application/octet-stream"),
            url=str(row.get("content_url") or ""),
            size=int(row.get("size") or 0),
            inline=bool(row.get("inline")),
        )
        for row in client.rows_of(comment, "attachments")
        if row.get("content_url") and not row.get("deleted") and not _is_malware(row)
    )


def _is_malware(row: Row) -> bool:
    found = row.get("malware_scan_result") == "malware_found"
    return found and not row.get("malware_access_override")


def _malware(comment: Row) -> tuple[str, ...]:
    rows = [row for row in client.rows_of(comment, "attachments") if _is_malware(row)]
    return tuple(f"Zendesk found malware in {row.get('file_name')}: not taken." for row in rows)


def facts_of(ticket: Row, comment: Row, author: Author) -> dict[str, Any]:
    """What rules look at: people here have ids, and rules speak of addresses."""
    via = comment.get("via") or ticket.get("via")
    email = author.email.lower()
    return {
        "sender": email,
        "domain": email.rpartition("@")[2],
        "via": str(via.get("channel") or "") if isinstance(via, dict) else "",
        "labels": tags_of(ticket),
    }


def tags_of(ticket: Row) -> tuple[str, ...]:
    """Exact names."""
    rows = ticket.get("tags")
    return tuple(str(name)[:80] for name in rows) if isinstance(rows, list) else ()


def permalink(config: ChannelConfig, number: Any) -> str:
    """Where an agent opens the ticket."""
    return f"{client.root(config)}/agent/tickets/{number}"


# ------------------------------------------------------------------ how it stands


def state_of(ticket: Row, people: Mapping[str, Row], actor: str = "") -> InboundThread:
    """Open or ended, who has it, its subject and tags; as of its last update."""
    assignee = ticket.get("assignee_id")
    return InboundThread(
        thread_key=thread_key(ticket.get("id")),
        author=author_of(actor or assignee or SYSTEM, people),
        at=moment(ticket.get("updated_at")) or moment(ticket.get("created_at")) or EPOCH,
        closed=ticket.get("status") in ENDED,
        resolution="duplicate" if MERGED in tags_of(ticket) else "solved",
        subject=str(ticket.get("subject") or "")[:500],
        labels=tags_of(ticket),
        assigned=True,
        assignee=author_of(assignee, people) if is_number(assignee) else None,
    )


def followed(ticket: Row) -> str:
    """The ticket that this one follows up, or "": what is closed for good goes on elsewhere."""
    via = ticket.get("via")
    source = via.get("source") if isinstance(via, dict) else None
    if not isinstance(source, dict) or source.get("rel") != "follow_up":
        return ""
    origin = source.get("from")
    number = origin.get("ticket_id") if isinstance(origin, dict) else ""
    return str(number) if is_number(number) else ""
