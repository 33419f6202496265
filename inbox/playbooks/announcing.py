"""What is said about an event before it, for each place with its own longest text (S83).

No Django in this module. Lengths are counted as the place counts them:
https://docs.x.com/resources/fundamentals/counting-characters ·
https://docs.slack.dev/reference/methods/chat.postMessage#truncating
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from inbox.playbooks.describing import Told, called, day

URL = re.compile(r"https?://\S+")
URL_WEIGHT = 23  # every address is shortened to this
# signs that count once; all others, emoji among them, count twice
SINGLE = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))


class Moment(StrEnum):
    """When an announcement is made, seen from the event."""

    EARLY = "early"  # one or two weeks before: come, and bring a question
    DAY = "day"  # on the day
    NOW = "now"  # it begins


def weight(text: str) -> int:
    """How long a short message is, as Twitter counts."""
    without = URL.sub("", text)
    links = len(URL.findall(text)) * URL_WEIGHT
    return links + sum(1 if _is_single(ord(sign)) else 2 for sign in without)


def _is_single(code: int) -> bool:
    return any(low <= code <= high for low, high in SINGLE)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is announced: how long a text may be there, and how that is counted."""

    label: str
    longest: int
    count: Callable[[str], int] = len
    is_short: bool = False  # a line, the topics and the address; no list of people


PLACES: Mapping[str, Place] = {
    "slack": Place(label="Slack", longest=4000),
    "twitter": Place(label="Twitter", longest=280, count=weight, is_short=True),
    "linkedin": Place(label="LinkedIn", longest=3000),
}


def announcement(event: Told, *, place: str, moment: str, zone: tzinfo = UTC) -> str:
    """What is said there then; topics are left out, the last one first, until it fits.

    Raises `KeyError` for a place and `ValueError` for a moment that do not exist.
    """
    where, when = PLACES[place], Moment(moment)
    head, address = _head(event, when, zone), event.stream_url or event.meeting_url
    topics = [str(row.get("title") or "").strip() for row in event.agenda]
    topics = [topic for topic in topics if topic]
    for many in range(len(topics), -1, -1):
        text = _told(event, where, when, (head, _topics(topics[:many], where), address))
        if where.count(text) <= where.longest:
            return text
    return _shortened(head, address, where)


def announcements(event: Told, moment: str, zone: tzinfo = UTC) -> dict[str, str]:
    """One text for every place."""
    return {name: announcement(event, place=name, moment=moment, zone=zone) for name in PLACES}


def _head(event: Told, when: Moment, zone: tzinfo) -> str:
    if when is Moment.NOW:
        return f"{event.title} begins now."
    at = clock(event.starts_at, zone)
    if when is Moment.DAY:
        return f"{event.title} is today at {at}."
    return (
        f"{event.title}: {event.starts_at.astimezone(zone):%A}, {day(event.starts_at, zone)}, {at}."
    )


def clock(at: datetime, zone: tzinfo = UTC) -> str:
    """`16:00 UTC`: an hour is worth nothing without its zone."""
    return f"{at.astimezone(zone):%H:%M %Z}"


def _topics(topics: list[str], where: Place) -> str:
    if not topics:
        return ""
    if where.is_short:
        return f"Topics: {', '.join(topics)}."
    return "\n".join(["Topics:", *(f"- {topic}" for topic in topics)])


def _told(event: Told, where: Place, when: Moment, parts: tuple[str, str, str]) -> str:
    head, topics, address = parts
    if where.is_short:
        return " ".join(filter(None, (head, topics, address)))
    names = called(event.people)
    ask = "Bring a question, or tell us here what you would like to talk about."
    more = [f"With {', '.join(names)}." if names else "", ask if when is Moment.EARLY else ""]
    return "\n\n".join(filter(None, (head, topics, *more, address)))


def _shortened(head: str, address: str, where: Place) -> str:
    """The address is what people need; the words give way to it."""
    while head and where.count(f"{head}… {address}".strip()) > where.longest:
        head = head[:-1].rstrip()
    return f"{head}… {address}".strip()
