"""Answers as comments, found again by a mark in the audit's metadata.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
"""

from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    DeliveryError,
    OutboundFile,
    OutboundMessage,
    SendReceipt,
)
from inbox.channels.jsontext import moment
from integrations.zendesk import client
from integrations.zendesk.client import ZendeskError
from integrations.zendesk.payloads import (
    HOUSE,
    MARK,
    is_number,
    our_comments,
    permalink,
    thread_key,
)

Row = dict[str, Any]
CLOSED = "closed"  # for good: nothing can be added any more
OURS = {"new", "open"}  # an answer makes these wait for the customer
TRIES = 3  # of an update that somebody else's keeps preventing
LONGEST = 65_535
MOST_FOLLOWUPS = 10


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """A public comment; on what is closed for good, a follow-up. Raises `DeliveryError`."""
    number = number_of(message.thread_key)
    if len(message.html or message.text) > LONGEST:
        raise DeliveryError("Zendesk takes no comment of that length", permanent=True)
    ticket = living(config, ticket_of(config, number))
    comment: Row = {"public": True, **words(message)}
    if is_number(message.author_key):
        comment["author_id"] = int(message.author_key)
    if message.files:
        comment["uploads"] = [upload(config, file) for file in message.files]
    patch: Row = {"comment": comment, "metadata": mark(message.idempotency_key, config)}
    if ticket.get("status") == CLOSED:
        return _follow_up(message, config, ticket, patch)
    if ticket.get("status") in OURS and not message.automatic:
        patch["status"] = "pending"
    return receipt_of(safely(config, ticket, patch), config, message.idempotency_key)


def words(message: OutboundMessage) -> Row:
    """The text of a comment: HTML where we have it, unless somebody else wrote the words."""
    if message.html and not message.foreign:
        return {"html_body": message.html}
    return {"body": message.text}


def mark(key: str, config: ChannelConfig) -> dict[str, str]:
    """What comes back in the audit as `metadata.custom`."""
    return {MARK: key, HOUSE: config.installation}


def number_of(key: str) -> str:
    """The ticket's number of a thread's key. Raises `DeliveryError`."""
    space, _, number = key.partition("/")
    if space != "ticket" or not is_number(number):
        raise DeliveryError(f"“{key}” is no ticket of Zendesk's", permanent=True)
    return number


def ticket_of(config: ChannelConfig, number: str) -> Row:
    """A ticket as it stands now. Raises `ZendeskError`."""
    found = client.call(config, "GET", f"/tickets/{number}")
    ticket = found.get("ticket") if isinstance(found, dict) else None
    if not isinstance(ticket, dict):
        raise ZendeskError("Zendesk's answer holds no ticket")
    return ticket


def followups(config: ChannelConfig, ticket: Row) -> list[Row]:
    """The tickets that follow up one that is closed, the newest first. Raises `ZendeskError`."""
    rows = ticket.get("followup_ids")
    keys = sorted((key for key in rows or [] if is_number(key)), key=int, reverse=True)
    found = []
    for key in keys[:MOST_FOLLOWUPS]:
        try:
            found.append(ticket_of(config, str(key)))
        except ZendeskError as error:
            if error.status != 404:  # deleted since
                raise
    return found


def living(config: ChannelConfig, ticket: Row) -> Row:
    """The ticket, or where it goes on after it was closed for good. Raises `ZendeskError`."""
    if ticket.get("status") != CLOSED:
        return ticket
    rows = followups(config, ticket)
    return next((row for row in rows if row.get("status") != CLOSED), ticket)


def upload(config: ChannelConfig, file: OutboundFile) -> str:
    """The token of a file; one that nobody uses ends by itself, so nothing here is uncertain.

    https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/#upload-files
    """
    found = client.call(
        config,
        "POST",
        "/uploads",
        file.content,
        query={"filename": file.filename},
        headers={"Content-Type": file.content_type or "application/octet-stream"},
        writes=False,
    )
    token = (found.get("upload") or {}).get("token") if isinstance(found, dict) else None
    if not token:
        raise ZendeskError("Zendesk did not take the file")
    return str(token)


# ------------------------------------------------------------------ an update nobody runs over


