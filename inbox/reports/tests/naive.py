"""The same figures by another way: one walk over all TicketEvents.

Nothing here uses the room's own code but the calendar; it is slow, plain and only for tests.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from inbox.calendars.clock import ALWAYS, BusinessCalendar
from inbox.calendars.models import Calendar
from inbox.calendars.services import newest, version_value
from inbox.sla.models import Clock
from inbox.tickets.models import Message, Ticket, TicketEvent

LIVE = ("open", "in_progress", "on_hold")


@dataclass
class Naive:
    """What happened between two moments, counted by hand."""

    opened: list[tuple[datetime, Ticket]] = field(default_factory=list)
    ended: list[datetime] = field(default_factory=list)
    back: list[datetime] = field(default_factory=list)
    first: list[tuple[datetime, str, float, Ticket]] = field(default_factory=list)
    settled: list[tuple[datetime, float, Ticket]] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    left_at_begin: int = 0


def recompute(begin: datetime, end: datetime, tickets: list[Ticket]) -> Naive:
    """Walk through everything that ever happened to these tickets."""
    found = Naive()
    for ticket in tickets:
        _Walk(found, ticket, begin, end).go()
    return found


class _Walk:
    """One ticket, from its first event to its last."""

    def __init__(self, found: Naive, ticket: Ticket, begin: datetime, end: datetime) -> None:
        self.found, self.ticket, self.begin, self.end = found, ticket, begin, end
        self.events = list(TicketEvent.objects.filter(ticket=ticket).order_by("pk"))
        self.calendar = _calendar(ticket)
        # the states it was in: (from, to, status, waiting on)
        self.stretches: list[tuple[datetime, datetime, str, str]] = []
        self.last_end: datetime | None = None

    def within(self, at: datetime) -> bool:
        return self.begin <= at < self.end

    def go(self) -> None:
        found, created = self.found, self.ticket.created_at
        if self.within(created):
            found.opened.append((created, self.ticket))
        balance = 1 if created < self.begin else 0
        since, status, on = created, "open", "us"
        for event in self.events:
            if event.kind != "status":
                continue
            self.stretches.append((since, event.at, status, on))
            was_live, is_live = status in LIVE, event.data["to"] in LIVE
            since, status, on = event.at, event.data["to"], event.data["waiting_on"]
            if was_live and not is_live:
                self.last_end = event.at
                found.ended += [event.at] if self.within(event.at) else []
                balance -= event.at < self.begin
            if is_live and not was_live:
                found.back += [event.at] if self.within(event.at) else []
                balance += event.at < self.begin
        found.left_at_begin += balance
        self.first((since, status, on))
        if status not in LIVE and self.last_end is not None and self.within(self.last_end):
            self.ending(self.last_end)
        self.promises()

    def ending(self, at: datetime) -> None:
        spent: dict[str, float] = defaultdict(float)
        for a, b, status, on in self.stretches:
            spent[on or status] = round(spent[on or status] + max((b - a).total_seconds(), 0))
        for state in ("us", "them", "research", "on_hold"):
            self.found.states[state] += int(spent[state])
        ticket = self.ticket
        settled = ("answered", "solved", "became_issue", "docs_gap", "moved_to_dm")
        if ticket.status == "closed" and ticket.resolution in settled:
            seconds = business(self.calendar, ticket.created_at, at)
            self.found.settled.append((at, seconds, ticket))

    def first(self, last: tuple[datetime, str, str]) -> None:
        if self.ticket.status == "spam" or self.ticket.opener_role != "asker":
            return
        for event in self.events:
            who = _who(event)
            if not who:
                continue
            seconds = 0.0
            for a, b, status, on in [*self.stretches, (last[0], event.at, last[1], last[2])]:
                if (status, on) in (("open", "us"), ("in_progress", "research")):
                    seconds += business(self.calendar, a, min(b, event.at))
            if self.within(event.at):
                self.found.first.append((event.at, who, seconds, self.ticket))
            return

    def promises(self) -> None:
        """An answer in time keeps a promise; what was missed before counts only without one."""
        misses: dict[str, tuple[datetime, str]] = {}
        done: list[tuple[datetime, str, str]] = []
        for event in self.events:
            metric = event.data.get("metric", "")
            soft = "soft" if event.data.get("soft") else "hard"
            if event.kind == "status" and event.data["from"] not in LIVE:
                # it came back: what was promised before its end can be kept no more
                done += [(at, label, "missed") for at, label in misses.values()]
                misses.clear()
            elif event.kind in ("breached", "missed"):
                if metric in misses:
                    done.append((*misses.pop(metric), "missed"))
                misses[metric] = (event.at, soft)
            elif event.kind == "clock_met":
                at, label = misses.pop(metric, (event.at, soft))
                late = event.data["late"]
                done.append((at, label, "missed") if late else (event.at, soft, "kept"))
        done += [(at, label, "missed") for at, label in misses.values()]
        for at, label, what in done:
            if self.within(at):
                (self.found.kept if what == "kept" else self.found.missed)[label] += 1


def _who(event: TicketEvent) -> str:
    """Who answered with this event; nobody with most."""
    data = event.data
    if event.kind == "message_out" and data["role"] != "bot" and not data["automatic"]:
        return "team"
    if event.kind == "message_in" and data["role"] == "community" and not data["quiet"]:
        author = Message.objects.get(pk=data["message"]).author
        return "champion" if author and author.contact.champion else "community"
    return ""


def _calendar(ticket: Ticket) -> BusinessCalendar:
    """The calendar of the newest promise of an answer; else the team's."""
    for metric in ("first_response", "acknowledge"):
        clock = Clock.objects.filter(ticket=ticket, metric=metric).order_by("-pk").first()
        if clock is not None:
            if clock.unit in ("hours", "minutes") or clock.calendar_version_id is None:
                return ALWAYS
            return version_value(clock.calendar_version_id)
    row = Calendar.objects.filter(key="team").first() or Calendar.objects.order_by("pk").first()
    return newest(row.pk)[1] if row else ALWAYS


def business(calendar: BusinessCalendar, begin: datetime, end: datetime) -> float:
    """Business seconds by looking at every stretch of every local day between two moments."""
    zone, total = ZoneInfo(calendar.zone), 0.0
    day = begin.astimezone(zone).date() - timedelta(days=1)
    while day <= end.astimezone(zone).date() + timedelta(days=1):
        for first, last in () if day in calendar.closed else calendar.week[day.weekday()]:
            opens, closes = (
                (datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute))
                .replace(tzinfo=zone)
                .astimezone(UTC)
                for minute in (first, last)
            )
            total += max((min(closes, end) - max(opens, begin)).total_seconds(), 0)
        day += timedelta(days=1)
    return total


def nearest_rank(values: list[float], share: float) -> float | None:
    """The smallest value that this share of all do not pass."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None
