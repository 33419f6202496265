"""Index of every room's models."""

from inbox.accounts.models import ApiAnswer, ApiToken, Role, Team, User
from inbox.calendars.models import Calendar, CalendarVersion
from inbox.channels.models import Channel, Delivery, Lookup, Source, SourceGroup
from inbox.common.models import ConfigVersion, Setting
from inbox.followups.models import DelayedAction
from inbox.loop.models import Link
from inbox.oncall.models import Rotation, RotationMember
from inbox.outbox.models import AutomaticMail, Outgoing
from inbox.people.models import Contact, ContactMerge, Identity
from inbox.routing.models import Rule, RuleHit, RuleTrace
from inbox.sla.models import Clock, Policy
from inbox.tickets.models import (
    Attachment,
    Category,
    Message,
    Receipt,
    Tag,
    Thread,
    Ticket,
    TicketCount,
    TicketEvent,
)

__all__ = [
    "ApiAnswer",
    "ApiToken",
    "Attachment",
    "AutomaticMail",
    "Calendar",
    "CalendarVersion",
    "Category",
    "Channel",
    "Clock",
    "ConfigVersion",
    "Contact",
    "ContactMerge",
    "DelayedAction",
    "Delivery",
    "Identity",
    "Link",
    "Lookup",
    "Message",
    "Outgoing",
    "Policy",
    "Receipt",
    "Role",
    "Rotation",
    "RotationMember",
    "Rule",
    "RuleHit",
    "RuleTrace",
    "Setting",
    "Source",
    "SourceGroup",
    "Tag",
    "Team",
    "Thread",
    "Ticket",
    "TicketCount",
    "TicketEvent",
    "User",
]
