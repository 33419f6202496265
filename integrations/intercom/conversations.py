"""A conversation of Intercom's, or what a notification shows of it, as our values; pure.

A conversation's first message is its `source`, all others are parts. What an admin or a bot wrote
never opens a ticket; what a customer wrote does, and then the words before it come along.
https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io/conversations/conversation
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from inbox.channels.contract import (
    Author,
    InboundBatch,
    InboundDelete,
    InboundMessage,
    InboundThread,
)
from integrations.intercom import wording
from integrations.intercom.client import parts_of
from integrations.intercom.payloads import (
    Known,
    Row,
    author_of,
    changed_at,
    files_of,
    inner,
    is_contact,
    is_own,
    key_of,
    made_at,
    moment,
    own_admin,
    permalink,
    teammate,
    version_of,
)

# kinds of parts that everybody in the conversation reads, whoever wrote them; of all other kinds
# only what a customer wrote is public, because nobody knows who was meant to read the rest
PUBLIC = frozenset(
    "comment quick_reply open close snoozed unsnoozed assignment assign_and_reopen "
    "assign_and_unsnooze channel_and_reply_time_expectation".split()
)
SYSTEM = Author(external_id="intercom", name="Intercom", is_bot=True, member_kind="bot")
OPENS = "conversation.user.created"
TOUCHED = timedelta(seconds=60)


def read(row: Row, known: Known, *, topic: str = "", whole: bool = False) -> InboundBatch:
    """What a conversation says. `whole`: it came with all its parts, not with the new ones."""
    key = key_of(row.get("id"))
    parts = sorted(parts_of(row), key=_order)
    said = [m for part in parts if (m := _message(part, key, known)) is not None]
    if whole or topic.endswith(".rating.added"):
        said += _rating(row, key, known)
    messages = _arranged(_first(row, key, known), said, opens=topic == OPENS, whole=whole)
    deletes = _deletes(row, parts)
    threads = _threads(row, key, parts, known)
    return InboundBatch(
        messages=_titled(messages, row),
        deletes=deletes,
        threads=threads,
        ignored="" if messages or deletes or threads else "nothing was said in it",
    )


def _order(part: Row) -> tuple[datetime, int]:
    key = key_of(part.get("id"))
    return made_at(part), int(key) if key.isdigit() else 0


def _arranged(
    first: InboundMessage | None, said: Sequence[InboundMessage], *, opens: bool, whole: bool
) -> list[InboundMessage]:
    """Who opens the ticket comes first.

    A customer's first message goes along with whatever is said, and is filed where it is missing.
    One of a teammate or a bot follows the customer's first answer, which opens the ticket.
    """
    if first is None:
        return list(said)
    if not first.joins_only:
        if opens or whole:
            return [first, *said]
        return [replace(first, only_opens=True), *said] if said else []
    asks = next((m for m in said if not (m.joins_only or m.is_internal)), None)
    if whole and asks is not None:
        return [asks, first, *(m for m in said if m is not asks)]
    return list(said) or [first]


def _titled(messages: Sequence[InboundMessage], row: Row) -> tuple[InboundMessage, ...]:
    """The message that may open the ticket, with the conversation's subject or title."""
    if not messages:
        return ()
    title = wording.to_text(str(_source(row).get("subject") or row.get("title") or ""))
    return (replace(messages[0], subject=" ".join(title.split())[:250]), *messages[1:])


# ------------------------------------------------------------------ messages


def _source(row: Row) -> Row:
    """The first message; payloads of old versions call it otherwise."""
    return inner(row, "source") or inner(row, "conversation_message")


def source_key(source: Row) -> str:
    """The key of a first message, whose ids have nothing to do with those of parts."""
    return f"source/{key_of(source.get('id'))}"


def part_key(part: Row) -> str:
    """The key of any other message."""
    return f"part/{key_of(part.get('id'))}"


def _first(row: Row, key: str, known: Known) -> InboundMessage | None:
    source = _source(row)
    if not key_of(source.get("id")) or source.get("redacted"):
        return None
    dated = {**source, "created_at": row.get("created_at"), "updated_at": row.get("created_at")}
    made = _spoken(dated, source_key(source), key, known)
    if made is None:
        return None
    return replace(made, facts=_facts(source, known), is_own=is_own(source, known.config))


def _facts(source: Row, known: Known) -> dict[str, str]:
    return {
        "page": str(source.get("url") or "")[:500],
        "purpose": known.config.get("purpose", "support"),
    }


