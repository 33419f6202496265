"""Tickets from the database to their stories: a handful of statements for any number of them."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from inbox.calendars.clock import ALWAYS, BusinessCalendar
from inbox.calendars.models import Calendar
from inbox.calendars.services import newest, version_value
from inbox.channels.models import Channel
from inbox.common.config import setting
from inbox.reports.story import Happening, Outcome, Said, Story, answer_of, told
from inbox.sla.models import Clock, ClockState, Metric
from inbox.tickets.models import AuthorRole, Message, Ticket, TicketEvent

OF_TICKET = (
    "number created_at status resolution opener_role channel_id category owner_id team_id "
    "priority restricted_team_id state_seconds"
).split()
OF_CLOCK = (
    "ticket_id metric unit calendar_version_id state soft due_at met_at breached_at missed_at"
).split()
PLAIN = ("hours", "minutes")


def stories(numbers: Collection[int]) -> Iterator[Story]:
    """The stories of these tickets; a number without a ticket tells none."""
    events: dict[int, list[Happening]] = defaultdict(list)
    rows = TicketEvent.objects.filter(ticket__in=numbers).order_by("ticket", "pk")
    for number, *values in rows.values_list(
        "ticket_id", "kind", "at", "data", "actor_kind", "actor_user_id"
    ):
        events[number].append(Happening(*values))
    clocks: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for clock in Clock.objects.filter(ticket__in=numbers).order_by("pk").values(*OF_CLOCK):
        clocks[clock["ticket_id"]].append(clock)
    said = _said(events)
    usual = team_calendar()
    for row in Ticket.objects.filter(pk__in=numbers).values(*OF_TICKET):
        number = row["number"]
        yield Story(
            number=number,
            created_at=row["created_at"],
            status=row["status"],
            resolution=row["resolution"],
            by_asker=row["opener_role"] == AuthorRole.ASKER,
            channel=row["channel_id"],
            category=row["category"],
            person=row["owner_id"] or 0,
            team=row["team_id"] or 0,
            priority=row["priority"],
            scope=row["restricted_team_id"] or 0,
            calendar=_calendar(clocks[number], usual),
            state_seconds=row["state_seconds"],
            events=told(events[number]),
            outcomes=[found for clock in clocks[number] for found in _outcome(clock)],
            said=said,
        )


def team_calendar() -> BusinessCalendar:
    """The calendar of what nobody promised anything about: the setting's, else the first."""
    known = dict(Calendar.objects.order_by("pk").values_list("key", "pk"))
    if not known:
        return ALWAYS
    return newest(known.get(setting("report_calendar"), next(iter(known.values()))))[1]


def _calendar(clocks: list[dict[str, Any]], usual: BusinessCalendar) -> BusinessCalendar:
    """Time is counted as it was promised: a promise around the clock around the clock."""
    for metric in (Metric.FIRST_RESPONSE, Metric.ACKNOWLEDGE):
        for clock in reversed(clocks):
            if clock["metric"] != metric:
                continue
            if clock["unit"] in PLAIN or clock["calendar_version_id"] is None:
                return ALWAYS
            return version_value(clock["calendar_version_id"])
    return usual


def _outcome(clock: dict[str, Any]) -> list[Outcome]:
    """Kept when the answer came in time, even if we learnt of it late; else missed, once."""
    met, due, soft = clock["met_at"], clock["due_at"], clock["soft"]
    if clock["state"] == ClockState.MET and met <= due:
        return [Outcome(met, kept=True, soft=soft)]
    missed = clock["breached_at"] or clock["missed_at"] or met
    return [Outcome(missed, kept=False, soft=soft)] if missed else []


def _said(events: dict[int, list[Happening]]) -> dict[int, Said]:
    """When and by whom each answer was given; where a vendor's time counts, that time."""
    filed = {
        e.data["message"]: e.at
        for told in events.values()
        for e in told
        if answer_of(e) and "message" in e.data
    }
    believed = {c.pk for c in Channel.objects.all() if c.type.keeps_time}
    rows = Message.objects.filter(pk__in=filed).values_list(
        "pk", "sent_at", "thread__channel", "author", "author_user", "author__contact__champion"
    )
    return {
        pk: Said(
            at=min(sent_at, filed[pk]) if channel in believed else filed[pk],
            identity=identity,
            user=user,
            champion=bool(champion),
        )
        for pk, sent_at, channel, identity, user, champion in rows
    }
