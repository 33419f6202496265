"""What comes in, as values of our own vocabulary: a vendor's words end here.

No Django and no Celery in this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from inbox.channels.tracker import TrackedItem, TrackedRelease


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who wrote something, as the vendor names them."""

    external_id: str
    name: str = ""
    handle: str = ""
    verified: bool = False
    timezone: str = ""
    utc_offset_minutes: int | None = None
    # full · guest · stranger · bot: what the vendor says of a member of the connected place
    member_kind: str = ""
    is_bot: bool = False
    email: str = ""  # a claim; it names an account only for full members of our own place
    realm: str = ""  # where the id belongs to, when it is not the channel's own place


class MessageClass(StrEnum):
    """Who writes. Only `NORMAL` may start clocks and get automatic answers."""

    NORMAL = "normal"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    FEEDBACK = "feedback"
    LIST = "list"


@dataclass(frozen=True, kw_only=True)
class InboundFile:
    """A file that came with a message: its bytes at hand, or an address to fetch them from."""

    filename: str
    content: bytes
    content_type: str
    url: str = ""
    size: int = 0
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
    # places inside a connection: a Slack channel, a repository
    source_key: str = ""
    source_label: str = ""
    # first messages of one author in one place that belong together when they are this close
    group_seconds: int = 0
    # an edit carries the whole message; of two versions the greater one counts
    edited_at: datetime | None = None
    version: str = ""
    # the first message of a thread, sent along with a later one: filed only when it is missing
    only_opens: bool = False
    # a message that belongs to a conversation which nobody of ours may open by itself
    joins_only: bool = False
    # a note that the team wrote at the vendor's, where the asker does not see it
    is_internal: bool = False


@dataclass(frozen=True, kw_only=True)
class InboundDelete:
    """A message was deleted by its author; the deletion may come before the message."""

    message_key: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class InboundForget:
    """The vendor erased a conversation for somebody's privacy, and so do we."""

    thread_key: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class InboundReaction:
    """Somebody put an emoji on a message, or took it off; of two states the later counts."""

    message_key: str
    author: Author
    emoji: str  # a name without colons and skin tone
    added: bool
    at: datetime
    thread_key: str = ""  # the conversation, where the vendor was asked for it


@dataclass(frozen=True, kw_only=True)
class InboundThread:
    """How a conversation stands at the vendor: open or closed, its title and labels."""

    thread_key: str
    author: Author
    at: datetime
    closed: bool
    closed_at: datetime | None = None  # when it was last closed, where the vendor says so
    resolution: str = "solved"
    subject: str = ""
    labels: tuple[str, ...] = ()
    asks_again: bool = False  # it is ours to look at again: a push, or ready for review
    # who has it there, where the vendor says so; None with `assigned` means nobody
    assigned: bool = False
    assignee: Author | None = None


@dataclass(frozen=True, kw_only=True)
class InboundReview:
    """Somebody reviewed a proposed change; whether it was one of us, the hub knows."""

    thread_key: str
    author: Author
    at: datetime


@dataclass(frozen=True, kw_only=True)
class InboundMove:
    """A conversation was transferred: it has other keys and another place now."""

    thread_key: str
    new_thread_key: str
    message_key: str  # of its first message
    new_message_key: str
    place: str
    permalink: str = ""


@dataclass(frozen=True, kw_only=True)
class InboundTrouble:
    """The vendor says that the connection or a place in it does not work any more."""

    text: str  # what is wrong and what to do about it, for admins
    pauses: bool = False  # whether nothing can be sent until somebody has repaired it


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """Known and ignored, with the reason."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class InboundBatch:
    """What one delivery holds. Empty with a reason means known and ignored."""

    messages: tuple[InboundMessage, ...] = ()
    deletes: tuple[InboundDelete, ...] = ()
    forgets: tuple[InboundForget, ...] = ()
    reactions: tuple[InboundReaction, ...] = ()
    threads: tuple[InboundThread, ...] = ()
    moves: tuple[InboundMove, ...] = ()
    items: tuple[TrackedItem, ...] = ()
    reviews: tuple[InboundReview, ...] = ()
    releases: tuple[TrackedRelease, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()  # places that have another name now: (old, new)
    trouble: InboundTrouble | None = None
    ignored: str = ""
    refresh: bool = False  # what the vendor lists for us has changed: it is asked for at once
    historic: bool = False
