"""A person's year: what they did a month, a line for each place."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncMonth

from inbox.accounts.models import User
from inbox.channels import peoplefiles, registry
from inbox.people.models import EVENT, Activity, Contact
from inbox.tickets import queries

MONTHS = 12
EVENTS = "Events"
# what a place looks like: its icon, and which of the four marks
LOOKS = {
    "slack": ("hash", 0),
    "github": ("git", 1),
    "email": ("mail", 2),
    "livechat": ("chat", 2),
    EVENTS: ("cal", 3),
}
OTHER = ("plug", 1)
ROW, FIRST = 36, 22  # pixels from lane to lane, and down to the first


@dataclass(kw_only=True)
class Lane:
    """A place's twelve months."""

    name: str
    icon: str
    mark: int
    y: int
    dots: list[tuple[str, str, int]] = field(default_factory=list)  # x, outline, how many


def year_of(contact: Contact, user: User, now: datetime) -> dict[str, Any]:
    """The picture of the last twelve months: its lanes, and the months below them."""
    months = _months(now)
    found = _lanes(contact, user, months)
    foot = FIRST + ROW * len(found)
    return {
        "lanes": found,
        "months": [(f"{month:%b}", _x(n)) for n, month in enumerate(months)],
        "lanes_foot": foot,
        "lanes_height": foot + 8,
    }


def _lanes(contact: Contact, user: User, months: list[datetime]) -> list[Lane]:
    """Messages by kind of channel; what lists and events tell by where it was; events last."""
    said = queries.messages_visible_to(user).filter(
        author__contact=contact, visibility="public", sent_at__gte=months[0]
    )
    did = Activity.objects.filter(identity__contact=contact, at__gte=months[0])
    messages = said.order_by().annotate(month=TruncMonth("sent_at"))
    activities = did.order_by().annotate(month=TruncMonth("at"))
    counted = messages.values_list("thread__channel__kind", "month").annotate(n=Count("pk"))
    rows = counted.union(
        activities.values_list("source", "month").annotate(n=Count("pk")), all=True
    )
    place = {(month.year, month.month): n for n, month in enumerate(months)}
    sums: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for source, month, n in rows:
        at = place.get((month.year, month.month))  # a clock that is ahead may name the next one
        if at is not None:
            sums[_name(source)][at] += n
    return [
        _lane(name, sums[name], number)
        for number, name in enumerate(sorted(sums, key=lambda name: (name == EVENTS, name)))
    ]


def _lane(name: str, sums: dict[int, int], number: int) -> Lane:
    kinds = {kind.label: key for key, kind in registry.all_kinds().items()}
    icon, mark = LOOKS.get(kinds.get(name, name), OTHER)
    dots = [(_x(at), outline(mark, n), n) for at, n in sorted(sums.items())]
    return Lane(name=name, icon=icon, mark=mark, y=FIRST + ROW * number, dots=dots)


def _name(source: str) -> str:
    if source == EVENT:
        return EVENTS
    known = registry.all_kinds().get(source)
    return known.label if known else peoplefiles.label_of(source)


def outline(mark: int, n: int) -> str:
    """A circle, diamond, square or star around the origin, the larger the more there were."""
    r = min(4 + 1.6 * n**0.5, 14)
    half = 0.75 * r
    arm = 0.28 * r
    return (
        f"M{-r:.1f} 0a{r:.1f} {r:.1f} 0 1 0 {2 * r:.1f} 0a{r:.1f} {r:.1f} 0 1 0 {-2 * r:.1f} 0",
        f"M0 {-r:.1f}L{r:.1f} 0 0 {r:.1f} {-r:.1f} 0z",
        f"M{-half:.1f} {-half:.1f}h{2 * half:.1f}v{2 * half:.1f}h{-2 * half:.1f}z",
        f"M0 {-r:.1f} {arm:.1f} {-arm:.1f} {r:.1f} 0 {arm:.1f} {arm:.1f} 0 {r:.1f}"
        f" {-arm:.1f} {arm:.1f} {-r:.1f} 0 {-arm:.1f} {-arm:.1f}z",
    )[mark]


def _months(now: datetime) -> list[datetime]:
    """The first days of the last twelve months, the oldest first."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = [first]
    while len(found) < MONTHS:
        found.append((found[-1] - timedelta(days=1)).replace(day=1))
    return found[::-1]


def _x(month: int) -> str:
    """Where a month stands, from left to right."""
    return f"{19.5 + 7 * month:g}%"
