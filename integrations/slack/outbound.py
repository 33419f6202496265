"""What leaves for Slack: answers in threads, and looking for what was sent.

https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    OutboundFile,
    OutboundMessage,
    SendReceipt,
)
from integrations.slack import client, mrkdwn
from integrations.slack.client import SlackError

MARK = "desk_outbox"
LOOK_BACK = timedelta(seconds=60)


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """Post an answer in its thread, as the person who wrote it. Raises `DeliveryError`.

    A long answer is several posts, and each file one more; what is there already is not posted
    again.
    """
    place, _, root = message.thread_key.partition("/")
    parts, there = _parts(message), _There({}, [])
    if len(parts) > 1 or message.files:
        there = _found(message, config)
    posted = [
        there.posts.get(number) or _post(message, config, place, root, (number, len(parts), text))
        for number, text in enumerate(parts)
    ]
    mine = [there.take(file) or _upload(file, place, root, config) for file in message.files]
    return _receipt(config, place, posted, mine)


def _parts(message: OutboundMessage) -> list[str]:
    """The posts that it takes; somebody else's words stand as they are."""
    if message.foreign:
        return mrkdwn.split(mrkdwn.escape(message.text)) if message.text else []
    return mrkdwn.split(mrkdwn.from_markdown(message.text)) if message.text else []


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
        "parse": "none",
        "link_names": False,
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
        outside = error
    try:
        client.call(config, "conversations.join", {"channel": place}, writes=True)
    except SlackError as error:  # a private channel cannot be joined: somebody has to invite
        raise (outside if error.permanent else error) from error
    return client.call(config, method, body, writes=True)


def receipt(config: ChannelConfig, place: str, ts: str) -> SendReceipt:
    team = config.get("team_id")
    return SendReceipt(external_id=f"{team}/{place}/{ts}", data={"channel": place, "ts": ts})


def _receipt(
    config: ChannelConfig, place: str, posted: Sequence[str], files: Sequence[Mapping[str, Any]]
) -> SendReceipt:
    """The first post stands for all; a row of files alone is known by its file."""
    ids = [str(row.get("id")) for row in files]
    made = receipt(config, place, (posted or ids or [""])[0])
    more = {"more": list(posted[1:])} if len(posted) > 1 else {}
    return replace(made, data={**made.data, **more, **({"files": ids} if ids else {})})


def _upload(file: OutboundFile, place: str, root: str, config: ChannelConfig) -> dict[str, Any]:
    """Three steps: an address, the bytes, the share (files.upload is gone)."""
    given = {"filename": file.filename, "length": len(file.content)}
    place_for = client.call(config, "files.getUploadURLExternal", given)
    client.put(str(place_for.get("upload_url") or ""), file.content, config)
    key = place_for.get("file_id")
    done = {
        "files": [{"id": key, "title": file.filename}],
        "channel_id": place,
        "thread_ts": root,
    }
    client.call(config, "files.completeUploadExternal", done, writes=True)
    return {"id": key, "name": file.filename, "size": len(file.content)}


def find_sent(message: OutboundMessage, config: ChannelConfig) -> SendReceipt | None:
    """Ask by our marker whether every post and file of an answer is there.

    Raises `DeliveryError`.
    """
    place, _, _ = message.thread_key.partition("/")
    parts, there = _parts(message), _found(message, config)
    mine = [there.take(file) for file in message.files]
    if len(there.posts) < len(parts) or None in mine:
        return None
    posted = [there.posts[number] for number in sorted(there.posts)]
    return _receipt(config, place, posted, [row for row in mine if row])


@dataclass(frozen=True)
class _There:
    """What of an answer stands in its thread: posts by their number, and files of ours."""

    posts: dict[int, str]
    files: list[dict[str, Any]]

    def take(self, file: OutboundFile) -> dict[str, Any] | None:
        """A file carries no marker of ours: its name and size are one."""
        wanted = (file.filename, len(file.content))
        for row in self.files:
            if (row.get("name"), row.get("size")) == wanted:
                return row
        return None


def _found(message: OutboundMessage, config: ChannelConfig) -> _There:
    place, _, root = message.thread_key.partition("/")
    since = message.created_at - LOOK_BACK if message.created_at else None
    given = {
        "channel": place,
        "ts": root,
        "oldest": f"{since.timestamp():.6f}" if since else "0",
        "include_all_metadata": "true",
        "limit": config.get("history_page_size", "200"),
    }
    found = _There({}, [])
    own = ""
    if message.files:
        own = client.known_own_user(config) or client.own(config).get("user_id", "")
    for row in client.pages(config, "conversations.replies", "messages", given):
        metadata = row.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        if (
            metadata.get("event_type") == MARK
            and payload.get("outbox_id") == message.idempotency_key
        ):
            found.posts[int(payload.get("part") or 0)] = str(row.get("ts"))
        if own and row.get("user") == own:
            found.files.extend(row.get("files") or [])
    return found
