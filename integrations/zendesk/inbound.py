"""What Zendesk sends: signatures, keys, and deliveries as values of our vocabulary.

https://developer.zendesk.com/documentation/webhooks/verifying/
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    InboundBatch,
    InboundDelete,
    InboundMessage,
    InboundMove,
    InboundThread,
    RawRequest,
    WrongType,
)
from integrations.zendesk import client, payloads
from integrations.zendesk.hints import GONE, Hint, hint_of

WINDOW = timedelta(minutes=5)
# what Zendesk's test button signs with while a webhook is not saved yet; everybody knows it
TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - public, and refused
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """HMAC over time and body, five minutes old at most. Raises `BadSignature`, `WrongType`."""
    secret = config.get("webhook_secret")
    if not secret:
        raise BadSignature("no webhook secret is set")
    if is_public_secret(config):
        raise BadSignature("the webhook secret is the public one of the test button")
    stamp = raw.headers.get("x-zendesk-webhook-signature-timestamp", "")
    signed = stamp.encode("utf-8", "replace") + raw.body
    wanted = base64.b64encode(hmac.new(secret.encode(), signed, sha256).digest())
    given = raw.headers.get("x-zendesk-webhook-signature", "")
    if not hmac.compare_digest(wanted, given.encode("utf-8", "replace")):
        raise BadSignature("the signature does not match")
    if not _is_fresh(stamp):
        raise BadSignature("the timestamp is too old or too new")
    kind = raw.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongType(kind)


def is_public_secret(config: ChannelConfig) -> bool:
    """Whether everybody could sign: with the test button's secret, anywhere but on loopback."""
    ours = urlsplit(config.webhook_url).hostname in LOOPBACK
    return config.get("webhook_secret") == TEST_SECRET and not ours


def _is_fresh(stamp: str) -> bool:
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return False
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return abs(datetime.now(UTC) - at) <= WINDOW


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The invocation's id: the same when it is delivered again."""
    given = raw.headers.get("x-zendesk-webhook-invocation-id", "").strip()
    return f"invocation:{given}"[:250] if given else "sha256:" + sha256(raw.body).hexdigest()


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """One delivery with what was asked about it. Raises `UnknownEvent`, `MalformedBody`."""
    hint = hint_of(raw)
    if hint.ignored:
        return InboundBatch(ignored=hint.ignored)
    if hint.what in GONE:
        return InboundBatch(threads=(_gone(hint),))
    if completed is None:
        return InboundBatch(ignored=f"ticket {hint.number} changed; nobody was asked how")
    if not completed.get("ticket"):
        return InboundBatch(ignored=f"ticket {hint.number} is not there any more")
    return batch_of(completed, config, hint)


def batch_of(completed: Mapping[str, Any], config: ChannelConfig, hint: Hint) -> InboundBatch:
    """A ticket as it stands: its comments but our own, its state, and where it came from."""
    ticket = completed["ticket"]
    people = payloads.by_id(client.rows_of(completed, "users"))
    own = {str(key) for key in completed.get("own") or ()}
    rows = client.rows_of(completed, "comments")
    whole = completed.get("whole", True)
    said = [
        payloads.message_of(row, ticket, people, config, first=whole and row is rows[0])
        for row in rows
        if str(row.get("id")) not in own
    ]
    if hint.comment in own:  # the echo of what we wrote
        said = []
    messages, deletes = _withdrawn(payloads.answering(said), hint)
    return InboundBatch(
        messages=tuple(_from(messages, hint)),
        deletes=deletes,
        threads=(payloads.state_of(ticket, people, hint.actor),),
        moves=_moves(ticket, hint),
    )


def _gone(hint: Hint) -> InboundThread:
    """A ticket was deleted there: the conversation has ended."""
    return InboundThread(
        thread_key=payloads.thread_key(hint.number),
        author=payloads.author_of(hint.actor or payloads.SYSTEM, {}),
        at=hint.at or payloads.EPOCH,
        closed=True,
        resolution="no_reply",
    )


def _from(messages: list[InboundMessage], hint: Hint) -> list[InboundMessage]:
    """Of a new comment only what is new, with the first one in case that nobody knows the ticket.

    What an event before it should have brought comes with any other event, and by the export.
    """
    places = [n for n, m in enumerate(messages) if m.message_key == f"comment/{hint.comment}"]
    if hint.what != "comment_added" or not places:
        return messages
    begin = places[0]
    opener = next((m for m in messages[:begin] if not m.is_internal), None)
    opens = [replace(opener, only_opens=True)] if opener else []
    return [*opens, *messages[begin:]]


def _withdrawn(
    messages: list[InboundMessage], hint: Hint
) -> tuple[list[InboundMessage], tuple[InboundDelete, ...]]:
    """A comment that was made private is taken out of the conversation and goes on as a note."""
    key = payloads.message_key(hint.comment)
    if hint.what != "comment_made_private" or not hint.comment:
        return messages, ()
    changed = [
        replace(row, message_key=f"{key}#note", is_internal=True, is_own=False)
        if row.message_key == key
        else row
        for row in messages
    ]
    return changed, (InboundDelete(message_key=key, at=hint.at or payloads.EPOCH),)


def _moves(ticket: Mapping[str, Any], hint: Hint) -> tuple[InboundMove, ...]:
    """A ticket that was merged into this one, or that this one follows up."""
    before = hint.number if hint.target else payloads.followed(ticket)
    if not before or before == str(ticket.get("id")):
        return ()
    old = payloads.thread_key(before)
    # the messages keep their keys: this one is nobody's
    move = InboundMove(
        thread_key=old,
        new_thread_key=payloads.thread_key(ticket.get("id")),
        message_key=old,
        new_message_key=old,
        place="",
    )
    return (move,)
