"""When somebody can be expected to answer: the hours of the channel's team."""

from datetime import datetime
from typing import Any

from inbox.calendars import clock
from inbox.calendars import services as calendars
from inbox.channels.models import Channel
from inbox.common import presence
from inbox.common.hours import zone
from inbox.common.text import initials
from inbox.livechat.models import Conversation


def hours(channel: Channel, now: datetime) -> dict[str, Any]:
    """Whether the team is at work, in words; without a calendar nothing is said."""
    policy = channel.policy
    if policy is None or policy.calendar_id is None:
        return {"open": True, "text": "", "zone": ""}
    _, calendar = calendars.newest(policy.calendar_id)
    if clock.is_open(calendar, now):
        return {"open": True, "text": "The team is at work", "zone": calendar.zone}
    try:
        opens = clock.next_opening(calendar, now)
    except clock.NeverOpen:
        return {"open": False, "text": "The team answers by mail", "zone": calendar.zone}
    local = opens.astimezone(zone(calendar.zone))
    today = local.date() == now.astimezone(zone(calendar.zone)).date()
    day = "" if today else f"{local:%A} "
    return {
        "open": False,
        "text": f"Back {day}at {local:%H:%M}",
        "opens_at": opens.isoformat(),
        "zone": calendar.zone,
    }


def person(conversation: Conversation) -> dict[str, Any] | None:
    """Who answers this chat: the ticket's assignee, else the channel's default person."""
    ticket = conversation.thread.ticket if conversation.thread else None
    user = (ticket.owner if ticket else None) or conversation.channel.owner
    if user is None or not user.is_active:
        return None
    name = user.display_name
    here = bool(presence.is_online([user.pk]))
    return {"name": name, "initials": initials(name), "here": here}
