"""What an integration and the hub say to each other. No Django and no Celery in this module.

An integration fills one `ChannelKind` with plain functions and registers it. Everything that
crosses the border is a frozen value of our own vocabulary; a vendor's words end here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from inbox.channels import ports
from inbox.channels.cards import (
    ActionAnswer,
    Button,
    Card,
    CardPart,
    Choice,
    Field,
    Form,
    InboundAction,
)
from inbox.channels.errors import (
    BadSignature,
    ChannelError,
    ConfigError,
    DeliveryError,
    MalformedBody,
    UnknownEvent,
    WrongType,
)
from inbox.channels.inbound import (
    Author,
    Ignored,
    InboundBatch,
    InboundDelete,
    InboundFile,
    InboundForget,
    InboundMessage,
    InboundMove,
    InboundReaction,
    InboundReview,
    InboundThread,
    InboundTrouble,
    MessageClass,
    ThreadRef,
)
from inbox.channels.jsontext import loads
from inbox.channels.ports import Broadcast, Directory, Importer, JobBoard, OAuth, RosterEntry, Scope
from inbox.channels.specs import IDENTITY_BEFORE, MIRROR_NOTES, Previous, SettingSpec
from inbox.channels.tracker import Tracker

__all__ = [
    "IDENTITY_BEFORE",
    "ActionAnswer",
    "Author",
    "BadSignature",
    "Button",
    "Capability",
    "Card",
    "CardPart",
    "ChannelConfig",
    "ChannelError",
    "ChannelKind",
    "Choice",
    "ConfigError",
    "DeliveryError",
    "Field",
    "Form",
    "Ignored",
    "InboundAction",
    "InboundBatch",
    "InboundDelete",
    "InboundFile",
    "InboundForget",
    "InboundMessage",
    "InboundMove",
    "InboundReaction",
    "InboundReview",
    "InboundThread",
    "InboundTrouble",
    "MalformedBody",
    "MessageClass",
    "OutboundEffect",
    "OutboundFile",
    "OutboundMessage",
    "Polled",
    "Previous",
    "RawRequest",
    "RosterEntry",
    "SendReceipt",
    "SettingSpec",
    "Store",
    "Take",
    "ThreadRef",
    "UnknownEvent",
    "WrongType",
]

# ------------------------------------------------------------------ in


@dataclass(frozen=True, kw_only=True)
class RawRequest:
    """A delivery as it came: header names lower case, body untouched."""

    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"
    url: str = ""

    def json(self) -> Any:
        """The body as JSON, without characters that no database keeps. Raises `MalformedBody`."""
        try:
            return loads(self.body)
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

    def identity_secrets(self, now: datetime) -> list[str]:
        """The secrets that count now, the newest first: while one is changed there are two."""
        found = [self.get("identity_secret")]
        if IDENTITY_BEFORE.counts(self.get(IDENTITY_BEFORE.until), now):
            found.append(self.get(IDENTITY_BEFORE.name))
        return [secret for secret in found if secret]


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
    thread_key: str  # "" opens a conversation in `place`
    text: str  # Markdown
    place: str = ""  # the source in the connection: a Slack channel, a repository
    labels: tuple[str, ...] = ()  # of a conversation that is opened
    html: str = ""  # rendered and sanitised
    subject: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_token: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    author_name: str = ""
    author_key: str = ""  # the writer's own identity at this vendor, where we know one
    foreign: bool = False  # somebody else's words: shown as they are, never as markup
    automatic: str = ""  # "" by a person · "auto-replied" · "auto-generated"
    quote_from: str = ""
    quote_text: str = ""
    quote_at: datetime | None = None
    created_at: datetime | None = None
    files: tuple[OutboundFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class OutboundEffect:
    """Something done at the vendor that is no message of a conversation.

    `react` `unreact`: `target` message, `emoji` · `edit` `delete`: `target` message, `text` ·
    `card`: `place`, `card`, and `target` when the card is changed · `home`: `person`, `card` ·
    `whisper`: `place`, `person`, `text` · `respond`: `url`, `card` · `label`: `thread_key`,
    `place`, `add`, `remove` · `close` `reopen`: `thread_key`, `place`, `reason` · `assign`:
    `thread_key`, `place`, `person` (their id at the vendor, "" for nobody) · `note`: `thread_key`,
    `place`, `text` (Markdown), `author_name`, `author_key`. A note is not repeatable: when it is
    done `again`, look for `marks.note_marker(idempotency_key)` before another is made.
    `mask` `erase`: somebody else's message, see `ports.Upkeep`.
    """

    kind: str
    idempotency_key: str
    data: Mapping[str, Any]
    repeatable: bool = True
    again: bool = False  # it was tried before and may be there: look before a card is posted twice


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
    LABEL = "label"  # conversations carry labels
    CLOSE = "close"  # conversations can be closed and opened there
    ASSIGN = "assign"  # conversations have an owner there, who follows ours
    NOTE = "note"  # internal notes can be kept there, where only the team reads them
    POLL = "poll"
    FORUM = "forum"  # many people talk in a thread; a stranger's word is not the asker's
    CARD = "card"  # cards with buttons can be posted and changed
    WHISPER = "whisper"  # one person can be written to so that nobody else sees it
    LIVE = "live"  # somebody waits on a page: no delays, and what is said is bridged to the team
    REPLY_TOKEN = "reply_token"  # noqa: S105 - a capability's name, not a password


@dataclass(frozen=True, kw_only=True)
class Polled:
    """One raw message that a poll found, and how to tell the vendor that it is stored."""

    body: bytes
    headers: Mapping[str, str]
    dedupe_key: str
    received_at: datetime | None = None


# `poll` gets a function that stores one message and returns after the commit; it is given the
# cursor that it returned last time and returns the new one.
Store = Callable[[Polled], None]
# `listen` gets a function that stores one message and says what is answered, if anything.
Take = Callable[[RawRequest], bytes]


def _nothing(_: ChannelConfig) -> Mapping[str, str]:
    return {}


def _no_action(_: RawRequest, __: ChannelConfig) -> InboundAction | None:
    return None


def _no_echo(_: ChannelConfig) -> str:
    return "not checked: this kind has nothing to ask"


def _no_handshake(_: RawRequest, __: ChannelConfig) -> bytes | None:
    return None


def _no_completion(_: RawRequest, __: ChannelConfig) -> Mapping[str, Any] | None:
    return None


def _refuse(_: "OutboundMessage", __: ChannelConfig) -> SendReceipt:
    raise DeliveryError("this kind sends no messages", permanent=True)


def _by_hash(body: bytes) -> str:
    return "sha256:" + sha256(body).hexdigest()


def _whole(body: bytes) -> bytes:
    return body


def _by_name(_: str, name: str, handle: str) -> str:
    return name or handle


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
    send: Callable[[OutboundMessage, ChannelConfig], SendReceipt] = _refuse
    find_sent: Callable[[OutboundMessage, ChannelConfig], SendReceipt | None] | None = None
    handshake: Callable[[RawRequest, ChannelConfig], bytes | None] = _no_handshake
    complete: Callable[[RawRequest, ChannelConfig], Mapping[str, Any] | None] = _no_completion
    poll: Callable[[ChannelConfig, Mapping[str, Any], Store], Mapping[str, Any]] | None = None
    # what of a delivery's body is stored, once it is verified: less where it has what we must not
    # keep; `parse` reads what is left
    kept: Callable[[bytes], bytes] = _whole
    piped_key: Callable[[bytes], str] = _by_hash  # dedupe key of a message from the mail pipe
    can_poll: Callable[[ChannelConfig], bool] = lambda _: True  # set up for fetching
    check: Callable[[ChannelConfig], str] = _no_echo  # a live check, in words; never raises
    validate: Callable[[ChannelConfig], None] = lambda _: None  # raises ConfigError
    # the first message of a thread whose answer came first; raises ChannelError to be asked again
    parent: Callable[[InboundMessage, ChannelConfig], InboundMessage | None] | None = None
    # what is no message: reactions, edits, cards; raises DeliveryError
    effect: Callable[[OutboundEffect, ChannelConfig], SendReceipt] | None = None
    # rows of one lane leave one after the other, so far apart
    lane: Callable[[str], str] = lambda _: ""
    lane_seconds: float = 0.0
    # fetches a file's bytes with the channel's credentials; raises DeliveryError
    fetch: Callable[[str, ChannelConfig], bytes] | None = None
    # places of the team in a connection, by purpose: support, triage, bridge
    places: Callable[[ChannelConfig], Mapping[str, str]] = _nothing
    # takes messages over a connection of ours until it is told to stop
    listen: Callable[[ChannelConfig, Take, Callable[[], bool]], None] | None = None
    can_listen: Callable[[ChannelConfig], bool] = lambda _: False
    # what to paste at the vendor's, for the setup page; the name of the setting that lists places
    manifest: Callable[[ChannelConfig], str] | None = None
    places_setting: str = ""
    # every place that can be watched, by key and name; raises DeliveryError
    list_places: Callable[[ChannelConfig], Sequence[tuple[str, str]]] | None = None
    # what is learned about a connection when it is made: settings of its own
    discover: Callable[[ChannelConfig], Mapping[str, str]] = _nothing
    # somebody asks from outside by a command, a button, a form; None when it is none of these
    action: Callable[[RawRequest, ChannelConfig], InboundAction | None] = _no_action
    # the answer to an action as (content type, body)
    answer: Callable[[InboundAction, ActionAnswer], tuple[str, bytes]] | None = None
    # opens a form while the one who asked waits; raises DeliveryError
    open_form: Callable[[InboundAction, Form, ChannelConfig], None] | None = None
    # port: who is on call between two moments; raises DeliveryError
    roster: Callable[[ChannelConfig, datetime, datetime], Sequence[RosterEntry]] | None = None
    # other ports, see `ports`
    importer: Importer | None = None
    directory: Directory | None = None
    job_board: JobBoard | None = None
    people: ports.PeoplePages | None = None
    broadcast: Broadcast | None = None
    oauth: OAuth | None = None
    upkeep: ports.Upkeep | None = None
    scopes: Sequence[Scope] = ()  # what the vendor is asked for, whichever way it is connected
    revoke: Callable[[ChannelConfig], None] | None = None  # ends the credentials at the vendor's
    # whether ending the first credentials leaves the second, which have replaced them, alone
    ends_alone: Callable[[ChannelConfig, ChannelConfig], bool] = lambda _, __: False
    # the port of kinds that track issues and releases
    tracker: Tracker | None = None
    # how a message calls the person it is for: (external id, name, handle) to text
    mention: Callable[[str, str, str], str] = _by_name
    new_external_id: Callable[[ChannelConfig, str], str] = _no_id
    inspect: Callable[[str, bytes, Mapping[str, str]], Mapping[str, Any]] | None = None
    inspect_name: str = ""  # what `manage.py inspect` calls it, where that is not the kind
    body_limit_bytes: int = 1_000_000
    has_signed_webhook: Callable[[ChannelConfig], bool] = lambda _: True

    @property
    def one_to_one(self) -> bool:
        """A desk of its own: each conversation is with one customer, and has an end there."""
        return Capability.CLOSE in self.capabilities and Capability.FORUM not in self.capabilities

    @property
    def names_threads(self) -> bool:
        """Whether every message says itself to which conversation it belongs."""
        return self.one_to_one or bool({Capability.FORUM, Capability.LIVE} & self.capabilities)

    @property
    def keeps_time(self) -> bool:
        """Whether the vendor's time of a message can be believed; of mail it is anybody's."""
        return self.one_to_one or Capability.FORUM in self.capabilities

    @property
    def all_settings(self) -> tuple[SettingSpec, ...]:
        """What `connect` accepts: the kind's own settings, and the hub's for what it can do."""
        own = tuple(self.settings)
        if Capability.NOTE not in self.capabilities or MIRROR_NOTES.name in {s.name for s in own}:
            return own
        return (*own, MIRROR_NOTES)
