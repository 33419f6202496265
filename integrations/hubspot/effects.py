"""What is done at HubSpot and is no answer: status, assignee, notes.

https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide
"""

from collections.abc import Callable

from inbox.channels.contract import ChannelConfig, DeliveryError, OutboundEffect, SendReceipt
from integrations.hubspot import client
from integrations.hubspot.outbound import receipt, said, thread_of

ASSIGNEE_PREFIX = "/conversations/conversations/v3"
NOTHING = SendReceipt(external_id="")


def effect(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """Close, open, assign, note. What is done already counts as done. Raises `DeliveryError`."""
    do = EFFECTS.get(wanted.kind)
    if do is None:
        raise DeliveryError(f"HubSpot cannot “{wanted.kind}”", permanent=True)
    return do(wanted, config)


def _thread(wanted: OutboundEffect) -> str:
    return thread_of(str(wanted.data.get("thread_key") or ""))


def _status(status: str) -> Callable[[OutboundEffect, ChannelConfig], SendReceipt]:
    def do(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
        path = client.conversations(config, f"/threads/{_thread(wanted)}")
        client.call(config, "PATCH", path, {"status": status})
        return NOTHING

    return do


def _assign(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """The address is documented with another prefix than all others."""
    person = str(wanted.data.get("person") or "")
    path = config.get("assignee_path", ASSIGNEE_PREFIX).rstrip("/")
    address = f"{path}/threads/{_thread(wanted)}/assignee"
    if person:
        client.call(config, "PUT", address, {"actorId": person})
    else:
        client.call(config, "DELETE", address)
    return NOTHING


def _note(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """A comment, which only the account's users see; looked for before it is written again."""
    thread, name = _thread(wanted), str(wanted.data.get("author_name") or "")
    text = str(wanted.data.get("text") or "")
    text = f"{name}: {text}" if name else text
    there = said(config, thread, "COMMENT", text, None) if wanted.again else None
    if there is not None:
        return there
    body = {"type": "COMMENT", "text": text, "attachments": []}
    path = client.conversations(config, f"/threads/{thread}/messages")
    return receipt(thread, client.call(config, "POST", path, body))


EFFECTS: dict[str, Callable[[OutboundEffect, ChannelConfig], SendReceipt]] = {
    "close": _status("CLOSED"),
    "reopen": _status("OPEN"),
    "assign": _assign,
    "note": _note,
}
