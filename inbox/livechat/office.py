"""When somebody can be expected to answer, how soon usually, and who: nothing that is not known."""

from contextlib import suppress
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.core.cache import cache
from redis import RedisError

from inbox.accounts.models import User
from inbox.calendars import clock
from inbox.calendars import services as calendars
from inbox.calendars.clock import BusinessCalendar
from inbox.channels.models import Channel
from inbox.common import presence
from inbox.common.hours import zone
from inbox.common.text import initials
from inbox.livechat.models import Conversation
from inbox.oncall.assigning import default_owner
from inbox.sla.models import Clock, ClockState, Metric
from inbox.tickets.models import Ticket

LOOKED_BACK = timedelta(days=30)
FEWEST_ANSWERS = 5
NEWEST_ANSWERS = 200
KEPT_SECONDS = 300
# what a promise may sound like; rounded up, so that it is rather kept than broken
STEPS = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240)
LEADS = "leads"


def hours(channel: Channel, now: datetime) -> dict[str, Any]:
    """Whether the team is at work, until when, and how soon it usually answers.

    `text` says it in English; the other values let a widget say it in its own language: `minutes`
    to a usual first answer (None: not known), `until` as 18:00 in the team's zone while it is open.
    Without a calendar nothing is said.
    """
    policy = channel.policy
    if policy is None or policy.calendar_id is None:
        return {"open": True, "text": "", "zone": "", "minutes": None}
    _, calendar = calendars.newest(policy.calendar_id)
    leads = channel.settings.get("purpose") == LEADS
    found: dict[str, Any] = {"zone": calendar.zone, "minutes": usual_minutes(channel, now)}
    if clock.is_open(calendar, now):
        return {**found, **_while_open(calendar, now, found["minutes"], leads=leads)}
    return {**found, **_while_closed(calendar, now, leads=leads)}


def _while_open(
    calendar: BusinessCalendar, now: datetime, minutes: int | None, *, leads: bool
) -> dict[str, Any]:
    here = "Talk to us now" if leads else "The team is at work"
    usual = f", usually answers in {_span(minutes)}" if minutes else ""
    if leads and minutes:
        usual = f", usually we answer in {_span(minutes)}"
    shown: dict[str, Any] = {"open": True, "text": here + usual}
    closes = clock.closing_today(calendar, now)
    if closes is not None:
        shown["until"] = f"{closes.astimezone(zone(calendar.zone)):%H:%M}"
    return shown


def _while_closed(calendar: BusinessCalendar, now: datetime, *, leads: bool) -> dict[str, Any]:
    later = "Leave your question, we come back to you" if leads else "The team answers by mail"
    try:
        opens = clock.next_opening(calendar, now)
    except clock.NeverOpen:
        return {"open": False, "text": later}
    local = opens.astimezone(zone(calendar.zone))
    today = local.date() == now.astimezone(zone(calendar.zone)).date()
    back = f"Back {'' if today else f'{local:%A} '}at {local:%H:%M}"
    text = f"{back}. {later}" if leads else back
    return {"open": False, "text": text, "opens_at": opens.isoformat()}


def _span(minutes: int) -> str:
    whole, rest = divmod(minutes, 60)
    if not whole:
        return f"{minutes} min"
    return f"{whole} h {rest} min" if rest else f"{whole} h"


def usual_minutes(channel: Channel, now: datetime) -> int | None:
    """The median of the newest first answers in business time, rounded up to a usual figure.

    None when there were too few in the last 30 days, or when they took longer than half a day.
    """
    if channel.policy is None:
        return None
    key, known = f"chat-usual:{channel.pk}:{channel.policy.key}", None
    with suppress(RedisError):  # a cache that is away costs a question, not the chat
        known = cache.get(key)
    if known is None:
        known = _measured(channel, channel.policy.key, now) or 0
        with suppress(RedisError):
            cache.set(key, known, KEPT_SECONDS)
    return known or None


def _measured(channel: Channel, policy_key: str, now: datetime) -> int | None:
    answers = Clock.objects.filter(
        policy_key=policy_key,
        metric=Metric.FIRST_RESPONSE,
        state=ClockState.MET,
        answered_by="team",
        met_at__gt=now - LOOKED_BACK,
        met_at__lte=now,
        ticket__channel=channel,
    )
    took = list(
        answers.order_by("-met_at").values_list("consumed_seconds", flat=True)[:NEWEST_ANSWERS]
    )
    if len(took) < FEWEST_ANSWERS:
        return None
    middle = median(took) / 60
    return next((step for step in STEPS if middle <= step), None)


# ------------------------------------------------------------------ who


def person(conversation: Conversation, now: datetime) -> dict[str, Any] | None:
    """Who answers this chat, as its visitor may know them; None while that is nobody."""
    user = _answering(conversation, now)
    if user is None:
        return None
    name, here = user.display_name, bool(presence.is_online([user.pk]))
    return {"name": name, "initials": initials(name), "here": here}


def _answering(conversation: Conversation, now: datetime) -> User | None:
    of_chat = Ticket.objects.filter(threads__conversation=conversation)
    ticket = of_chat.select_related("owner").first() if conversation.thread_id else None
    if ticket is None:
        return default_owner(conversation.channel, now)
    if ticket.owner is not None:
        return ticket.owner if ticket.owner.is_active else None
    # a team has it, and nobody of them has taken it yet
    return None if ticket.team_id else default_owner(conversation.channel, now)
