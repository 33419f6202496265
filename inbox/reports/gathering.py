"""Everything a page of reports needs, read in a fixed number of statements."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet

from inbox.accounts.models import User
from inbox.calendars.clock import BusinessCalendar, is_open
from inbox.channels.models import Channel
from inbox.common.config import setting
from inbox.common.veiling import veil
from inbox.livechat.models import Rating
from inbox.loop.models import Link
from inbox.people.models import Identity
from inbox.reports import queries
from inbox.reports.asking import Choices
from inbox.reports.hours import hours
from inbox.reports.queries import Tally
from inbox.reports.reading import team_calendar
from inbox.reports.shapes import Names
from inbox.reports.sources import Asked, facts_in
from inbox.reports.spans import Period, periods
from inbox.tickets import queries as tickets
from inbox.tickets.models import Ticket

SUMMED = ("first", "solved", "state")
FLOW = ("in", "back", "out", "kept", "missed")
MINUTES = {"minutes": 1, "hours": 60, "business_minutes": 1, "business_hours": 60}
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
LONGEST = 10
MOST_GAPS = 5000


class Waiting(NamedTuple):
    """A ticket that stands still."""

    number: int
    subject: str
    state: str
    reason: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was read; the reports are made of it without another look."""

    asked: Asked
    by: str
    now: datetime
    names: Names
    cut: Sequence[Period]
    tally: Tally
    before: Tally
    sorted_now: Tally
    sorted_before: Tally
    series: Mapping[tuple[int, str, str], int]
    standing: int
    hours: Mapping[tuple[int, int], int]
    helpers: Sequence[tuple[str, bool, int]]  # name, champion, answers
    gaps: Sequence[tuple[str, int, int]]  # page, people, tickets
    ratings: Mapping[int, int]
    ageing: Mapping[tuple[str, int], int]  # (state, band) → tickets that stand there now
    longest: Sequence[Waiting]

    def name(self, value: str) -> str:
        """What a value of the chosen dimension is called."""
        return self.names.of(self.by, value)


def gather(user: User, asked: Asked, known: Choices, *, by: str, now: datetime) -> Found:
    """Read everything once."""
    cut = periods(asked.first, asked.last)
    earlier = asked.before()
    return Found(
        asked=asked,
        by=by,
        now=now,
        names=names(known, asked.zone, now),
        cut=cut,
        tally=queries.tally(asked, SUMMED, by),
        before=queries.tally(earlier, ("first",)),
        sorted_now=queries.tally(asked, ("in",), "category"),
        sorted_before=queries.tally(earlier, ("in",), "category"),
        series=queries.series(asked, FLOW, cut),
        standing=queries.standing(asked),
        hours=hours(asked),
        helpers=_helpers(user, asked),
        gaps=_gaps(asked),
        ratings=_ratings(user, asked),
        ageing=_ageing(user, asked, now),
        longest=_longest(user, asked),
    )


# ------------------------------------------------------------------ names


def names(known: Choices, zone: str, now: datetime) -> Names:
    """What channels, people and teams are called, what is promised, and when we are there."""
    calendar = team_calendar()
    return Names(
        channel={str(c.pk): c.label or str(c) for c in known.channels},
        kinds={str(c.pk): c.kind for c in known.channels},
        promised={str(c.pk): minutes for c in known.channels if (minutes := _promised(c))},
        person={str(user.pk): user.display_name for user in known.people},
        team={str(team.pk): team.name for team in known.teams},
        open_hours=frozenset(_open_hours(calendar, zone, now)),
        calendar=describe(calendar),
        goal=int(setting("sla_goal_percent")),
    )


def _promised(channel: Channel) -> float | None:
    policy = channel.policy
    if policy is None or not policy.first_response_amount:
        return None
    factor = MINUTES.get(policy.first_response_unit)
    return policy.first_response_amount * factor if factor else None


def _open_hours(calendar: BusinessCalendar, zone: str, now: datetime) -> Iterator[tuple[int, int]]:
    """Hours of this week in which somebody is there at their middle, holidays set aside."""
    plain = BusinessCalendar(zone=calendar.zone, week=calendar.week)
    local = now.astimezone(ZoneInfo(zone))
    monday = (local - timedelta(days=local.weekday())).replace(hour=0, minute=30)
    for n in range(7 * 24):
        day, hour = divmod(n, 24)
        at = (monday + timedelta(days=day)).replace(hour=hour)
        if is_open(plain, at.astimezone(UTC)):
            yield day, hour


