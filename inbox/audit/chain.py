"""The chain of the audit log, as pure functions: what a row's seal is made of."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol


class Row(Protocol):
    """What a seal covers, with the seal itself."""

    number: int
    at: datetime
    user_pk: int | None
    actor: str
    what: str
    target: str
    old: Any
    new: Any
    address: str
    previous: str
    seal: str


@dataclass(frozen=True)
class Broken:
    """The first row that is not what it was, and what is wrong with it."""

    number: int
    why: str


def seal_of(row: Row) -> str:
    """SHA-256 over the row and the seal of the one before it; hex."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [row.number, at, row.user_pk, row.actor, row.what, row.target, row.old, row.new]
    text = json.dumps([*parts, row.address, row.previous], sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def first_broken(rows: Iterable[Row]) -> Broken | None:
    """Walk the whole log in the order of its numbers; None when nothing is missing or changed."""
    number, seal = 0, ""
    for row in rows:
        if row.number != number + 1:
            return Broken(number + 1, f"is missing: the next one is {row.number}")
        if row.previous != seal:
            return Broken(row.number, "does not follow from the one before it")
        if row.seal != seal_of(row):
            return Broken(row.number, "was changed after it was written")
        number, seal = row.number, row.seal
    return None
