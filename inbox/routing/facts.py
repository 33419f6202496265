"""What rules may look at: a flat mapping of a ticket and, if there is one, its message."""

from collections.abc import Callable
from typing import Any

from inbox.calendars.clock import is_open
from inbox.calendars.services import newest
from inbox.channels import directory, openroles
from inbox.channels.contract import Capability
from inbox.common import work
from inbox.livechat.models import Conversation
from inbox.routing.conditions import Facts
from inbox.tickets.models import Message, Ticket


class LazyFacts(dict[str, Any]):
    """Facts that cost a look-up are asked for only when a rule names them."""

    def __init__(self, plain: dict[str, Any], ticket: Ticket) -> None:
        super().__init__(plain)
        self.ticket = ticket

    def get(self, key: str, default: Any = None) -> Any:
        """A fact, looked up on first demand."""
        if key in self or key not in DEMANDED:
            return super().get(key, default)
        self[key] = DEMANDED[key](self)
        return self[key]


def facts_of(ticket: Ticket, message: Message | None, extra: Facts | None = None) -> LazyFacts:
    """Facts of a ticket as it stands, and of the message that has just come."""
    facts: dict[str, Any] = {
        "channel": str(ticket.channel),
        "purpose": ticket.channel.settings.get("purpose") or ticket.channel.purpose,
        "source": (ticket.source.label or ticket.source.external_key) if ticket.source else "",
        "category": ticket.category,
        "kind": ticket.kind,
        "priority": ticket.priority,
        "status": ticket.status,
        "waiting_on": ticket.waiting_on,
        "subject": ticket.subject,
        "owner": ticket.owner.username if ticket.owner else "",
        "team": ticket.team.key if ticket.team else "",
        "automatic": ticket.opener_class == "robot",
        "live_chat": Capability.LIVE in ticket.channel.type.capabilities,
        "answered": ticket.answered_at is not None,
    }
    if message is not None:
        facts.update(_of_message(ticket, message))
    facts.update(extra or {})
    return LazyFacts(facts, ticket)


def _of_message(ticket: Ticket, message: Message) -> dict[str, Any]:
    sender = message.sender_key or (message.author.external_id if message.author else "")
    to, cc = [a.casefold() for a in message.to], [a.casefold() for a in message.cc]
    return {
        "mailbox": _mailboxes(ticket, message, [*to, *cc]),
        "to": to,
        "cc": cc,
        "recipient": [*to, *cc],
        "sender": sender,
        "domain": sender.rpartition("@")[2],
        "sender_name": message.author_label,
        "subject": message.subject,
        "body": message.new_text,
        "text": f"{message.subject}\n{message.new_text}",
        "mail_class": message.message_class,
        "is_reply": ticket.message_count > 1,
        "author_role": message.role,
    }


def _mailboxes(ticket: Ticket, message: Message, recipients: list[str]) -> list[str]:
    """Our addresses that this message reached: where it came in, and others it names."""
    ours = directory.own_addresses()
    came_in = message.thread.channel.address.casefold()
    return [*dict.fromkeys([came_in, *(a for a in recipients if a in ours)])]


def _tags(facts: LazyFacts) -> list[str]:
    return list(facts.ticket.tags.values_list("name", flat=True))


def _contact_tags(facts: LazyFacts) -> list[str]:
    asker = facts.ticket.asker
    return ["champion"] if asker and asker.contact.champion else []


def _business_hours(facts: LazyFacts) -> bool:
    policy = facts.ticket.channel.policy
    if policy is None or policy.calendar_id is None:
        return True
    return is_open(newest(policy.calendar_id)[1], work.current().now)


def _open_role(facts: LazyFacts) -> bool:
    """Whether the text is about a role that is open; the list is kept by hand or by a job board."""
    return openroles.fitting(str(facts.get("text", ""))) is not None


def _chat(field: str) -> Callable[[LazyFacts], str]:
    """What the visitor said or showed before the first line; it stays true for later rules."""

    def look_up(facts: LazyFacts) -> str:
        rows = Conversation.objects.filter(thread__ticket=facts.ticket).order_by("-pk")
        return str(rows.values_list(field, flat=True).first() or "")

    return look_up


DEMANDED = {
    "topic": _chat("topic"),
    "page": _chat("page"),
    "tags": _tags,
    "contact_tags": _contact_tags,
    "business_hours": _business_hours,
    "open_role": _open_role,
}
