"""What is done at Zendesk and is no answer: notes, ends, assignees.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
"""

from collections.abc import Callable

from inbox.channels.contract import ChannelConfig, DeliveryError, OutboundEffect, SendReceipt
from integrations.zendesk import client
from integrations.zendesk.outbound import (
    CLOSED,
    Row,
    find,
    living,
    mark,
    number_of,
    receipt_of,
    ticket_of,
)
from integrations.zendesk.payloads import is_number

NOTHING = SendReceipt(external_id="")
ENDED = {"solved", CLOSED}


def effect(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """A note, an end, an assignee. What is done already counts as done. Raises `DeliveryError`."""
    do = EFFECTS.get(wanted.kind)
    if do is None:
        raise DeliveryError(f"Zendesk cannot “{wanted.kind}”", permanent=True)
    return do(wanted, config)


def _thread(wanted: OutboundEffect) -> str:
    return str(wanted.data.get("thread_key") or "")


def _living(wanted: OutboundEffect, config: ChannelConfig) -> Row:
    return living(config, ticket_of(config, number_of(_thread(wanted))))


def _put(config: ChannelConfig, ticket: Row, patch: Row) -> Row:
    # repeating any of these changes nothing more, so a lost answer is no question
    body = {"ticket": patch}
    found = client.call(config, "PUT", f"/tickets/{ticket['id']}", body, writes="comment" in patch)
    return found if isinstance(found, dict) else {}


def _close(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """Solve it; whoever solves a ticket that nobody has takes it, for Zendesk demands one."""
    ticket = _living(wanted, config)
    if ticket.get("status") in ENDED:
        return NOTHING
    patch: Row = {"status": "solved"}
    if not ticket.get("assignee_id") and is_number(config.get("user_id")):
        patch["assignee_id"] = int(config.get("user_id"))
    _put(config, ticket, patch)
    return NOTHING


def _reopen(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    ticket = _living(wanted, config)
    if ticket.get("status") == CLOSED:
        raise DeliveryError(
            "it is closed for good at Zendesk; an answer opens a follow-up there", permanent=True
        )
    if ticket.get("status") == "solved":
        _put(config, ticket, {"status": "open"})
    return NOTHING


def _assign(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    ticket, person = _living(wanted, config), str(wanted.data.get("person") or "")
    if person and not is_number(person):
        raise DeliveryError(f"“{person}” is nobody at Zendesk", permanent=True)
    if ticket.get("status") == CLOSED:
        raise DeliveryError("it is closed for good at Zendesk", permanent=True)
    if str(ticket.get("assignee_id") or "") != person:
        _put(config, ticket, {"assignee_id": int(person) if person else None})
    return NOTHING


def _note(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """A private comment; under its writer's own name where we know them there."""
    key = wanted.idempotency_key
    if wanted.again:
        known = find(_thread(wanted), key, config)
        if known is not None:
            return known
    ticket, data = _living(wanted, config), wanted.data
    if ticket.get("status") == CLOSED:
        raise DeliveryError("it is closed for good at Zendesk", permanent=True)
    text, author = str(data.get("text") or ""), str(data.get("author_key") or "")
    comment: Row = {"public": False, "body": text}
    if is_number(author):
        comment["author_id"] = int(author)
    elif data.get("author_name"):
        comment["body"] = f"{text.rstrip()}\n\n– {data['author_name']}"
    answer = _put(config, ticket, {"comment": comment, "metadata": mark(key, config)})
    return receipt_of(answer, config, key)


EFFECTS: dict[str, Callable[[OutboundEffect, ChannelConfig], SendReceipt]] = {
    "close": _close,
    "reopen": _reopen,
    "assign": _assign,
    "note": _note,
}
