"""Answers in HubSpot's conversations, and looking for what was sent.

https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/public-message/post-conversations-v3-conversations-threads-threadId-messages
"""

import json
import re
from datetime import timedelta
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    DeliveryError,
    OutboundFile,
    OutboundMessage,
    SendReceipt,
)
from inbox.channels.jsontext import moment
from inbox.channels.wire import Row
from integrations.hubspot import client
from integrations.hubspot.messages import is_ours, message_key

LOOK_BACK = timedelta(seconds=60)
FOLDER = "/switchboard"
SPOT = re.compile(r"([0-9]+)(?:/.*)?")
LONGEST = 65_000


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """Answer where the last question came from, as the person who writes. Raises `DeliveryError`.

    Channel, account and recipients are those of the latest incoming message.
    """
    thread = thread_of(message.thread_key)
    if len(message.text) > LONGEST:
        raise DeliveryError("HubSpot takes no message of that length", permanent=True)
    path = client.conversations(config, f"/threads/{thread}/messages")
    asked = _latest_question(client.pages(config, path, {}))
    sender = message.author_key or config.get("sender_actor")
    if not sender:
        text = "HubSpot needs a user who answers: set sender_actor, or link the writer’s account"
        raise DeliveryError(text, permanent=True)
    body = {
        "type": "MESSAGE",
        "text": message.text,
        "richText": message.html,
        "senderActorId": sender,
        "channelId": str(asked.get("channelId") or ""),
        "channelAccountId": str(asked.get("channelAccountId") or ""),
        "recipients": _recipients(asked),
        # uploaded last: should anything above be wrong, no file lies about
        "attachments": [_upload(file, config) for file in message.files],
    }
    if asked.get("subject") or message.subject:
        body["subject"] = message.subject or asked["subject"]
    found = client.call(config, "POST", path, body)
    return receipt(thread, found)


def thread_of(thread_key: str) -> str:
    """The conversation's id in a thread's key. Raises `DeliveryError`."""
    found = SPOT.fullmatch(thread_key)
    if found is None:
        raise DeliveryError(f"“{thread_key[:60]}” is no conversation of HubSpot’s", permanent=True)
    return found[1]


def receipt(thread: str, row: Row) -> SendReceipt:
    """What the hub keeps: the same key that the message has when it comes back."""
    key = row.get("id")
    return SendReceipt(external_id=message_key(thread, key), data={"id": key, "thread": thread})


def _latest_question(rows: list[Row]) -> Row:
    asked = [
        row for row in rows if row.get("type") == "MESSAGE" and row.get("direction") == "INCOMING"
    ]
    if not asked:
        text = "nobody has written in this conversation, so HubSpot cannot say where it would go"
        raise DeliveryError(text, permanent=True)
    return max(asked, key=lambda row: str(row.get("createdAt")))


def _recipients(asked: Row) -> list[Row]:
    """Who wrote, and who had a copy; never our own address, which stands in the To of a mail."""
    writers = [_person(person, "TO") for person in asked.get("senders") or []]
    copied = [
        _person(person, "CC")
        for person in asked.get("recipients") or []
        if isinstance(person, dict) and person.get("recipientField") == "CC"
    ]
    found = [person for person in [*writers, *copied] if person]
    if not found:
        raise DeliveryError("HubSpot does not say who wrote last", permanent=True)
    return found


def _person(person: Any, recipient: str) -> Row | None:
    if not isinstance(person, dict):
        return None
    where = person.get("deliveryIdentifier")
    made: Row = {"recipientField": recipient}
    if person.get("actorId"):
        made["actorId"] = person["actorId"]
    if isinstance(where, dict) and where.get("value"):
        made["deliveryIdentifiers"] = [{name: where.get(name) for name in ("type", "value")}]
    return made if len(made) > 1 else None


def _upload(file: OutboundFile, config: ChannelConfig) -> Row:
    """https://developers.hubspot.com/docs/api-reference/files-files-v3/guide"""
    options = {"access": config.get("file_access", "PRIVATE")}
    parts = {
        "file": (file.filename, file.content, file.content_type),
        "folderPath": (None, FOLDER),
        "options": (None, json.dumps(options)),
    }
    # a file too many is in nobody's way, so nothing here is uncertain
    found = client.call(config, "POST", "/files/v3/files", files=parts, writes=False)
    return {"type": "FILE", "fileId": str(found.get("id") or "")}


# ------------------------------------------------------------------ looking for it


def find_sent(message: OutboundMessage, config: ChannelConfig) -> SendReceipt | None:
    """Ask by our app, the words and the time whether an answer is there. Raises `DeliveryError`.

    HubSpot has no place for a mark of ours.
    """
    since = message.created_at - LOOK_BACK if message.created_at else None
    return said(config, thread_of(message.thread_key), "MESSAGE", message.text, since)


def said(
    config: ChannelConfig, thread: str, kind: str, text: str, since: Any
) -> SendReceipt | None:
    """The newest message of our app with these words. Raises `DeliveryError`."""
    path = client.conversations(config, f"/threads/{thread}/messages")
    rows = client.pages(config, path, {})
    for row in sorted(rows, key=lambda row: str(row.get("createdAt")), reverse=True):
        at = moment(row.get("createdAt"))
        late = since is None or (at is not None and at >= since)
        mine = row.get("type") == kind and _by_us(row, config)
        if late and mine and _plain(row.get("text")) == _plain(text):
            return receipt(thread, row)
    return None


def _by_us(row: Row, config: ChannelConfig) -> bool:
    app = config.get("app_id")
    by = row.get("client")
    if not app:  # connected while HubSpot did not say who we are
        return isinstance(by, dict) and by.get("clientType") == "INTEGRATION"
    return is_ours(row, app)


def _plain(text: Any) -> str:
    """Words alone: HubSpot may set blanks and line ends its own way."""
    return " ".join(str(text or "").split())
