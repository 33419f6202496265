"""What a visitor writes, as our values. The visitor API stores it; there is no foreign vendor.

One delivery is one JSON object: `conversation` and `line` (both ids of ours), `visitor`
`{id, name, email, verified}`, `text`, `at` (ISO 8601), `page`, `referrer`, `topic`, `purpose`,
`file` `{name, type, base64}` or nothing. Over the webhook door it must carry
`X-Desk-Signature: sha256=<hex HMAC-SHA256 of the body by identity_secret>`; the secret before it
counts until the day in `identity_previous_until`.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from inbox.channels.contract import (
    Author,
    BadSignature,
    ChannelConfig,
    InboundBatch,
    InboundFile,
    InboundMessage,
    MalformedBody,
    RawRequest,
)

SIGNATURE = "x-desk-signature"


def sign(body: bytes, secret: str) -> str:
    """The header's value for a body."""
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """Raises `BadSignature`; without a secret nothing is believed."""
    given = raw.headers.get(SIGNATURE, "").encode("utf-8", "replace")
    known = config.identity_secrets(datetime.now(UTC))
    right = [hmac.compare_digest(sign(raw.body, secret).encode(), given) for secret in known]
    if not any(right):
        raise BadSignature("the body is not signed")


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The line's own id, so that sending it again changes nothing. Raises `MalformedBody`."""
    body = _body(raw)
    return f"{_word(body, 'conversation')}:{_word(body, 'line')}"


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """One line of a visitor. Raises `MalformedBody`."""
    body = _body(raw)
    conversation, line = _word(body, "conversation"), _word(body, "line")
    visitor = body.get("visitor")
    if not isinstance(visitor, dict):
        raise MalformedBody("nobody wrote it")
    text = str(body.get("text") or "")
    page = str(body.get("page") or "")
    return InboundBatch(
        messages=(
            InboundMessage(
                thread_key=conversation,
                message_key=f"{conversation}:{line}",
                author=_author(visitor),
                sent_at=_moment(body.get("at")),
                text=text,
                new_text=text,
                files=_files(body.get("file")),
                permalink=page if len(page) <= 500 else "",
                source_key=config.get("site_name"),
                source_label=config.get("site_name"),
                facts={"page": page, **_facts(body)},
            ),
        )
    )


def _facts(body: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(body.get(name) or "")[:500] for name in ("referrer", "topic", "purpose")}


def _body(raw: RawRequest) -> dict[str, Any]:
    body = raw.json()
    if not isinstance(body, dict):
        raise MalformedBody("this is no line of a chat")
    return body


def _word(body: Mapping[str, Any], name: str) -> str:
    """An id of ours: it names rows, so it is short and has no other characters."""
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 64:
        raise MalformedBody(f"{name} is missing")
    if not all(c.isascii() and (c.isalnum() or c in "-_.") for c in value):
        raise MalformedBody(f"{name} is no id")
    return value


def _author(visitor: Mapping[str, Any]) -> Author:
    """The address is a claim: it is shown, and names nobody."""
    verified = visitor.get("verified") is True
    return Author(
        external_id=_word(visitor, "id"),
        name=str(visitor.get("name") or "")[:120] or "Visitor",
        handle=str(visitor.get("email") or "")[:250],
        verified=verified,
    )


def _moment(text: Any) -> datetime:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise MalformedBody("it has no time") from error
    if at.tzinfo is None:
        raise MalformedBody("its time has no zone")
    return at


def _files(given: Any) -> tuple[InboundFile, ...]:
    if not isinstance(given, dict):
        return ()
    try:
        content = base64.b64decode(str(given.get("base64") or ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedBody("the file cannot be read") from error
    name, kind = str(given.get("name") or "file"), str(given.get("type") or "")
    return (InboundFile(filename=name, content=content, content_type=kind),)
