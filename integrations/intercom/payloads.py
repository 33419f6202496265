"""What every payload of Intercom's has: times, people, parts; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from inbox.channels.contract import Author, ChannelConfig, InboundFile
from integrations.intercom import wording

Row = Mapping[str, Any]
CONTACTS = frozenset({"user", "lead", "contact", "visitor", "customer"})
FIRST = datetime(2011, 1, 1, tzinfo=UTC)  # before Intercom: a payload without a time
PEOPLE = "people"  # a value of `speak_as`: whoever is known at Intercom speaks as themselves


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known while a conversation is read: the connection, and people by their ids."""

    config: ChannelConfig
    people: Mapping[str, Row] = field(default_factory=dict)


def moment(value: Any) -> datetime | None:
    """Unix seconds, or ISO text as old payloads have it; None when there is none."""
    if isinstance(value, bool) or value in (None, "", 0):
        return None
    try:
        if isinstance(value, int | float) or str(value).isdigit():
            return datetime.fromtimestamp(float(value), UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def made_at(row: Row) -> datetime:
    """When a part or a conversation was made."""
    return moment(row.get("created_at")) or moment(row.get("updated_at")) or FIRST


def changed_at(row: Row) -> datetime:
    """When it was last changed."""
    return moment(row.get("updated_at")) or made_at(row)


def version_of(row: Row) -> str:
    """`updated_at` as text that compares."""
    return f"{int(changed_at(row).timestamp()):012d}"


def inner(row: Row, name: str) -> dict[str, Any]:
    """An object inside an object; {} when there is none."""
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def key_of(value: Any) -> str:
    """An id as text: they come as text and as numbers. "" for none and for 0, which is nobody."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    return "" if text == "0" else text[:200]


# ------------------------------------------------------------------ people


def own_admin(config: ChannelConfig) -> str:
    """The teammate who speaks for the desk: the one that was named, else the token's own."""
    return config.get("admin_id") or config.get("token_admin_id")


def is_contact(author: Row) -> bool:
    """A customer: a user, a lead, a visitor."""
    return str(author.get("type") or "") in CONTACTS


def is_bot(author: Row) -> bool:
    """Operator, a workflow, or the AI agent, whoever it speaks for."""
    return author.get("type") == "bot" or author.get("from_ai_agent") is True


def is_own(part: Row, config: ChannelConfig) -> bool:
    """Whether we may have written a part: whoever speaks for the desk did.

    With `speak_as` people that is anybody who did it by the API; `app_package_code` names the app
    by which a part was made, and a person who answers at Intercom has none.
    """
    author = inner(part, "author")
    if author.get("type") != "admin" or is_bot(author):
        return False
    if key_of(author.get("id")) == own_admin(config) != "":
        return True
    return config.get("speak_as") == PEOPLE and bool(part.get("app_package_code"))


def author_of(author: Row, known: Known) -> Author:
    """Who wrote it, with what else is known of them. An address is a claim."""
    key = key_of(author.get("id"))
    more = known.people.get(key, {})
    name = str(author.get("name") or more.get("name") or "")[:250]
    email = str(author.get("email") or more.get("email") or "")[:250]
    if is_bot(author):
        return Author(external_id=key or "bot", name=name or "Bot", member_kind="bot", is_bot=True)
    if is_contact(author):
        return Author(
            external_id=key or email or "unknown", name=name or "Visitor", handle=email, email=email
        )
    return teammate(key or "team", name, email)


def teammate(key: str, name: str, email: str) -> Author:
    """A member of the workspace, who may have an account of ours by the same address."""
    return Author(
        external_id=key,
        name=name or "Teammate",
        handle=email,
        email=email,
        verified=True,
        member_kind="full",
    )


# ------------------------------------------------------------------ files


def files_of(part: Row) -> tuple[InboundFile, ...]:
    """Attachments, and pictures in the words; their addresses end, so they are fetched soon."""
    found: dict[str, InboundFile] = {}
    rows = part.get("attachments")
    for row in rows if isinstance(rows, list) else []:
        url = str(row.get("url") or "") if isinstance(row, dict) else ""
        if url:
            size = row.get("filesize")
            found[url] = InboundFile(
                filename=str(row.get("name") or _name_in(url)),
                content=b"",
                content_type=str(row.get("content_type") or ""),
                url=url,
                size=size if isinstance(size, int) and size > 0 else 0,
            )
    for url in wording.images(str(part.get("body") or "")):
        if url.startswith(("https://", "http://")) and url not in found:
            found[url] = InboundFile(
                filename=_name_in(url), content=b"", content_type="", url=url, inline=True
            )
    return tuple(found.values())


def _name_in(url: str) -> str:
    try:
        last = urlsplit(url).path.rpartition("/")[2]
    except ValueError:
        last = ""
    return re.sub(r"[^\w.\- ]", "_", last)[:120] or "file"


# ------------------------------------------------------------------ addresses


def permalink(key: str, config: ChannelConfig) -> str:
    """Where a person reads the conversation at Intercom."""
    app = config.get("app_id")
    return f"{app_url(config)}/a/inbox/{app}/inbox/conversation/{key}" if app else ""


def app_url(config: ChannelConfig) -> str:
    """The region's own site, of the API's region where none is named."""
    named = config.get("app_url")
    if named:
        return named.rstrip("/")
    for region in ("eu", "au"):
        if f"api.{region}." in config.get("api_url"):
            return f"https://app.{region}.intercom.com"
    return "https://app.intercom.com"
