"""What leaves for Toybox: lines in talks, and closing them."""

from inbox.channels.contract import (
    ChannelConfig,
    DeliveryError,
    OutboundEffect,
    OutboundMessage,
    SendReceipt,
)
from rig.toy import client

LONGEST = 1_000


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """One line, with our mark on it. Raises `DeliveryError`."""
    if len(message.text) > LONGEST:
        raise DeliveryError(f"Toybox takes {LONGEST} characters at most", permanent=True)
    body = {"text": message.text, "mark": message.idempotency_key}
    made = client.call(config, "POST", f"/talks/{message.thread_key}/lines", body=body)
    if not made.get("id"):
        raise DeliveryError("Toybox's answer cannot be read", uncertain=True)
    return SendReceipt(external_id=str(made["id"]))


def find_sent(message: OutboundMessage, config: ChannelConfig) -> SendReceipt | None:
    """The line with our mark; None when it is surely not there. Raises `DeliveryError`."""
    lines = client.call(config, "GET", f"/talks/{message.thread_key}/lines").get("lines") or []
    mine = (line for line in lines if line.get("mark") == message.idempotency_key)
    return next((SendReceipt(external_id=str(line["id"])) for line in mine), None)


def effect(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """Close a talk or open it again; both may be repeated. Raises `DeliveryError`."""
    words = {"close": "close", "reopen": "open"}
    if wanted.kind not in words:
        raise DeliveryError(f"Toybox cannot {wanted.kind}", permanent=True)
    talk = str(wanted.data["thread_key"])
    client.call(config, "POST", f"/talks/{talk}/{words[wanted.kind]}")
    return SendReceipt(external_id=talk)
