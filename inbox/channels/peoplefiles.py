"""Port: files of people that another community system exported. No Django in this module.

A reader knows one vendor's files and says what stands in them in our words. It is a pure function
over a file: no network, no database. What it says are claims of a list: they link accounts and
make people, and never merge anybody.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from inbox.channels import registry


class UnreadableFile(Exception):
    """The file cannot be read any further; the text says where and why, for whoever sent it."""


@dataclass(frozen=True, kw_only=True)
class FileAccount:
    """An account in some system. `key`: by which people of the same files refer to it.

    `kind` is the system (`github`, `slack`, `email` …), `uid` its number there, `realm` the host.
    """

    kind: str
    key: str = ""
    uid: str = ""
    handle: str = ""
    realm: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class FilePerson:
    """A person. `accounts` stand in the entry itself, `refers` names those that stand elsewhere."""

    key: str
    name: str = ""
    emails: tuple[str, ...] = ()
    accounts: tuple[FileAccount, ...] = ()
    refers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    level: str = ""
    note: str = ""
    url: str = ""
    seen_at: datetime | None = None
    known_at: datetime | None = None  # when the source last changed what it says
    is_teammate: bool = False  # by the source's word: nothing follows but a question


@dataclass(frozen=True, kw_only=True)
class FileActivity:
    """Something that a person did. `key` is natural: the same in every export."""

    key: str
    person: str  # the person's key
    at: datetime
    title: str
    kind: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class FileProblem:
    """An entry that is not taken in: because it is wrong, or (`is_bad` no) on purpose."""

    key: str
    words: str
    is_bad: bool = True


Item = FileAccount | FilePerson | FileActivity | FileProblem


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What one entry says, and the cursor (plain JSON) with which reading goes on behind it."""

    items: tuple[Item, ...]
    cursor: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PeopleSource:
    """A kind of files. `key` has at most 20 letters and is the realm of its people.

    `sniff` is shown the first 64 KB; `read` begins at an empty cursor or at that of any piece,
    and raises `UnreadableFile`.
    """

    key: str
    label: str
    sniff: Callable[[bytes], bool]
    read: Callable[[BinaryIO, Mapping[str, Any]], Iterator[Piece]]


_sources: dict[str, PeopleSource] = {}


def register(source: PeopleSource) -> None:
    """Make a kind of files known. A second one of the same name is a mistake."""
    if _sources.setdefault(source.key, source) is not source:
        raise ValueError(f"people files {source.key!r} are registered twice")


def find(head: bytes) -> PeopleSource | None:
    """Whose files begin like this."""
    return next((source for source in _sources.values() if source.sniff(head)), None)


def get(key: str) -> PeopleSource | None:
    """The kind of files of this name, unless its integration is not installed any more."""
    return _sources.get(key)


def label_of(key: str) -> str:
    """How a source is called: a kind of files, or a connection's kind."""
    found = _sources.get(key) or registry.all_kinds().get(key)
    return found.label if found else key.capitalize()


def labels() -> list[str]:
    """What all of them are called."""
    return sorted(source.label for source in _sources.values())
