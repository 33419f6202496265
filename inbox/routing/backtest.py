"""Trying rules without changing anything: on the last tickets, or on a pasted message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inbox.channels import registry
from inbox.channels.contract import ChannelConfig, InboundMessage, RawRequest
from inbox.routing.conditions import Facts
from inbox.routing.engine import CompiledRule, Decision, evaluate
from inbox.routing.facts import facts_of
from inbox.tickets.models import Direction, Message, Ticket

LAST = 100


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What rules would have done with one ticket."""

    ticket: Ticket
    decision: Decision
    facts: Facts


def on_last_tickets(
    rules: Sequence[CompiledRule], tickets: Sequence[Ticket], triggers: Sequence[str]
) -> list[Trial]:
    """Ask the rules about the first message of each ticket, as if it had just come."""
    first = {
        message.ticket_id: message
        for message in Message.objects.filter(ticket__in=tickets, direction=Direction.IN)
        .select_related("author", "thread__channel")
        .order_by("-id")
    }
    trials = []
    for ticket in tickets:
        message = first.get(ticket.pk)
        facts = facts_of(ticket, message)
        facts.update(category="", is_reply=False, status="open", waiting_on="us", answered=False)
        decision = evaluate(rules, facts, triggers)
        trials.append(Trial(ticket=ticket, decision=decision, facts=facts))
    return trials


def on_pasted(
    rules: Sequence[CompiledRule], raw: bytes, *, kind: str, mailbox: str
) -> tuple[InboundMessage | None, Decision]:
    """Ask the rules about a raw message that somebody pasted; nothing is stored."""
    config = ChannelConfig(kind=kind, key="test", settings={"address": mailbox})
    request = RawRequest(headers={"x-source": "pipe"}, body=raw)
    batch = registry.get(kind).parse(request, config, None)
    if not batch.messages:
        return None, Decision()
    message = batch.messages[0]
    return message, evaluate(rules, _facts(message, kind, mailbox), ["opened", "message"])


def _facts(message: InboundMessage, kind: str, mailbox: str) -> dict[str, Any]:
    sender = message.sender_key or message.author.external_id
    to, cc = [a.casefold() for a in message.to], [a.casefold() for a in message.cc]
    return {
        "channel": f"{kind}/test",
        "mailbox": [mailbox.casefold()],
        "to": to,
        "cc": cc,
        "recipient": [*to, *cc],
        "sender": sender,
        "domain": sender.rpartition("@")[2],
        "sender_name": message.author.name,
        "subject": message.subject,
        "body": message.new_text,
        "text": f"{message.subject}\n{message.new_text}",
        "mail_class": str(message.message_class),
        "automatic": message.author.is_bot,
        "is_reply": False,
        "live_chat": False,
        "purpose": "support",
        "answered": False,
        "author_role": "asker",
        "status": "open",
        "waiting_on": "us",
        "priority": "normal",
        "kind": "help",
        **message.facts,
    }
