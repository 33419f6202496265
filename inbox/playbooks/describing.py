"""Texts about a stream: its title, chapters and description, and the way back to who asked.

No Django in this module. What is described is anything shaped like `Told`; an agenda's row is
`{title, minutes, people, at_seconds}`, where `at_seconds` is when it begins in the recording.
https://support.google.com/youtube/answer/9884579 (chapters) ·
https://developers.google.com/youtube/v3/docs/videos#properties (lengths)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

LONGEST_TITLE, LONGEST_DESCRIPTION_BYTES = 100, 5000
LEAST_CHAPTERS, LEAST_SECONDS = 3, 10
WELCOME = "Welcome"


class Told(Protocol):
    """What of an event is told to the outside."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def starts_at(self) -> datetime:
        """When it begins."""

    @property
    def meeting_url(self) -> str:
        """Where one takes part."""

    @property
    def stream_url(self) -> str:
        """Where one watches, then and later."""

    @property
    def agenda(self) -> Any:
        """Rows in their order."""

    @property
    def people(self) -> Any:
        """Rows `{name, alias, role}`."""

    @property
    def links(self) -> Any:
        """Rows `{label, url}`."""


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """Where something begins in a recording."""

    seconds: int
    label: str


# ------------------------------------------------------------------ names and times


def title(product: str, on: date, what: str = "Office Hours") -> str:
    """`<Product> Office Hours - YYYY-MM-DD`, as long as a video's title may be."""
    tail = f" {what} - {on.isoformat()}"
    return f"{_cut(_plain(product), LONGEST_TITLE - len(tail))}{tail}".strip()


def stamp(seconds: int) -> str:
    """`4:05`, from the first hour on `1:04:05`: what is made a link under a video."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def seconds_of(text: str) -> int:
    """`1:04:05`, `4:05` or `245` in seconds. Raises `ValueError`."""
    parts = text.strip().split(":")
    if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"“{text}” is not a time like 4:05 or 1:04:05")
    numbers = [int(part) for part in parts]
    if any(number > 59 for number in numbers[1:]):
        raise ValueError(f"“{text}”: minutes and seconds end at 59")
    return sum(number * 60**place for place, number in enumerate(reversed(numbers)))


def day(at: datetime, zone: tzinfo = UTC) -> str:
    """`3 December 2026`, where the clock of that zone says so."""
    here = at.astimezone(zone)
    return f"{here.day} {here:%B %Y}"


def called(people: Iterable[Mapping[str, Any]]) -> list[str]:
    """How people are called in public: by their alias where they have one, each once (S85)."""
    names = [str(row.get("alias") or row.get("name") or "").strip() for row in people]
    return list(dict.fromkeys(name for name in names if name))


# ------------------------------------------------------------------ the agenda


def agenda_sum(agenda: Iterable[Mapping[str, Any]]) -> int:
    """The minutes that an agenda takes."""
    return sum(int(row.get("minutes") or 0) for row in agenda)


def chapters(agenda: Iterable[Mapping[str, Any]]) -> list[Chapter]:
    """Where the parts of an agenda begin; a recording that opens otherwise opens with a welcome.

    Only parts whose time is known, in the order of the recording.
    """
    found = sorted(
        (Chapter(seconds=int(row["at_seconds"]), label=_label(row)) for row in agenda if _has(row)),
        key=lambda chapter: chapter.seconds,
    )
    if not found or found[0].seconds == 0:
        return found
    if found[0].seconds < LEAST_SECONDS:  # too short for a chapter of its own
        return [Chapter(seconds=0, label=found[0].label), *found[1:]]
    return [Chapter(seconds=0, label=WELCOME), *found]


def chapter_problem(found: Sequence[Chapter]) -> str:
    """Why YouTube would make no chapters of these times, in words; "" when it will."""
    if len(found) < LEAST_CHAPTERS:
        return f"Chapters need at least {LEAST_CHAPTERS} times; there are {len(found)}."
    if found[0].seconds:
        return "The first chapter begins at 0:00."
    for before, after in pairwise(found):
        if after.seconds - before.seconds < LEAST_SECONDS:
            where = f"{stamp(before.seconds)} and {stamp(after.seconds)}"
            return f"Chapters take {LEAST_SECONDS} seconds or more: see {where}."
    return ""


def _has(row: Mapping[str, Any]) -> bool:
    return row.get("at_seconds") is not None and int(row["at_seconds"]) >= 0


def _label(row: Mapping[str, Any]) -> str:
    who = ", ".join(str(name) for name in row.get("people") or ())
    name = _plain(str(row.get("title") or "")) or "Untitled"
    return f"{name} ({_plain(who)})" if who else name


# ------------------------------------------------------------------ the description


def description(event: Told, zone: tzinfo = UTC) -> str:
    """The text below the video: what it is, its chapters, who was there, links (S89, S91).

    Never longer than YouTube takes: lines go from the end.
    """
    parts = [
        f"{_plain(event.title)}, {day(event.starts_at, zone)}.",
        "\n".join(f"{stamp(c.seconds)} {c.label}" for c in chapters(event.agenda)),
        _thanks(called(event.people)),
        _listed(event.links),
    ]
    lines = "\n\n".join(filter(None, parts)).splitlines()
    while len("\n".join(lines).encode()) > LONGEST_DESCRIPTION_BYTES:
        lines.pop()
    return "\n".join(lines).strip()


def recording(event: Told) -> str:
    """The recording for those who missed it, with where its parts begin."""
    parts = [
        f"The recording of {event.title} is here:\n{event.stream_url}",
        "\n".join(f"- {stamp(c.seconds)} {c.label}" for c in chapters(event.agenda)),
    ]
    return "\n\n".join(filter(None, parts)) if event.stream_url else ""


def _thanks(names: Sequence[str]) -> str:
    return f"With thanks to {_plain(', '.join(names))}." if names else ""


def _listed(links: Iterable[Mapping[str, Any]]) -> str:
    rows = [(_plain(str(row.get("label") or "")), str(row.get("url") or "")) for row in links]
    return "\n".join(f"{name}: {url}" if name else url for name, url in rows if url)


def _plain(text: str) -> str:
    """One line without the two signs that YouTube refuses."""
    return " ".join(text.replace("<", "‹").replace(">", "›").split())


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


# ------------------------------------------------------------------ the way back


def at_moment(url: str, seconds: int) -> str:
    """A video's address that begins there; a time that it had already is replaced."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "t"]
    told = urlencode([*query, ("t", f"{seconds}s")])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, told, ""))


def answer_with_moment(
    event: Told, *, seconds: int | None, name: str = "", zone: tzinfo = UTC
) -> str:
    """What the one who asked hears after the event: where in the recording the answer is."""
    greeting = f"Hi {name},\n\n" if name else ""
    url = event.stream_url if seconds is None else at_moment(event.stream_url, seconds)
    where = "The recording" if seconds is None else f"The answer begins at {stamp(seconds)}"
    return (
        f"{greeting}we talked about your question in {event.title}, "
        f"{day(event.starts_at, zone)}. {where}: {url}\n\n"
        "If something is left open, just answer here."
    )
