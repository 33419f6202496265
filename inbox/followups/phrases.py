"""Words that promise, pure: what was said, and until when.

English phrases with a time (“by Friday”, “within two days”) and without one (“will get back to
you”). Times are taken in the writer's zone; a day without an hour ends at the given closing hour.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "a couple of": 2, "a few": 3,
}  # fmt: skip
COUNT = r"(\d{1,2}|a couple of|a few|an?|one|two|three|four|five|six|seven)"
# Only what somebody says about themselves promises: “you will hear by Friday” does, “send it by
# Friday” does not.
PROMISER = (
    r"\b(?:i|we)(?:['’]ll| will|['’]m going to|['’]re going to| am going to| are going to| can)\b"
    r"|\byou(?:['’]ll| will) (?:hear|get|have|receive)\b"
    r"|\b(?:back to you|keep you posted|let you know|follow up with you)\b"
    r"|\bwill (?:be fixed|ship|land|be (?:done|ready|released|published))\b"
)
OPEN_ENDED = (
    r"\b(?:get|come|circle) back to you\b|\blet you know\b|\bkeep you posted\b"
    r"|\bfollow up with you\b|\breply (?:to you )?soon\b"
    r"|\byou(?:['’]ll| will) hear from (?:us|me)\b"
)
NOT_A_PROMISE = r"\b(?:if|unless|could you|can you|please)\b[^.!?]*$"
TIMES = re.compile(
    r"\b(?:(?P<today>today|tonight|by (?:the )?end of (?:the )?day|by eod)"
    r"|(?P<tomorrow>tomorrow)"
    r"|(?:by|on|before|until|next|this) (?P<next>next )?(?P<day>" + "|".join(DAYS) + r")"
    r"|(?:within|in) (?:the next )?" + COUNT + r" (?:business |working )?(?P<unit>hour|day|week)s?"
    r"|(?P<week>(?:by |before )?(?:the )?end of (?:the|this) week|this week)"
    r"|(?P<nextweek>next week|early next week))\b",
    re.IGNORECASE,
)
SENTENCES = re.compile(r"[^.!?\n]+[.!?]?")


@dataclass(frozen=True)
class Promised:
    """What was promised: the words, and the moment by which they are to be kept."""

    words: str
    due_at: datetime


def find(
    text: str,
    *,
    at: datetime,
    zone: str,
    closes: str = "18:00",
    soon: timedelta = timedelta(days=1),
) -> Promised | None:
    """The first promise in a text; quoted lines and questions do not count.

    `soon` is how long “will get back to you” lasts.
    """
    own = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
    local = at.astimezone(ZoneInfo(zone))
    for sentence in SENTENCES.findall(own):
        said = sentence.strip()
        if said.endswith("?") or not re.search(PROMISER, said, re.IGNORECASE):
            continue
        named = TIMES.search(said)
        if named is not None and not _is_theirs(said, named.start()):
            return Promised(said[:200], _until(named, local, closes).astimezone(UTC))
        if named is None and re.search(OPEN_ENDED, said, re.IGNORECASE):
            return Promised(said[:200], _closing(local + soon, closes).astimezone(UTC))
    return None


def _is_theirs(said: str, begin: int) -> bool:
    """“Please send the log by Friday” names their time, not ours."""
    return bool(re.search(NOT_A_PROMISE, said[:begin], re.IGNORECASE)) and not re.search(
        PROMISER, said[:begin], re.IGNORECASE
    )


def _until(named: re.Match[str], local: datetime, closes: str) -> datetime:
    if named["today"]:
        return max(_closing(local, closes), local + timedelta(hours=1))
    if named["tomorrow"]:
        return _closing(local + timedelta(days=1), closes)
    if named["day"]:
        return _closing(local + timedelta(days=_days_until(named, local)), closes)
    if named["unit"]:
        count = named.group(5).lower()
        number = int(count) if count.isdigit() else NUMBERS[count]
        if named["unit"].lower() == "hour":
            return local + timedelta(hours=number)
        days = number * (7 if named["unit"].lower() == "week" else 1)
        return _closing(local + timedelta(days=days), closes)
    friday = (4 - local.weekday()) % 7
    if named["nextweek"]:
        friday = 4 - local.weekday() + 7
    return max(_closing(local + timedelta(days=friday), closes), local + timedelta(hours=1))


def _days_until(named: re.Match[str], local: datetime) -> int:
    """The coming one of that name; today's name means a week from now, as people mean it."""
    ahead = (DAYS.index(named["day"].lower()) - local.weekday()) % 7 or 7
    said_next = named["next"] or named.group(0).lower().startswith("next ")
    return ahead + (7 if said_next and ahead + local.weekday() < 7 else 0)


def _closing(local: datetime, closes: str) -> datetime:
    return datetime.combine(local.date(), time.fromisoformat(closes), local.tzinfo)
