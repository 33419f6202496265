"""Answers in Intercom's conversations, and looking for what was sent.

https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io/conversations/replyconversation
"""

import base64
import html
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    DeliveryError,
    OutboundFile,
    OutboundMessage,
    SendReceipt,
)
from integrations.intercom import client, wording
from integrations.intercom.client import parts_of
from integrations.intercom.conversations import part_key
from integrations.intercom.payloads import PEOPLE, Row, inner, key_of, made_at, own_admin

LOOK_BACK = timedelta(seconds=60)
MOST_FILES = 10
MOST_BYTES = 20_000_000  # of all files of an answer; a third more as base64


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """Answer as the desk's teammate, or as the person who wrote it. Raises `DeliveryError`."""
    key, who = thread(message.thread_key), speaker(message.author_key, config)
    body: dict[str, Any] = {"message_type": "comment", "type": "admin", "admin_id": who}
    if message.text:
        body["body"] = _body(message)
    if message.files:
        body["attachment_files"] = _files(message.files)
    answer = client.call(config, "POST", f"/conversations/{key}/reply", body, writes=True)
    return _receipt(_latest(answer, message, who))


def _body(message: OutboundMessage) -> str:
    """Somebody else's words stand as they are, never as markup."""
    if message.foreign:
        return "<p>" + html.escape(message.text).replace("\n", "<br>") + "</p>"
    return message.html or wording.to_html(message.text)


def thread(thread_key: str) -> str:
    """A conversation's id. Raises `DeliveryError`."""
    if not (thread_key.isascii() and thread_key.isdigit()):
        raise DeliveryError(f"“{thread_key[:40]}” is no conversation of Intercom's", permanent=True)
    return thread_key


def speaker(author_key: str, config: ChannelConfig) -> str:
    """Who speaks: with `speak_as` people whoever wrote it, else the desk's own teammate.

    Raises `DeliveryError` when nobody was named and the token's owner is not known.
    """
    if config.get("speak_as") == PEOPLE and author_key.isdigit():
        return author_key
    who = own_admin(config)
    if not who:
        who = key_of(client.call(config, "GET", "/me").get("id"))
    if not who:
        raise DeliveryError("nobody speaks for the desk; set admin_id", permanent=True)
    return who


def _files(files: tuple[OutboundFile, ...]) -> list[dict[str, str]]:
    """Files as base64, ten at most."""
    if len(files) > MOST_FILES:
        raise DeliveryError("Intercom takes ten files with an answer", permanent=True)
    if sum(len(file.content) for file in files) > MOST_BYTES:
        raise DeliveryError("the files are larger than 20 MB together", permanent=True)
    return [
        {
            "content_type": file.content_type or "application/octet-stream",
            "name": file.filename,
            "data": base64.b64encode(file.content).decode(),
        }
        for file in files
    ]


def _receipt(part: Row | None) -> SendReceipt:
    return SendReceipt(external_id=part_key(part) if part else "")


# ------------------------------------------------------------------ looking for it


def find_sent(message: OutboundMessage, config: ChannelConfig) -> SendReceipt | None:
    """Look for an answer by who spoke, when, and what was said. Raises `DeliveryError`.

    Intercom takes no key of ours with an answer, so the words themselves have to tell.
    """
    who = speaker(message.author_key, config)
    found = _latest(client.conversation(config, thread(message.thread_key)), message, who)
    return _receipt(found) if found is not None else None


def _latest(row: Mapping[str, Any], message: OutboundMessage, who: str) -> Row | None:
    """The newest part that is this answer; None when none is."""
    since = message.created_at - LOOK_BACK if message.created_at else None
    names = sorted(file.filename for file in message.files)
    words = _body(message) if message.text else ""
    part: Row
    for part in reversed(parts_of(row)):
        if part.get("part_type") != "comment" or key_of(inner(part, "author").get("id")) != who:
            continue
        if since is not None and made_at(part) < since:
            continue
        attached = sorted(str(file.get("name")) for file in part.get("attachments") or [])
        if attached == names and wording.same(str(part.get("body") or ""), words):
            return part
    return None
