"""What is done at Intercom and is no answer: closing, opening, assigning, notes, deletions.

https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io/conversations/manageconversation
"""

from collections.abc import Callable
from html import escape
from typing import Any

from inbox.channels.contract import ChannelConfig, DeliveryError, OutboundEffect, SendReceipt
from inbox.channels.marks import note_marker
from integrations.intercom import client, wording
from integrations.intercom.client import parts_of
from integrations.intercom.conversations import part_key
from integrations.intercom.outbound import speaker, thread

Do = Callable[[OutboundEffect, ChannelConfig], SendReceipt]
DONE = SendReceipt(external_id="")


def effect(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """What is done already counts as done. Raises `DeliveryError`."""
    do = EFFECTS.get(wanted.kind)
    if do is None:
        raise DeliveryError(f"Intercom cannot “{wanted.kind}”", permanent=True)
    return do(wanted, config)


def _key(wanted: OutboundEffect) -> str:
    return thread(str(wanted.data.get("thread_key") or ""))


def _stand(kind: str, state: str) -> Do:
    """Close or open; a second try looks first, because each leaves a line in the conversation."""

    def do(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
        key, who = _key(wanted), speaker("", config)
        if wanted.again and client.conversation(config, key).get("state") == state:
            return DONE
        body: dict[str, Any] = {"message_type": kind, "admin_id": who}
        if kind == "close":
            body["type"] = "admin"
        client.call(config, "POST", f"/conversations/{key}/parts", body, writes=True)
        return DONE

    return do


def _assign(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """To a teammate, or to nobody, who is "0" there."""
    person = str(wanted.data.get("person") or "0")
    if not (person.isascii() and person.isdigit()):
        raise DeliveryError(f"“{person[:40]}” is no teammate of Intercom's", permanent=True)
    body = {
        "message_type": "assignment",
        "type": "admin",
        "admin_id": speaker("", config),
        "assignee_id": person,
    }
    client.call(config, "POST", f"/conversations/{_key(wanted)}/parts", body, writes=True)
    return DONE


def _note(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """A note under the conversation, for the team alone, with its writer's name above it."""
    key, mark = _key(wanted), note_marker(wanted.idempotency_key)
    if wanted.again:
        known = _noted(client.conversation(config, key), mark)
        if known:
            return SendReceipt(external_id=known)
    name = str(wanted.data.get("author_name") or "")
    head = f"<p><b>{escape(name)}</b></p>" if name else ""
    words = wording.to_html(str(wanted.data.get("text") or ""))
    body = {
        "message_type": "note",
        "type": "admin",
        "admin_id": speaker(str(wanted.data.get("author_key") or ""), config),
        "body": f"{head}{words}<p>{mark}</p>",
    }
    answer = client.call(config, "POST", f"/conversations/{key}/reply", body, writes=True)
    return SendReceipt(external_id=_noted(answer, mark))


def _noted(row: dict[str, Any], mark: str) -> str:
    """The key of the note that ends with our mark; "" when there is none."""
    for part in reversed(parts_of(row)):
        last = wording.to_text(str(part.get("body") or "")).rpartition("\n")[2]
        if part.get("part_type") == "note" and last == mark:
            return part_key(part)
    return ""


def _delete(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """Intercom takes the words out and leaves a line that says so.

    https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io/conversations/redactconversation
    """
    kind, _, part = str(wanted.data.get("target") or "").partition("/")
    if kind != "part" or not part.isdigit():
        raise DeliveryError("Intercom cannot delete that", permanent=True)
    body = {
        "type": "conversation_part",
        "conversation_id": _key(wanted),
        "conversation_part_id": part,
    }
    client.call(config, "POST", "/conversations/redact", body, writes=True)
    return DONE


EFFECTS: dict[str, Do] = {
    "close": _stand("close", "closed"),
    "reopen": _stand("open", "open"),
    "assign": _assign,
    "note": _note,
    "delete": _delete,
}
