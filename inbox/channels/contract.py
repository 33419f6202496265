"""What an integration and the hub say to each other. No Django and no Celery in this module.

An integration fills one `ChannelKind` with plain functions and registers it. Everything that
crosses the border is a frozen value of our own vocabulary; a vendor's words end here.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

# ------------------------------------------------------------------ errors


class ChannelError(Exception):
    """Base of all errors at the border."""


class BadSignature(ChannelError):
    """The request is not from the vendor, or too old to tell. Answered with 401."""


class WrongType(ChannelError):
    """A content type that this vendor never sends. Answered with 415."""


class MalformedBody(ChannelError):
    """The body cannot be read. The delivery is kept and marked failed."""


class UnknownEvent(ChannelError):
    """An event that the integration has never heard of: recorded, answered with 200, visible."""


class ConfigError(ChannelError):
    """Settings of a channel that cannot work; the text is for the admin."""


class DeliveryError(ChannelError):
    """Sending did not succeed.

    `permanent`: the vendor refused for good. `uncertain`: it may have happened. Otherwise it did
    not happen and may be tried again, after `retry_after_seconds` if the vendor named a time.
    `text` is shown to agents: no secrets, no exception names.
    """

    def __init__(
        self,
        text: str,
        *,
        permanent: bool = False,
        uncertain: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.permanent = permanent
        self.uncertain = uncertain
        self.retry_after_seconds = retry_after_seconds


# ------------------------------------------------------------------ in


@dataclass(frozen=True, kw_only=True)
class RawRequest:
    """A delivery as it came: header names lower case, body untouched."""

    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    url: str = ""

    def json(self) -> Any:
        """The body as JSON. Raises `MalformedBody`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise MalformedBody("the body is not JSON") from error


@dataclass(frozen=True, kw_only=True)
class ChannelConfig:
    """A connection's settings, without the database."""

    kind: str
    key: str
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    webhook_url: str = ""
    installation: str = ""  # our own name towards the outside, used in loop marks

    def get(self, name: str, default: str = "") -> str:
        """A setting or a secret by its documented name."""
        return self.secrets.get(name) or self.settings.get(name) or default


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who wrote something, as the vendor names them."""

    external_id: str
    name: str = ""
    handle: str = ""
    verified: bool = False
    timezone: str = ""
    utc_offset_minutes: int | None = None
    member_kind: str = ""
    is_bot: bool = False


class MessageClass(StrEnum):
    """Who writes. Only `NORMAL` may start clocks and get automatic answers."""

    NORMAL = "normal"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    FEEDBACK = "feedback"
    LIST = "list"


@dataclass(frozen=True, kw_only=True)
class InboundFile:
    """A file that came with a message, its bytes at hand."""

    filename: str
    content: bytes
    content_type: str
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, kw_only=True)
class ThreadRef:
    """An id that the message says it answers; `via` names the matcher for the record (L1)."""

    external_id: str
    via: str


@dataclass(frozen=True, kw_only=True)
class InboundMessage:
    """One message, ready to be filed.

    `thread_key` is the conversation it opens when nothing else matches. `refs` are tried first,
    in their order, then `tokens` (signed by us). `text` is the whole text, `new_text` what the
    writer added. `facts` carries what only this kind knows and rules may look at.
    """

    thread_key: str
    message_key: str
    author: Author
    sent_at: datetime
    subject: str = ""
    text: str = ""
    new_text: str = ""
    html: str = ""
    sender_key: str = ""
    refs: tuple[ThreadRef, ...] = ()
    tokens: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    files: tuple[InboundFile, ...] = ()
    message_class: MessageClass = MessageClass.NORMAL
    class_reason: str = ""
    is_own: bool = False  # an echo of what we sent ourselves
    sender_trust: str = ""  # "verified" · "unverified" · "forged": what the channel knows of From
    original: "InboundMessage | None" = None  # forwarded by staff: the customer's own message
    forward_note: str = ""  # what the forwarding person wrote above it
    failed_external_id: str = ""  # a bounce names the message of ours that did not arrive
    failed_recipients: tuple[str, ...] = ()
    failed_permanently: bool = False
    permalink: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """Known and ignored, with the reason."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class InboundBatch:
    """What one delivery holds. Empty with a reason means known and ignored."""

    messages: tuple[InboundMessage, ...] = ()
    ignored: str = ""
    historic: bool = False


# ------------------------------------------------------------------ out


@dataclass(frozen=True, kw_only=True)
class OutboundFile:
    """A file that leaves with a message."""

    filename: str
    content: bytes
    content_type: str