def _message(part: Row, key: str, known: Known) -> InboundMessage | None:
    """A part with words or files; None for what only says how the conversation stands."""
    if not key_of(part.get("id")) or part.get("redacted"):
        return None
    made = _spoken(part, part_key(part), key, known)
    if made is None:
        return None
    kind = str(part.get("part_type") or "comment")
    public = kind in PUBLIC or (is_contact(inner(part, "author")) and not kind.startswith("note"))
    facts = {"purpose": known.config.get("purpose", "support")}
    return replace(
        made,
        is_internal=not public,
        is_own=is_own(part, known.config),
        joins_only=made.joins_only and public,  # a note waits until its conversation is a ticket
        facts=facts,
    )


def _spoken(row: Row, message_key: str, key: str, known: Known) -> InboundMessage | None:
    body, author = str(row.get("body") or ""), author_of(inner(row, "author"), known)
    text, files = wording.to_text(body), files_of(row)
    if not text and not files:
        return None
    return InboundMessage(
        thread_key=key,
        message_key=message_key,
        author=author,
        sent_at=made_at(row),
        text=text,
        new_text=text,
        html=wording.bare(body),
        files=files,
        permalink=permalink(key, known.config),
        version=version_of(row),
        edited_at=_edited_at(row),
        # what an admin or a bot says opens nothing: campaigns would fill the queue
        joins_only=not is_contact(inner(row, "author")),
    )


def _edited_at(row: Row) -> datetime | None:
    """Intercom touches a part now and then while it is delivered; that is no edit."""
    at = changed_at(row)
    return at if at - made_at(row) > TOUCHED else None


def _rating(row: Row, key: str, known: Known) -> list[InboundMessage]:
    """What the customer thought of it, as a note to the team: it asks for nothing."""
    rating = inner(row, "conversation_rating")
    stars, at = rating.get("rating"), moment(rating.get("created_at")) or changed_at(row)
    if not isinstance(stars, int) or isinstance(stars, bool):
        return []
    remark = wording.to_text(str(rating.get("remark") or ""))
    text = f"Rated {stars} of 5" + (f": {remark}" if remark else "")
    by = inner(rating, "contact") or inner(row, "user") or _customer(row)
    author = author_of({"type": "contact", **by}, known)
    return [
        InboundMessage(
            thread_key=key,
            message_key=f"rating/{key}/{int(at.timestamp())}",
            author=author,
            sent_at=at,
            text=text,
            new_text=text,
            is_internal=True,
            joins_only=True,
        )
    ]


def _customer(row: Row) -> Row:
    rows = inner(row, "contacts").get("contacts")
    found = rows[0] if isinstance(rows, list) and rows else {}
    return found if isinstance(found, dict) else {}


def _deletes(row: Row, parts: Sequence[Row]) -> tuple[InboundDelete, ...]:
    """What was redacted: its words are gone at Intercom."""
    source = _source(row)
    found = [InboundDelete(message_key=part_key(p), at=changed_at(p)) for p in parts
             if p.get("redacted") and key_of(p.get("id"))]  # fmt: skip
    if source.get("redacted") and key_of(source.get("id")):
        found.append(InboundDelete(message_key=source_key(source), at=changed_at(row)))
    return tuple(found)


# ------------------------------------------------------------------ how it stands


def _threads(row: Row, key: str, parts: Sequence[Row], known: Known) -> tuple[InboundThread, ...]:
    """Open, closed or put off, who has it, its tags."""
    state = str(row.get("state") or "")
    if not state and "open" not in row:
        return ()
    assigned, assignee = _assignee(row, known)
    by = next((p for p in reversed(parts) if not is_contact(inner(p, "author"))), None)
    return (
        InboundThread(
            thread_key=key,
            author=author_of(inner(by, "author"), known) if by else SYSTEM,
            at=changed_at(row),
            closed=state == "closed" or (not state and row.get("open") is False),
            closed_at=_closed_at(row, parts),
            labels=_tags(row),
            assigned=assigned,
            assignee=assignee,
        ),
    )


def _closed_at(row: Row, parts: Sequence[Row]) -> datetime | None:
    closes = [made_at(part) for part in parts if part.get("part_type") == "close"]
    return max(closes) if closes else moment(inner(row, "statistics").get("last_close_at"))


def _tags(row: Row) -> tuple[str, ...]:
    rows = inner(row, "tags").get("tags")
    named = [str(r.get("name") or "") for r in rows or [] if isinstance(r, dict)]
    return tuple(name[:80] for name in named if name)


def _assignee(row: Row, known: Known) -> tuple[bool, Author | None]:
    """(whether it is said who has it, who). The desk's own seat says nothing about people."""
    legacy = inner(row, "assignee")
    if "admin_assignee_id" not in row and "assignee" not in row:
        return False, None
    key = key_of(row.get("admin_assignee_id")) or (
        key_of(legacy.get("id")) if legacy.get("type") == "admin" else ""
    )
    if not key:
        return True, None
    if key == own_admin(known.config):
        return False, None
    person = {**legacy, **known.people.get(key, {})}
    return True, teammate(key, str(person.get("name") or ""), str(person.get("email") or ""))
