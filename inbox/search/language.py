"""The one language of queue, search and API: words, "phrases", -not, OR, and `key:value`. Pure.

Nothing that somebody types is an error: what is not understood is searched for as words, and a
note says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

LONGEST = 2000
MOST_GROUPS = 32
IS = {
    "open": "open, in progress or on hold",
    "closed": "closed",
    "solved": "closed with an answer",
    "mine": "yours",
    "unassigned": "with nobody",
    "unanswered": "without a first answer",
    "waiting": "waiting on them",
    "research": "being looked into",
    "over": "past its SLA",
    "hold": "on hold",
    "snoozed": "snoozed",
    "urgent": "of high or urgent priority",
    "restricted": "seen by one team only",
    "spam": "spam",
    "trash": "in the trash",
    "merged": "merged into another",
}
SLA = {
    "over": "breached",
    "hour": "due within the hour",
    "today": "due today",
    "later": "due later",
    "none": "without an SLA",
}
HAS = {"file": "with a file", "link": "with a link to an issue", "error": "with an error line"}
CLOSED_LISTS = {"is": IS, "sla": SLA, "has": HAS}
OPEN_LISTS = ("from", "category", "channel", "tag", "assignee", "team")
DATES = ("before", "after")
ALSO = {"owner": "assignee"}  # other words for a filter
KEYS = (*CLOSED_LISTS, *OPEN_LISTS, *DATES)
LABELS = {
    "is": "State", "from": "From", "category": "Category", "channel": "Channel", "tag": "Tag",
    "sla": "SLA", "assignee": "Assignee", "team": "Team", "before": "Before", "after": "After",
    "has": "With", "number": "Number",
}  # fmt: skip
ITEM = re.compile(
    r"""(?P<minus>-?)(?:
        \#(?P<number>\d{1,15})(?![^\s,])
      | (?P<key>[a-z]{2,20}):(?P<value>"[^"]*"?|(?!//|:)[^\s"]+)
      | "(?P<phrase>[^"]*)"?
      | (?P<word>[^\s"]+)
    )""",
    re.VERBOSE,
)
DAYS_AGO = re.compile(r"(\d{1,4})d")


@dataclass(frozen=True)
class Token:
    """One filter, and where it stands in what was typed."""

    key: str
    values: tuple[str, ...]
    negated: bool = False
    start: int = 0
    end: int = 0

    @property
    def label(self) -> str:
        """How the filter is called on a page."""
        return f"Not {LABELS[self.key].lower()}" if self.negated else LABELS[self.key]

    @property
    def words(self) -> str:
        """Its values for people."""
        return ", ".join(self.values)


@dataclass(frozen=True)
class Group:
    """Words or phrases of which one must be there; none when negated."""

    words: tuple[str, ...]
    negated: bool = False
    phrase: bool = False


@dataclass(frozen=True)
class Query:
    """What was asked for. `impossible` holds filters whose value cannot be."""

    text: str = ""
    tokens: tuple[Token, ...] = ()
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()
    impossible: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for."""
        return not self.tokens and not self.groups

    @property
    def number(self) -> int | None:
        """The ticket number, where nothing but one was typed."""
        bare = self.text.strip().removeprefix("#")
        plain = bare.isascii() and bare.isdigit() and len(bare) <= 15
        return int(bare) if plain else None

    @property
    def plain(self) -> str:
        """The words without the filters."""
        text = self.text
        for token in reversed(self.tokens):
            text = text[: token.start] + text[token.end :]
        return " ".join(text.split())

    def without(self, token: Token) -> str:
        """What was typed, less one filter."""
        return " ".join((self.text[: token.start] + self.text[token.end :]).split())

    def removals(self) -> list[tuple[str, str, str]]:
        """(label, values, what is left without it) of every filter: the chips of a filter field."""
        return [(token.label, token.words, self.without(token)) for token in self.tokens]


@dataclass
class _Reading:
    names: Mapping[str, str]
    tokens: list[Token] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    joined: bool = False  # an OR stands before the next word
    impossible: bool = False


def parse(text: str, names: Mapping[str, str] | None = None) -> Query:
    """Read what somebody typed. Never raises.

    `names`: what states are called here, in lower case, and the words of `is:` that they stand for.
    """
    text = text.replace("\x00", " ")[:LONGEST]
    found = _Reading(names=names or {})
    for match in ITEM.finditer(text):
        _take(found, match)
    if len(found.groups) > MOST_GROUPS:
        found.notes.append(f"Only the first {MOST_GROUPS} words are searched for.")
    return Query(
        text=text,
        tokens=tuple(found.tokens),
        groups=tuple(found.groups[:MOST_GROUPS]),
        notes=tuple(dict.fromkeys(found.notes)),
        impossible=found.impossible,
    )


def _take(found: _Reading, match: re.Match[str]) -> None:
    minus = bool(match["minus"])
    if match["word"] == "OR" and not minus:
        found.joined = bool(found.groups) and not found.groups[-1].negated
        return
    if match["number"] and not found.joined:
        place = match.span()
        found.tokens.append(Token("number", (match["number"],), minus, *place))
    elif ALSO.get(match["key"], match["key"]) in KEYS:
        _filter(found, match, minus=minus)
    else:
        if match["key"] and not minus:
            found.notes.append(f"“{match['key']}:” is no filter; it was searched for as words.")
        phrase = match["phrase"] is not None
        words = match["phrase"] if phrase else match[0].removeprefix("-")
        _words(found, words, minus=minus, phrase=phrase)
    found.joined = False


def _words(found: _Reading, words: str, *, minus: bool, phrase: bool) -> None:
    if not any(letter.isalnum() for letter in words):
        return
    if found.joined and not minus:
        before = found.groups.pop()
        found.groups.append(Group((*before.words, words), phrase=before.phrase or phrase))
    else:
        found.groups.append(Group((words,), minus, phrase))


def _filter(found: _Reading, match: re.Match[str], *, minus: bool) -> None:
    key, value = ALSO.get(match["key"], match["key"]), match["value"]
    quoted = value.startswith('"')
    values = [value.strip('"')] if quoted else value.split(",")
    values = list(dict.fromkeys(part.strip()[:200] for part in values if part.strip()))[:20]
    if key == "is":
        values = [part if part in IS else found.names.get(part.lower(), part) for part in values]
    if not values:
        found.notes.append(f"“{key}:” has no value; it was left out.")
        return
    known = [part for part in values if _can_be(key, part)]
    for part in values:
        if part not in known:
            found.notes.append(_unknown(key, part))
    if not known and not minus:
        found.impossible = True
    found.tokens.append(Token(key, tuple(known or values), minus, *match.span()))


def _can_be(key: str, value: str) -> bool:
    if key in CLOSED_LISTS:
        return value.lower() in CLOSED_LISTS[key]
    return key not in DATES or day_of(value, date(2000, 1, 1)) is not None


def _unknown(key: str, value: str) -> str:
    if key in DATES:
        return f"“{value}” is no date; write 2026-11-21, 2026-11, yesterday or 7d."
    return f"“{key}:{value}” is not known; there is {', '.join(CLOSED_LISTS[key])}."


def day_of(value: str, today: date) -> date | None:
    """The day that a date filter means: ISO day, month or year, today, yesterday, `7d` ago."""
    if value in ("today", "yesterday"):
        return today - timedelta(days=value == "yesterday")
    if ago := DAYS_AGO.fullmatch(value):
        return today - timedelta(days=int(ago[1]))
    whole = value + {4: "-01-01", 7: "-01"}.get(len(value), "")
    try:
        return date.fromisoformat(whole) if re.fullmatch(r"[\d-]{10}", whole) else None
    except ValueError:
        return None


def quoted(key: str, value: str) -> str:
    """`key:value` as somebody would type it."""
    plain = re.fullmatch(r"[\w@.][\w@./+-]*", value)
    return f"{key}:{value}" if plain else f'{key}:"{value.replace(chr(34), "")}"'
