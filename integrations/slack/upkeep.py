"""A message of somebody else's, read where it stands, and deleted with an admin's own token.

The bot deletes only what it wrote itself, and nobody edits the words of others.
https://docs.slack.dev/reference/methods/chat.delete
"""

import html
import json
from typing import Any

from inbox.channels.contract import ChannelConfig, OutboundEffect, SendReceipt
from inbox.channels.ports import Spot, Standing, Upkeep
from integrations.slack import client, messages
from integrations.slack.client import SlackError

GONE = {"message_not_found", "thread_not_found"}
REFUSED = {"cant_delete_message", "compliance_exports_prevent_deletion", "no_permission"}


def read(config: ChannelConfig, spot: Spot) -> Standing | None:
    """The message by its time; None when it was deleted. Raises `SlackError`."""
    _, place, ts = spot.target.split("/", 2)
    root = spot.thread_key.partition("/")[2] or ts
    given = {"channel": place, "ts": root, "oldest": ts, "latest": ts, "inclusive": "true"}
    try:
        found = client.call(config, "conversations.replies", given).get("messages") or []
    except SlackError as error:
        if error.code in GONE:
            return None
        raise
    row = next((row for row in found if str(row.get("ts")) == ts), None)
    # the first message of a thread leaves a tombstone when it is deleted
    if row is None or row.get("subtype") == "tombstone":
        return None
    return Standing(text=html.unescape(_words(row)))


def _words(row: dict[str, Any]) -> str:
    """The text, and whatever else of the message can be read."""
    more = [row[name] for name in ("blocks", "attachments") if row.get(name)]
    return "\n".join(
        [messages.text_of(row), *(json.dumps(one, ensure_ascii=False) for one in more)]
    )


def erase(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """Delete it as the admin whose token was connected. Raises `SlackError`."""
    _, place, ts = str(wanted.data["target"]).split("/", 2)
    token = config.get("user_token")
    if not token:
        raise SlackError(UPKEEP.remedy, code="not_authed", permanent=True)
    try:
        client.call(config, "chat.delete", {"channel": place, "ts": ts}, token=token, writes=True)
    except SlackError as error:
        if error.code in GONE:
            return SendReceipt(external_id="", data={"already": error.code})
        if error.code in REFUSED:
            text = f"Slack does not let this token delete it ({error.code}); {UPKEEP.remedy}"
            raise SlackError(text, code=error.code, permanent=True) from error
        raise
    return SendReceipt(external_id="")


def _never(_: ChannelConfig, __: Spot) -> bool:
    return False


def _erases(config: ChannelConfig, _: Spot) -> bool:
    return bool(config.get("user_token"))


UPKEEP = Upkeep(
    read=read,
    masks=_never,
    erases=_erases,
    remedy="connect the user_token of a workspace admin with the scope chat:write",
)
