"""When a ticket may come back, in a person's own words and zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from inbox.tickets.errors import VerbError

MORNING = 9
LONGEST_WAIT = timedelta(days=30)  # for a reply that may never come


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One choice of the menu."""

    key: str
    letter: str
    words: str
    until: datetime  # in the person's zone
    icon: str = "clock"

    @property
    def shown(self) -> str:
        """The moment itself, beside the words."""
        return f"{self.until:%a %H:%M}" if self.key != "reply" else ""


def offers(now: datetime, zone: str) -> list[Offer]:
    """The choices from now on."""
    here = now.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    morning = here.replace(hour=MORNING, minute=0)
    monday = morning + timedelta(days=7 - here.weekday())
    return [
        Offer(key="hour", letter="h", words="In an hour", until=here + timedelta(hours=1)),
        Offer(key="afternoon", letter="l", words="Later today", until=here + timedelta(hours=3)),
        Offer(
            key="tomorrow",
            letter="t",
            words="Tomorrow at 9:00",
            until=morning + timedelta(days=1),
            icon="sun",
        ),
        Offer(key="monday", letter="m", words="Monday at 9:00", until=monday, icon="cal"),
        Offer(
            key="week",
            letter="w",
            words="In a week",
            until=morning + timedelta(days=7),
            icon="cal",
        ),
        Offer(
            key="reply",
            letter="r",
            words="Until they reply",
            until=here + LONGEST_WAIT,
            icon="chat",
        ),
    ]


def named(key: str, now: datetime, zone: str) -> datetime | None:
    """The moment that a choice means; None for a name that is none."""
    return next((offer.until for offer in offers(now, zone) if offer.key == key), None)


def until_of(data: Mapping[str, str], zone: str) -> datetime:
    """The moment that a form means: a choice, or what was typed. Raises `VerbError` for none."""
    found = named(data.get("until", ""), timezone.now(), zone)
    if found is not None:
        return found
    try:
        return datetime.fromisoformat(data.get("at", "")).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise VerbError("Say until when.", field="until") from None
