"""Index of every room's models."""

from inbox.accounts.models import ApiAnswer, ApiToken, Role, Team, User
from inbox.calendars.models import Calendar, CalendarVersion
from inbox.channels.models import Channel, Delivery, Fetch, Lookup, Source, SourceGroup
from inbox.common.models import ConfigVersion, Setting
from inbox.followups.models import DelayedAction, Digest, FollowUp, Handover, PromiseOffer
from inbox.livechat.models import Conversation, Entry, Visitor, VisitorToken
from inbox.loop.models import Closing, Item, Link, LoopNotice, Release
from inbox.macros.models import Macro
from inbox.mirrors.models import MirrorCard, MirrorTarget
from inbox.notify.models import Notice
from inbox.oncall.models import (
    Absence,
    Override,
    RosterShift,
    Rotation,
    RotationMember,
    RoundRobin,
    SwapRequest,
)
from inbox.outbox.models import AutomaticMail, Outgoing
from inbox.people.models import Contact, ContactMerge, Identity
from inbox.reports.models import ReportDay, ReportFact, ReportProgress
from inbox.routing.models import Rule, RuleHit, RuleTrace
from inbox.search.models import (
    Fingerprint,
    Occurrence,
    SearchDoc,
    SearchState,
    Spelling,
    Spike,
    Word,
)
from inbox.sla.models import Clock, Policy
from inbox.tickets.models import (
    Attachment,
    Category,
    Message,
    Reaction,
    Receipt,
    Tag,
    Thread,
    Ticket,
    TicketCount,
    TicketEvent,
    Tombstone,
    Touched,
)

__all__ = [
    "Absence",
    "ApiAnswer",
    "ApiToken",
    "Attachment",
    "AutomaticMail",
    "Calendar",
    "CalendarVersion",
    "Category",
    "Channel",
    "Clock",
    "Closing",
    "ConfigVersion",
    "Contact",
    "ContactMerge",
    "Conversation",
    "DelayedAction",
    "Delivery",
    "Digest",
    "Entry",
    "Fetch",
    "Fingerprint",
    "FollowUp",
    "Handover",
    "Identity",
    "Item",
    "Link",
    "Lookup",
    "LoopNotice",
    "Macro",
    "Message",
    "MirrorCard",
    "MirrorTarget",
    "Notice",
    "Occurrence",
    "Outgoing",
    "Override",
    "Policy",
    "PromiseOffer",
    "Reaction",
    "Receipt",
    "Release",
    "ReportDay",
    "ReportFact",
    "ReportProgress",
    "Role",
    "RosterShift",
    "Rotation",
    "RotationMember",
    "RoundRobin",
    "Rule",
    "RuleHit",
    "RuleTrace",
    "SearchDoc",
    "SearchState",
    "Setting",
    "Source",
    "SourceGroup",
    "Spelling",
    "Spike",
    "SwapRequest",
    "Tag",
    "Team",
    "Thread",
    "Ticket",
    "TicketCount",
    "TicketEvent",
    "Tombstone",
    "Touched",
    "User",
    "Visitor",
    "VisitorToken",
    "Word",
]
