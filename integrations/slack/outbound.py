"""What leaves for Slack: answers in threads, and looking for what was sent.

https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    OutboundMessage,
    SendReceipt,
)
from integrations.slack import client, mrkdwn
from integrations.slack.client import SlackError

MARK = "desk_outbox"
LOOK_BACK = timedelta(seconds=60)


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """Post an answer in its thread, as the person who wrote it. Raises `DeliveryError`.

    A long answer is several posts; what is there already is not posted again.
    """
    place, _, root = message.thread_key.partition("/")
    parts = mrkdwn.split(mrkdwn.from_markdown(message.text))
    there = _found(message, config) if len(parts) > 1 else {}
    first = ""
    for number, text in enumerate(parts):
        ts = there.get(number) or _post(message, config, place, root, (number, len(parts), text))
        first = first or ts
    for file in message.files:
        _upload(file.filename, file.content, place, root, config)
    return receipt(config, place, first)


def _post(
    message: OutboundMessage,
    config: ChannelConfig,
    place: str,
    root: str,
    part: tuple[int, int, str],
) -> str:
    number, total, text = part
    payload = {"outbox_id": message.idempotency_key, "part": number, "parts": total}
    body: dict[str, Any] = {
        "channel": place,
        "thread_ts": root,
        "text": text,
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": MARK, "event_payload": payload},
    }
    if message.author_name:
        body["username"] = message.author_name[:80]
        icon = _icon(message.author_key, config)
        if icon:
            body["icon_url"] = icon
    answer = joining(config, place, "chat.postMessage", body)
    return str(answer.get("ts") or (answer.get("message") or {}).get("ts") or "")


def _icon(user: str, config: ChannelConfig) -> str:
    profile = client.user(config, user).get("profile") if user else None
    return str((profile or {}).get("image_72") or "")


def joining(
    config: ChannelConfig, place: str, method: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """A write that joins a public channel once, when the bot is not in it yet."""
    try:
        return client.call(config, method, body, writes=True)
    except SlackError as error:
        if error.code != "not_in_channel":
            raise
    client.call(config, "conversations.join", {"channel": place}, writes=True)
    return client.call(config, method, body, writes=True)


def receipt(config: ChannelConfig, place: str, ts: str) -> SendReceipt:
    team = config.get("team_id")
    return SendReceipt(external_id=f"{team}/{place}/{ts}", data={"channel": place, "ts": ts})


def _upload(filename: str, content: bytes, place: str, root: str, config: ChannelConfig) -> None:
    """Three steps: an address, the bytes, the share (files.upload is gone)."""
    given = {"filename": filename, "length": len(content)}
    place_for = client.call(config, "files.getUploadURLExternal", given)
    client.put(str(place_for.get("upload_url") or ""), content, config)
    done = {
        "files": [{"id": place_for.get("file_id"), "title": filename}],
        "channel_id": place,
        "thread_ts": root,
    }
    client.call(config, "files.completeUploadExternal", done, writes=True)


def find_sent(message: OutboundMessage, config: ChannelConfig) -> SendReceipt | None:
    """Ask by our marker whether every post of an answer is there. Raises `DeliveryError`."""
    place, _, _ = message.thread_key.partition("/")
    parts = mrkdwn.split(mrkdwn.from_markdown(message.text))
    there = _found(message, config)
    if len(there) < len(parts):
        return None
    return receipt(config, place, there[0])


def _found(message: OutboundMessage, config: ChannelConfig) -> dict[int, str]:
    place, _, root = message.thread_key.partition("/")
    since = message.created_at - LOOK_BACK if message.created_at else None
    given = {
        "channel": place,
        "ts": root,
        "oldest": f"{since.timestamp():.6f}" if since else "0",
        "include_all_metadata": "true",
        "limit": config.get("history_page_size", "200"),
    }
    found: dict[int, str] = {}
    for row in client.pages(config, "conversations.replies", "messages", given):
        metadata = row.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        if (
            metadata.get("event_type") == MARK
            and payload.get("outbox_id") == message.idempotency_key
        ):
            found[int(payload.get("part") or 0)] = str(row.get("ts"))
    return found
