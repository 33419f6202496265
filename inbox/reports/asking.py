"""From what stands in an address to a question; the page, the files and the API ask alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from inbox.accounts.models import Team, User
from inbox.channels.models import Channel
from inbox.common.versions import kept
from inbox.reports.sources import Asked, scopes_of
from inbox.reports.summing import DIMENSIONS
from inbox.tickets.models import Priority
from inbox.tickets.services import known_categories

PARAMETERS = ("from", "to", "period", "by", *DIMENSIONS)
PERIODS = {"30d": "30 days", "12w": "12 weeks", "year": "Year"}
USUAL = "12w"
EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
MOST_DAYS = 3660
NONE = "none"


class BadQuestion(ValueError):
    """What cannot be answered, by parameter, for the person who asked."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = errors


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What can be asked for, read once: (word in the address, its value in the figures, name)."""

    channels: list[Channel]
    people: list[User]
    teams: list[Team]
    categories: list[str]

    def of(self, dim: str) -> list[tuple[str, str, str]]:
        """The choices of one dimension."""
        if dim == "channel":
            return [(f"{c.kind}/{c.key}", str(c.pk), c.label or str(c)) for c in self.channels]
        if dim == "person":
            people = [(u.username, str(u.pk), u.display_name) for u in self.people]
            return [*people, (NONE, "0", "Unassigned")]
        if dim == "team":
            return [*((t.key, str(t.pk), t.name) for t in self.teams), (NONE, "0", "No team")]
        if dim == "category":
            return [*((name, name, name) for name in self.categories), (NONE, "", "Not sorted")]
        return [(value, value, str(label)) for value, label in Priority.choices]


def choices(user: User) -> Choices:
    """Everything that has ever been asked under, and may be again, as far as one may know of it."""
    return Choices(
        channels=list(Channel.objects.select_related("policy").order_by("kind", "key")),
        people=sorted(User.objects.all(), key=lambda user: user.display_name.casefold()),
        teams=list(Team.named_to(user).order_by("name")),
        categories=kept("categories", known_categories),
    )


def ask(
    user: User, params: Mapping[str, str], known: Choices, *, now: datetime
) -> tuple[Asked, str]:
    """The question and the dimension it is shown by. Raises `BadQuestion`."""
    zone = user.timezone or str(settings.TIME_ZONE)
    errors: dict[str, str] = {}
    first, last = _range(params, now.astimezone(ZoneInfo(zone)).date(), errors)
    by = params.get("by") or "channel"
    if by not in DIMENSIONS:
        errors["by"] = f"Use one of {', '.join(DIMENSIONS)}."
    filters = {
        dim: _value(dim, word, known, errors)
        for dim in DIMENSIONS
        if (word := params.get(dim, "").strip())
    }
    if errors:
        raise BadQuestion(errors)
    return Asked(first=first, last=last, zone=zone, scopes=scopes_of(user), filters=filters), by


def _value(dim: str, word: str, known: Choices, errors: dict[str, str]) -> str:
    for name, value, _ in known.of(dim):
        if word in (name, name.rpartition("/")[2] if dim == "channel" else name):
            return value
    errors[dim] = f"There is no {dim} “{word[:80]}”."
    return ""


def _range(params: Mapping[str, str], today: date, errors: dict[str, str]) -> tuple[date, date]:
    """From and to, both within; one alone reaches to today or back twelve weeks."""
    begin, end = (_day(params, name, errors) for name in ("from", "to"))
    if begin is None and end is None:
        return _usual(params.get("period") or USUAL, today, errors)
    last = end or max(today, begin or today)
    first = begin or last - timedelta(days=83)
    if first > last:
        errors["to"] = "The last day is before the first. Swap the two."
    elif (last - first).days >= MOST_DAYS:
        errors["to"] = "Ten years at most at a time."
    return first, last


def _usual(period: str, today: date, errors: dict[str, str]) -> tuple[date, date]:
    """The last 30 days, the last twelve calendar weeks with this one, or a year of them."""
    monday = today - timedelta(days=today.weekday())
    starts = {
        "30d": today - timedelta(days=29),
        "12w": monday - timedelta(weeks=11),
        "year": monday - timedelta(weeks=51),
    }
    if period not in starts:
        errors["period"] = f"Use one of {', '.join(PERIODS)}."
    return starts.get(period, today), today


def _day(params: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    text = params.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        errors[name] = "Write a day like 2026-11-21."
        return None
    if not EARLIEST <= day <= LATEST:
        errors[name] = f"Use a day from {EARLIEST.year} to {LATEST.year}."
        return None
    return day