def safely(config: ChannelConfig, ticket: Row, patch: Row) -> Row:
    """Update a ticket as long as it stands as we saw it; the answer. Raises `DeliveryError`.

    When somebody was faster, the newest state is fetched. Where they only changed a field, ours
    follows; where they wrote to the customer, a person has to look first.
    """
    number, seen = ticket.get("id"), str(ticket.get("updated_at"))
    for _ in range(TRIES):
        body = {"ticket": {**patch, "safe_update": True, "updated_stamp": seen}}
        try:
            found = client.call(config, "PUT", f"/tickets/{number}", body)
            return found if isinstance(found, dict) else {}
        except ZendeskError as error:
            if error.status != 409:
                raise
        fresh = ticket_of(config, str(number))
        _refuse_if_answered(config, fresh, seen)
        seen = str(fresh.get("updated_at"))
    raise ZendeskError("the ticket keeps changing at Zendesk", status=409, retry_after_seconds=30)


def _refuse_if_answered(config: ChannelConfig, fresh: Row, seen: str) -> None:
    """Raises `ZendeskError` when something was said in public since a moment."""
    query = {"page[size]": 20, "sort": "-created_at"}
    found = client.call(config, "GET", f"/tickets/{fresh.get('id')}/comments", query=query)
    since = moment(seen)
    for row in client.rows_of(found, "comments"):
        at = moment(row.get("created_at"))
        if row.get("public") and since and at and at > since:
            words = " ".join(str(row.get("plain_body") or row.get("body") or "").split())[:80]
            raise ZendeskError(
                f"somebody was faster at Zendesk: the ticket is {fresh.get('status')} now, and "
                f"“{words}” was said there. Look at it and send again.",
                status=409,
                permanent=True,
            )


# ------------------------------------------------------------------ what is closed for good


def _follow_up(
    message: OutboundMessage, config: ChannelConfig, source: Row, patch: Row
) -> SendReceipt:
    """A new ticket of the same customer; the key makes a repetition harmless for two hours.

    https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/#creating-a-follow-up-ticket
    """
    body: Row = {
        "via_followup_source_id": source["id"],
        "subject": str(source.get("subject") or message.subject or "Follow-up"),
        "status": "pending",
        **patch,
    }
    if is_number(source.get("requester_id")):
        body["requester_id"] = source["requester_id"]
    key = f"{config.installation}:{message.idempotency_key}"[:255]
    headers = {"Idempotency-Key": key}
    try:
        made = client.call(config, "POST", "/tickets", {"ticket": body}, headers=headers)
    except ZendeskError as error:
        # the first try is under way, or was done with the files' tokens of that time
        if error.status == 409 or error.code == "IdempotentRequestError":
            raise ZendeskError("Zendesk knows of an earlier try", uncertain=True) from error
        raise
    return receipt_of(made if isinstance(made, dict) else {}, config, message.idempotency_key)


def receipt_of(answer: Mapping[str, Any], config: ChannelConfig, key: str) -> SendReceipt:
    """What an update's answer says: the comment of ours in its audit."""
    audit, ticket = answer.get("audit"), answer.get("ticket")
    found = our_comments([audit] if isinstance(audit, dict) else [], config, key=key)
    if not found or not isinstance(ticket, dict):
        # it is there, and nobody says under which id: ask the audits
        raise ZendeskError("Zendesk's answer does not name the comment", uncertain=True)
    return receipt(found[0], ticket.get("id"), config)


def receipt(comment: str, number: Any, config: ChannelConfig) -> SendReceipt:
    """A comment of ours."""
    data = {"url": permalink(config, number), "thread_key": thread_key(number), "number": number}
    return SendReceipt(external_id=f"comment/{comment}", data=data)


def find_sent(message: OutboundMessage, config: ChannelConfig) -> SendReceipt | None:
    """Ask the audits by our mark, of follow-ups too. Raises `DeliveryError`."""
    return find(message.thread_key, message.idempotency_key, config)


def find(thread: str, key: str, config: ChannelConfig) -> SendReceipt | None:
    """A comment of ours by its key, on a ticket or what follows it up. Raises `DeliveryError`."""
    number = number_of(thread)
    ticket = ticket_of(config, number)
    rows = [ticket, *followups(config, ticket)]
    for row in rows:
        pages = client.pages(config, f"/tickets/{row['id']}/audits", "audits")
        audits = [audit for page in pages for audit in page["audits"]]
        own = our_comments(audits, config, key=key, by=config.get("user_id"))
        if own:
            return receipt(own[0], row["id"], config)
    return None