def describe(calendar: BusinessCalendar) -> str:
    """Open hours in words: Monday to Friday, 9:00 to 18:00, Europe/Lisbon."""
    parts: list[tuple[int, int]] = []
    for day, spans in enumerate(calendar.week):
        if spans and parts and parts[-1][1] == day - 1 and calendar.week[day - 1] == spans:
            parts[-1] = (parts[-1][0], day)
        elif spans:
            parts.append((day, day))
    said = [_says(first, last, calendar) for first, last in parts]
    return "; ".join(said) + f", {calendar.zone}" if said else "never"


def _says(first: int, last: int, calendar: BusinessCalendar) -> str:
    days = WEEKDAYS[first] if first == last else f"{WEEKDAYS[first]} to {WEEKDAYS[last]}"
    spans = calendar.week[first]
    if spans == ((0, 1440),):
        return f"{days}, day and night"
    hours = " and ".join(f"{_clock(begin)} to {_clock(end)}" for begin, end in spans)
    return f"{days}, {hours}"


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


# ------------------------------------------------------------------ single facts


def _helpers(user: User, asked: Asked) -> list[tuple[str, bool, int]]:
    """Who of the community answered, most first; accounts of one person count together.

    Who has no name but an address is shown to viewers by its first letters.
    """
    rows = facts_in(asked, "help").values_list("label").annotate(n=Count("pk"))
    counted = {int(label): n for label, n in rows.order_by("-n")[:MOST_GAPS]}
    people = Identity.objects.filter(pk__in=counted).select_related("contact")
    found: Counter[tuple[int, str, bool]] = Counter()
    for who in people:
        contact = who.contact
        found[
            contact.pk, contact.name or who.name or who.handle or str(contact), contact.champion
        ] += counted[who.pk]
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [
        (name if user.sees_addresses else veil(name), champion, n)
        for (_, name, champion), n in ordered
    ]


def _gaps(asked: Asked) -> list[tuple[str, int, int]]:
    """Pages the docs lacked: how many people asked, in how many tickets (S9)."""
    numbers = facts_in(asked, "gap").values("ticket")
    rows = Link.objects.filter(ticket__in=numbers).values_list("url")
    counted = rows.annotate(
        people=Count("ticket__asker__contact", distinct=True),
        asked_n=Count("ticket", distinct=True),
    )
    return list(counted.order_by("-people", "-asked_n", "url")[:MOST_GAPS])


def _narrow(rows: QuerySet[Ticket], asked: Asked) -> QuerySet[Ticket]:
    """The page's filters on tickets themselves."""
    fields = {
        "channel": "channel",
        "category": "category",
        "person": "owner",
        "team": "team",
        "priority": "priority",
    }
    for dim, value in asked.filters.items():
        wanted = None if value == "0" and dim in ("person", "team") else value
        name = f"{fields[dim]}__isnull" if wanted is None else fields[dim]
        rows = rows.filter(**{name: True if wanted is None else wanted})
    return rows


def _ratings(user: User, asked: Asked) -> dict[int, int]:
    """How chats were rated in this time, once per closing."""
    begin, end = asked.span
    given = Rating.objects.filter(rated_at__gte=begin, rated_at__lt=end)
    if not user.is_admin or asked.filters:
        mine = _narrow(tickets.visible_to(user), asked)
        given = given.filter(conversation__thread__ticket__in=mine)
    return dict(given.values_list("score").annotate(n=Count("pk")).order_by())


BANDS = (1, 3, 7, 14)  # days; the last band is open
STILL = Q(status="in_progress") | Q(status="on_hold")


def _still(user: User, asked: Asked) -> QuerySet[Ticket]:
    return _narrow(tickets.visible_to(user), asked).filter(STILL, waiting_since__isnull=False)


def _ageing(user: User, asked: Asked, now: datetime) -> dict[tuple[str, int], int]:
    """How long what stands still has been standing, as of now (S58, S66)."""
    bands = {
        f"b{n}": Count("pk", filter=Q(waiting_since__gt=now - timedelta(days=days)))
        for n, days in enumerate(BANDS)
    }
    rows = _still(user, asked).values("status", "waiting_on").order_by()
    found: dict[tuple[str, int], int] = {}
    for row in rows.annotate(all=Count("pk"), **bands):
        state = row["waiting_on"] or row["status"]
        named: dict[str, Any] = dict(row)
        steps = [*(named[name] for name in bands), named["all"]]
        for band, (below, n) in enumerate(zip([0, *steps], steps, strict=False)):
            found[state, band] = n - below
    return found


def _longest(user: User, asked: Asked) -> list[Waiting]:
    """The oldest on hold, with the reason they were put there for."""
    rows = _still(user, asked).filter(status="on_hold").order_by("waiting_since", "pk")
    return [
        Waiting(t.pk, t.subject, t.status, t.hold_reason, t.waiting_since or t.created_at)
        for t in rows.only("subject", "status", "hold_reason", "waiting_since", "created_at")[
            :LONGEST
        ]
    ]
