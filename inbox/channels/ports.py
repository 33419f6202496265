"""Ports beside conversations: what an integration may offer besides receiving and sending.

No Django and no Celery in this module. Every function is given the connection's settings, speaks
to the vendor outside of any transaction, and raises `DeliveryError` whatever went wrong.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inbox.channels.contract import ChannelConfig
    from inbox.channels.inbound import Author, InboundBatch
    from inbox.channels.peoplefiles import Piece


# ------------------------------------------------------------------ importing what was


@dataclass(frozen=True, kw_only=True)
class ImportedTicket:
    """A conversation of another desk with its end: everything in it has its own time.

    `batch` is historic. `status` is one of ours, `assignee_email` names an account of ours where
    there is one; an unknown one is kept as a note in the events.
    """

    external_id: str
    thread_key: str
    batch: "InboundBatch"
    created_at: datetime
    updated_at: datetime
    asker: "Author | None" = None  # who asked, where that need not be who wrote first
    status: str = "open"  # open · in_progress · on_hold · closed · trashed · spam
    resolution: str = ""
    hold_reason: str = ""
    closed_at: datetime | None = None
    assignee_email: str = ""
    priority: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImportPage:
    """One page of an export; `cursor` says where the next one begins, and is plain JSON."""

    tickets: tuple[ImportedTicket, ...]
    cursor: Mapping[str, Any]
    is_last: bool
    total: int | None = None  # how many there are, where the vendor says so
    problems: tuple[str, ...] = ()  # what could not be read, in words, with the vendor's id


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Reads a vendor's whole history page by page. The first cursor is empty."""

    page: Callable[["ChannelConfig", Mapping[str, Any]], ImportPage]
    cut_over: tuple[str, ...] = ()  # what to switch at the vendor afterwards, step by step


# ------------------------------------------------------------------ a message, read once more


@dataclass(frozen=True, kw_only=True)
class Spot:
    """Where a message stands at its vendor: its own id, its conversation, its source."""

    target: str
    thread_key: str
    place: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What a message says at its vendor now, in the vendor's own markup."""

    text: str
    subject: str = ""

    @property
    def whole(self) -> str:
        """All of it, to compare."""
        return f"{self.subject}\n{self.text}"


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """Reads a message where it stands, and makes somebody else's words harmless there.

    `read` returns None for a message that is gone. A kind that masks has the effect `mask`
    (`target`, `thread_key`, `place`, `subject`, `text`, and `was`: the signature of what it is to
    replace); one that erases has the effect `erase`.
    """

    read: Callable[["ChannelConfig", Spot], Standing | None]
    masks: Callable[["ChannelConfig", Spot], bool]
    erases: Callable[["ChannelConfig", Spot], bool]
    traces: str = ""  # what can still be seen of masked words, for whoever decides
    remedy: str = ""  # what makes possible what is not


# ------------------------------------------------------------------ who is on call


@dataclass(frozen=True, kw_only=True)
class RosterEntry:
    """One shift of a vendor's roster; no end means that it goes on."""

    external_id: str
    name: str
    email: str
    starts_at: datetime
    ends_at: datetime | None = None


# ------------------------------------------------------------------ people at a vendor


@dataclass(frozen=True, kw_only=True)
class DirectoryPerson:
    """A person as a directory knows them. What it says is a claim: linked, never merged."""

    external_id: str
    name: str = ""
    email: str = ""
    company: str = ""
    timezone: str = ""
    url: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Looks people up, and keeps notes about them there."""

    find: Callable[["ChannelConfig", str], DirectoryPerson | None]  # by e-mail address
    # person's external id, text (Markdown), moment, our key: the vendor's id of the note
    note: Callable[["ChannelConfig", str, str, datetime, str], str] | None = None
    # the vendor's id of a note of ours; one that is gone already is no mistake
    unnote: Callable[["ChannelConfig", str], None] | None = None


@dataclass(frozen=True, kw_only=True)
class PeoplePages:
    """Reads a community's people and what they did, page by page, in the words of `peoplefiles`.

    The first cursor is empty; a page with an empty cursor of its own is the last. People and
    activities have keys that are unique in the kind, whichever connection reads them.
    """

    page: Callable[["ChannelConfig", Mapping[str, Any]], "Piece"]


# ------------------------------------------------------------------ open roles


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role somebody may apply for."""

    external_id: str
    title: str
    url: str
    location: str = ""
    department: str = ""
    updated_at: datetime | None = None
    is_generic: bool = False  # takes everybody's application, whatever the role


@dataclass(frozen=True, kw_only=True)
class JobBoard:
    """Which roles are open. All of them in one answer."""

    roles: Callable[["ChannelConfig"], Sequence[Role]]


# ------------------------------------------------------------------ streams


class Privacy(StrEnum):
    """Who may see a broadcast."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A broadcast as it stands at the vendor."""

    external_id: str
    title: str
    privacy: Privacy
    is_live: bool
    url: str
    started_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Broadcast:
    """Finds streams and changes who may see them; changing is repeatable, and is read back.

    Its `DeliveryError` is `uncertain` when the change may have happened.
    """

    live: Callable[["ChannelConfig"], Sequence[Stream]]
    find: Callable[["ChannelConfig", str], Stream | None]  # by id or by any of its addresses
    set_privacy: Callable[["ChannelConfig", str, Privacy], Stream]


# ------------------------------------------------------------------ connecting by consent


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A permission that is asked for, and what we do with it."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One visit to a consent page: the address it comes back to, our state, and a secret behind it.

    A vendor that documents PKCE (RFC 7636) is shown the `challenge` on its page and the `verifier`
    at the exchange, so that a code which somebody else catches is worth nothing to them.
    """

    back: str
    state: str
    verifier: str

    @property
    def challenge(self) -> str:
        """The verifier as the consent page is shown it, by the method S256."""
        made = sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


@dataclass(frozen=True, kw_only=True)
class OAuth:
    """Connecting by the vendor's own consent page (RFC 6749, section 4.1).

    `authorize` gives the address to send somebody to; `exchange` the settings and secrets to keep
    for the code that they come back with. What was given ends by the kind's `revoke`.
    """

    authorize: Callable[["ChannelConfig", Consent], str]
    exchange: Callable[["ChannelConfig", Consent, str], Mapping[str, str]]
    needs: tuple[str, ...] = ("client_id", "client_secret")  # settings to be filled in before
