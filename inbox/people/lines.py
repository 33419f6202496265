"""What one line of a table, or one person of a file, says about somebody. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

MOST_TAGS, MOST_ACCOUNTS, LONGEST_TRAIT = 50, 30, 60
# a tag that recognises somebody (S35)
CHAMPION_TAGS = frozenset({"champion", "champions", "community champion"})
# https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address, with a dot in the domain
ADDRESS = re.compile(
    r"^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    r"(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$"
)


class Account(NamedTuple):
    """An account that is claimed: its number, or at least what it is called."""

    kind: str
    uid: str = ""
    handle: str = ""
    realm: str = ""


@dataclass(kw_only=True)
class Line:
    """What one line of a list says about one person."""

    number: int
    key: str = ""  # the person's own at the source; "" in a table
    name: str = ""
    emails: list[str] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    timezone: str = ""
    champion: str = ""
    champion_since: date | None = None
    evidence_url: str = ""
    note: str = ""
    tags: list[str] = field(default_factory=list)
    level: str = ""
    seen: date | None = None
    is_teammate: bool = False
    problems: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)  # as they stand, to give bad lines back

    @property
    def label(self) -> str:
        """How the line is called where somebody looks at it."""
        handle = next((account.handle for account in self.accounts if account.handle), "")
        return self.name or next(iter(self.emails), "") or handle or self.key


def short(text: str) -> str:
    """A piece of a cell in quotes, to be found again."""
    return f"“{text[:40]}{'…' if len(text) > 40 else ''}”"


def honour(line: Line, label: str) -> None:
    """A champion's tag makes the honour, where no reason was given: reason, day, link."""
    if not line.champion and any(tag.casefold() in CHAMPION_TAGS for tag in line.tags):
        line.champion = f"Tagged “champion” in {label}"[:250]


def of_person(data: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> Line:
    """The line of a person that was read from a file; `known`: accounts by their key."""
    line = Line(number=int(data["n"]), key=data["key"], name=" ".join(data["name"].split())[:250])
    elsewhere = [known[key] for key in data["refers"] if key in known]
    own = list(data["accounts"])
    _take_addresses(line, [*data["emails"], *_addresses(elsewhere)])
    _take_accounts(line, [*elsewhere, *own])
    changed = _moment(data["known_at"])
    line.champion_since = changed.date() if changed else None
    line.evidence_url = data["url"]
    seen = _moment(data["seen_at"])
    line.seen = seen.date() if seen else None
    line.tags = [tag[:LONGEST_TRAIT] for tag in data["tags"]][:MOST_TAGS]
    line.level, line.note = data["level"][:LONGEST_TRAIT], data["note"][:5_000]
    line.is_teammate = bool(data["is_teammate"])
    return line


def _addresses(accounts: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for account in accounts:
        yield account["email"]
        if account["kind"] == "email":
            yield account["uid"] or account["handle"]


def _take_addresses(line: Line, found: Iterable[str]) -> None:
    for text in filter(None, found):
        address = text.strip().lower()
        if len(address) > 250 or not ADDRESS.match(address):
            line.problems.append(f"{short(text)} is no mail address")
        elif address not in line.emails:
            line.emails.append(address)


def _take_accounts(line: Line, found: Iterable[Mapping[str, Any]]) -> None:
    """Each account once; a bare handle says nothing more than the account that has it."""
    for one in found:
        account = Account(one["kind"][:20], one["uid"], one["handle"], one["realm"])
        if one["kind"] == "email" or not (account.uid or account.handle):
            continue
        named = {(a.kind, a.handle.lower()) for a in line.accounts}
        if not account.uid and (account.kind, account.handle.lower()) in named:
            continue
        if account not in line.accounts and len(line.accounts) < MOST_ACCOUNTS:
            line.accounts.append(account)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