@dataclass(frozen=True, kw_only=True)
class OutboundMessage:
    """One message on its way out: a snapshot, immutable once queued."""

    idempotency_key: str  # also the marker by which `find_sent` recognises it
    external_id: str  # what the vendor shall call it, where we may choose (Message-ID)
    thread_key: str
    text: str  # Markdown
    html: str = ""  # rendered and sanitised
    subject: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_token: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    author_name: str = ""
    automatic: str = ""  # "" by a person · "auto-replied" · "auto-generated"
    quote_from: str = ""
    quote_text: str = ""
    quote_at: datetime | None = None
    created_at: datetime | None = None
    files: tuple[OutboundFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SendReceipt:
    """The vendor's answer to a successful send."""

    external_id: str
    data: Mapping[str, Any] = field(default_factory=dict)


# ------------------------------------------------------------------ the kind


class Capability(StrEnum):
    """What a kind can do; the hub asks for the capability, never for the kind."""

    REPLY = "reply"
    RECIPIENTS = "recipients"  # messages have To and Cc
    FORWARD = "forward"  # a message can be passed on to an address
    OPEN = "open"  # we can start a conversation
    ATTACHMENTS = "attachments"
    EDIT = "edit"
    DELETE = "delete"
    REACT = "react"
    LABEL = "label"
    POLL = "poll"
    REPLY_TOKEN = "reply_token"  # noqa: S105 - a capability's name, not a password


@dataclass(frozen=True, kw_only=True)
class Polled:
    """One raw message that a poll found, and how to tell the vendor that it is stored."""

    body: bytes
    headers: Mapping[str, str]
    dedupe_key: str
    received_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SettingSpec:
    """One name that `connect` accepts."""

    name: str
    secret: bool = False
    required: bool = False
    default: str = ""
    help: str = ""


# `poll` gets a function that stores one message and returns after the commit; it is given the
# cursor that it returned last time and returns the new one.
Store = Callable[[Polled], None]


def _no_echo(_: ChannelConfig) -> str:
    return "not checked: this kind has nothing to ask"


def _no_handshake(_: RawRequest, __: ChannelConfig) -> bytes | None:
    return None


def _no_completion(_: RawRequest, __: ChannelConfig) -> Mapping[str, Any] | None:
    return None


def _by_hash(body: bytes) -> str:
    return "sha256:" + sha256(body).hexdigest()


def _no_id(_: ChannelConfig, __: str) -> str:
    return ""


@dataclass(frozen=True, kw_only=True)
class ChannelKind:
    """One kind of channel: its words, and the functions that do its work.

    `verify` raises `BadSignature` or `WrongType`. `parse` is pure, raises `UnknownEvent` or
    `MalformedBody`, and reads `completed` when `complete` has fetched something. `send` and
    `find_sent` raise `DeliveryError`; `find_sent` returns None when the message is surely not
    there, and is None itself when the vendor cannot be asked.
    """

    kind: str
    label: str
    settings: Sequence[SettingSpec]
    capabilities: frozenset[Capability]
    realm: Callable[[ChannelConfig], str]
    address: Callable[[ChannelConfig], str]  # what `source` shows: a mailbox address, a team name
    verify: Callable[[RawRequest, ChannelConfig], None]
    dedupe_key: Callable[[RawRequest, ChannelConfig], str]
    parse: Callable[[RawRequest, ChannelConfig, Mapping[str, Any] | None], InboundBatch]
    send: Callable[[OutboundMessage, ChannelConfig], SendReceipt]
    find_sent: Callable[[OutboundMessage, ChannelConfig], SendReceipt | None] | None = None
    handshake: Callable[[RawRequest, ChannelConfig], bytes | None] = _no_handshake
    complete: Callable[[RawRequest, ChannelConfig], Mapping[str, Any] | None] = _no_completion
    poll: Callable[[ChannelConfig, Mapping[str, Any], Store], Mapping[str, Any]] | None = None
    piped_key: Callable[[bytes], str] = _by_hash  # dedupe key of a message from the mail pipe
    can_poll: Callable[[ChannelConfig], bool] = lambda _: True  # set up for fetching
    check: Callable[[ChannelConfig], str] = _no_echo  # a live check, in words; never raises
    validate: Callable[[ChannelConfig], None] = lambda _: None  # raises ConfigError
    new_external_id: Callable[[ChannelConfig, str], str] = _no_id
    inspect: Callable[[str, bytes, Mapping[str, str]], Mapping[str, Any]] | None = None
    inspect_name: str = ""  # what `manage.py inspect` calls it, where that is not the kind
    body_limit_bytes: int = 1_000_000
    has_signed_webhook: Callable[[ChannelConfig], bool] = lambda _: True
