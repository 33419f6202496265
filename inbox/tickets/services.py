"""What can be done to a ticket: one verb each, used by the web, the API, rules and buttons.

Every verb needs an open change, locks the ticket, and records one event; a verb that changes
nothing records nothing. `VerbError` says why something cannot be done.
"""

from datetime import datetime
from typing import Any

from inbox.accounts.models import Team
from inbox.common.versions import bump, kept
from inbox.tickets import kinds
from inbox.tickets.belonging import add_tags, assign, remove_tags
from inbox.tickets.changing import (
    bury,
    delete_message,
    edit_message,
    forget_conversation,
    forget_keys,
    is_buried,
    is_conversation_forgotten,
    is_forgotten,
    move_thread,
    moved_thread,
    note_reaction,
    reactions_on,
    take_back,
)
from inbox.tickets.errors import VerbError
from inbox.tickets.filing import add_message, open_ticket
from inbox.tickets.merging import merge, unmerge, way_of
from inbox.tickets.models import Category, Kind, Message, Priority, Ticket
from inbox.tickets.recording import change_field, lock, lock_all, own, record, touch
from inbox.tickets.replying import note as add_note
from inbox.tickets.replying import reply, reply_route
from inbox.tickets.splitting import split
from inbox.tickets.status import (
    close,
    hold,
    mark_spam,
    reopen,
    restore,
    snooze,
    trash,
    unsnooze,
    wait,
)

__all__ = [
    "add_message",
    "add_note",
    "add_tags",
    "assign",
    "bury",
    "close",
    "delete_message",
    "edit_message",
    "forget_conversation",
    "forget_keys",
    "hold",
    "is_buried",
    "is_conversation_forgotten",
    "is_forgotten",
    "lock",
    "lock_all",
    "mark_spam",
    "merge",
    "move_thread",
    "moved_thread",
    "note_reaction",
    "open_ticket",
    "reactions_on",
    "record",
    "remove_tags",
    "reopen",
    "reply",
    "reply_route",
    "restore",
    "snooze",
    "split",
    "take_back",
    "touch",
    "trash",
    "unmerge",
    "unsnooze",
    "wait",
    "way_of",
]


def set_category(ticket: Ticket, name: str) -> Ticket:
    """Sort a ticket; a new name joins the list of categories, unless it is for one team only."""
    ticket = own(ticket)
    name = name.strip()[:120]
    before = change_field(ticket, "category", name)
    if before is not None:
        secret = ticket.restricted_team_id is not None
        if name and not secret and name not in kept("categories", known_categories):
            Category.objects.bulk_create([Category(name=name)], ignore_conflicts=True)
            bump("categories")
        record(ticket, kinds.CATEGORY, **{"from": before, "to": name})
    return ticket


def known_categories() -> list[str]:
    """Every category's name, in order; kept per process under its stamp."""
    return list(Category.objects.values_list("name", flat=True))


def set_priority(ticket: Ticket, priority: str) -> Ticket:
    """low, normal, high or urgent."""
    return _choose(ticket, "priority", priority, Priority.values, kinds.PRIORITY)


def set_kind(ticket: Ticket, kind: str) -> Ticket:
    """help, bug, feature, docs, security, lead or other (S43)."""
    return _choose(ticket, "kind", kind, Kind.values, kinds.KIND)


def set_subject(ticket: Ticket, subject: str) -> Ticket:
    """Give the ticket another title; what was sent keeps its own."""
    ticket = own(ticket)
    before = change_field(ticket, "subject", subject.strip()[:250])
    if before is not None:
        record(ticket, kinds.SUBJECT, **{"from": before, "to": ticket.subject})
    return ticket


def _choose(ticket: Ticket, name: str, value: str, choices: list[str], kind: str) -> Ticket:
    ticket = own(ticket)
    if value not in choices:
        raise VerbError(f"{name.capitalize()} cannot be “{value}”.", field=name)
    before = change_field(ticket, name, value)
    if before is not None:
        record(ticket, kind, **{"from": before, "to": value})
    return ticket


def set_team(ticket: Ticket, team: Team | None) -> Ticket:
    """Give the ticket to a team."""
    ticket = own(ticket)
    if ticket.team_id == (team.pk if team else None):
        return ticket
    ticket.team = team
    touch(ticket, "team_id")
    record(ticket, kinds.TEAM, to=team.key if team else None)
    return ticket


def restrict(ticket: Ticket, team: Team | None) -> Ticket:
    """Let only this team (and admins) see the ticket; None lifts it."""
    ticket = own(ticket)
    if ticket.restricted_team_id == (team.pk if team else None):
        return ticket
    ticket.restricted_team = team
    touch(ticket, "restricted_team_id")
    record(ticket, kinds.RESTRICTED, to=team.key if team else None)
    return ticket


def add_cc(ticket: Ticket, address: str) -> Ticket:
    """Copy an address on every answer from now on."""
    ticket = own(ticket)
    address = address.strip().lower()
    if address and address not in ticket.cc:
        ticket.cc = [*ticket.cc, address]
        touch(ticket, "cc")
        record(ticket, kinds.CC_ADDED, address=address)
    return ticket


def set_policy(ticket: Ticket, policy: Any | None, *, reason: str) -> Ticket:
    """Choose the SLA policy; None means best effort (S20). `sla` reacts to the event."""
    ticket = own(ticket)
    key = policy.pk if policy else None
    if ticket.policy_id == key and ticket.policy_reason == reason:
        return ticket
    ticket.policy, ticket.policy_reason = policy, reason[:120]
    touch(ticket, "policy_id", "policy_reason")
    record(ticket, kinds.POLICY, to=policy.key if policy else None, reason=reason)
    return ticket


def set_due(ticket: Ticket, due_at: datetime | None) -> None:
    """Cache the earliest live clock. Only `sla` calls this."""
    change_field(ticket, "next_due_at", due_at)


def accept(ticket: Ticket, message: Message) -> Ticket:
    """Take an unverified participant in: from now on they are copied on answers (L1)."""
    ticket = own(ticket)
    if "unverified_participant" in message.flags:
        message.flags = [flag for flag in message.flags if flag != "unverified_participant"]
        message.save(update_fields=["flags"])
        record(ticket, kinds.ACCEPTED, message=message.pk, who=message.author_label)
    return ticket


def record_link(ticket: Ticket, *, kind: str, url: str) -> None:
    """Note that something outside was linked; `loop` keeps the link itself."""
    record(own(ticket), kinds.LINKED, link_kind=kind, url=url)
