"""The form of the retention: rows as they were typed, moved, taken away, and read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import QueryDict

from inbox.channels.models import Channel, SourceGroup
from inbox.privacy import policies
from inbox.privacy.policies import LONGEST_DAYS, Policy
from inbox.tickets.models import Category

MOST = 40
WHICH = ("channel", "group", "category")
LABELS = {
    "keep_raw_days": "Raw deliveries",
    "keep_notices_days": "Notices to the team",
    "keep_api_answers_days": "Answers of the API",
}
MEANINGS = {
    "keep_raw_days": "What came in, byte for byte, once it was read. Failed ones wait.",
    "keep_notices_days": "What the team was told, after it was told.",
    "keep_api_answers_days": "What a request with an Idempotency-Key gets when it comes again.",
}


@dataclass
class Row:
    """One line of the form, with the words in its fields and what is wrong with them."""

    name: str = ""
    which: str = ""  # “channel=email%2Fsupport”; empty: every ticket
    files: str = ""
    texts: str = ""
    wrong: str = ""

    @property
    def is_blank(self) -> bool:
        """Nobody has written here."""
        return not (self.name or self.which or self.files or self.texts)

    def value(self) -> dict[str, Any]:
        """As the setting keeps it: without what is empty."""
        given: dict[str, Any] = {"name": self.name, **_chosen(self.which)}
        given |= {"files_days": int(self.files or 0), "texts_days": int(self.texts or 0)}
        return {name: value for name, value in given.items() if value}


@dataclass
class Form:
    """Everything on the page that can be changed."""

    rows: list[Row]
    days: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    @property
    def is_wrong(self) -> bool:
        """Something cannot be read."""
        return bool(self.wrong) or any(row.wrong for row in self.rows)

    def values(self) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """What would be stored."""
        rows = [row.value() for row in self.rows if not row.is_blank]
        return rows, {name: int(text or 0) for name, text in self.days.items()}

    def fields(self) -> Iterator[tuple[str, str, str, str, str]]:
        """(name, label, meaning, what is typed, what is wrong) of the days beside the rows."""
        for name, label in LABELS.items():
            yield name, label, MEANINGS[name], self.days[name], self.wrong.get(name, "")


def stored() -> Form:
    """The form as the settings are, with an empty line behind."""
    kept = policies.state()
    rows = [
        Row(
            name=str(row.get("name") or ""),
            which=_which(row),
            files=str(row.get("files_days") or ""),
            texts=str(row.get("texts_days") or ""),
        )
        for row in kept["retention"]
    ]
    return Form([*rows, Row()], {name: str(kept[name]) for name in policies.KEPT})


def given(data: QueryDict) -> Form:
    """The form as it was sent, each field checked."""
    columns = [data.getlist(name)[:MOST] for name in ("name", "which", "files", "texts")]
    rows = [
        Row(name=name.strip()[:60], which=which, files=files.strip(), texts=texts.strip())
        for name, which, files, texts in zip(*columns, strict=False)
    ]
    form = Form(rows, {name: data.get(name, "").strip() for name in policies.KEPT})
    for row in form.rows:
        row.wrong = "" if row.is_blank else _wrong(row)
    form.wrong = {name: text for name, value in form.days.items() if (text := _no_days(value))}
    return form


def _wrong(row: Row) -> str:
    for text in (row.files, row.texts):
        if found := _no_days(text):
            return found
    files, texts = int(row.files or 0), int(row.texts or 0)
    if not files and not texts:
        return "Say after how many days files or texts go, or take the row away."
    if texts and files > texts:
        return "Files go before texts, or with them: give them as many days or fewer."
    return ""


def _no_days(text: str) -> str:
    is_number = not text or (text.isascii() and text.isdigit() and len(text) < 7)
    if is_number and int(text or 0) <= LONGEST_DAYS:
        return ""
    return f"A whole number of days, at most {LONGEST_DAYS}. Empty or 0: kept."


def moved(form: Form, asked: str) -> Form:
    """The form with a row one place up or down, away, or a new one: “up-2”, “add”."""
    verb, _, at = asked.partition("-")
    place = int(at) if at.isascii() and at.isdigit() and len(at) < 4 else -1
    rows = form.rows
    if verb == "add" and len(rows) < MOST:
        rows.append(Row())
    elif 0 <= place < len(rows):
        row = rows.pop(place)
        if verb in ("up", "down"):
            rows.insert(max(0, place + (1 if verb == "down" else -1)), row)
    return form


def fingerprint() -> str:
    """What the form has seen, so that nobody's change is undone unasked."""
    return sha256(json.dumps(policies.state(), sort_keys=True).encode()).hexdigest()[:16]


def choices(form: Form) -> list[tuple[str, list[tuple[str, str]]]]:
    """(heading, [(value, words)]) of what a row may be for; combinations of the handbook too."""
    channels = list(Channel.objects.order_by("kind", "key"))
    kinds = sorted({channel.kind for channel in channels})
    found = [
        ("Channels", [("channel", f"{c.kind}/{c.key}", c.label or str(c)) for c in channels]),
        ("Every channel of a kind", [("channel", kind, f"all of {kind}") for kind in kinds]),
        ("Groups of places", [("group", g.name, g.name) for g in SourceGroup.objects.all()]),
        ("Categories", [("category", c.name, c.name) for c in Category.objects.all()]),
    ]
    known = [
        (heading, [(urlencode({name: value}), words) for name, value, words in ways])
        for heading, ways in found
        if ways
    ]
    offered = {value for _, ways in known for value, _ in ways}
    others = dict.fromkeys(row.which for row in form.rows if row.which not in {"", *offered})
    more = [(which, words_of(which)) for which in others]
    return [*known, *([("As the handbook says", more)] if more else [])]


def words_of(which: str) -> str:
    """“email/support and Hiring”."""
    return " and ".join(_chosen(which).values()) or "every ticket"


def sentence(policy: Policy) -> str:
    """“support: files after 30 days, texts after 730 days”, for the audit log."""
    parts = [
        f"{what} after {days} days"
        for what, days in (("files", policy.files_days), ("texts", policy.texts_days))
        if days
    ]
    return f"{policy.name}: {', '.join(parts)}"


def told(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state as the audit log keeps it."""
    rows = [sentence(policy) for policy in policies.check(state["retention"])]
    return {**state, "retention": rows}


def _which(row: Mapping[str, Any]) -> str:
    return urlencode({name: row[name] for name in WHICH if row.get(name)})


def _chosen(which: str) -> dict[str, str]:
    return {name: value[:200] for name, value in parse_qsl(which) if name in WHICH}
