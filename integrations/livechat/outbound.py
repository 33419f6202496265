"""What leaves for a visitor: nothing has to be called, for the widget reads from us.

A row that is "sent" is what the visitor sees; until then it can be taken back.
"""

from inbox.channels.contract import ChannelConfig, OutboundEffect, OutboundMessage, SendReceipt


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """Release an answer to the visitor's stream."""
    return SendReceipt(external_id=f"sent:{message.idempotency_key}")


def effect(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """Edits and deletions are on the message already; the stream tells of them."""
    return SendReceipt(external_id="")
