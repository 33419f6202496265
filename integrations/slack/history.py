"""What was missed: threads and their answers from history, as stored deliveries of their own.

https://docs.slack.dev/reference/methods/conversations.history
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    DeliveryError,
    InboundMessage,
    Polled,
    Store,
)
from integrations.slack import client, messages
from integrations.slack.client import SlackError

MISSING = {"thread_not_found", "message_not_found", "channel_not_found", "not_in_channel"}
Row = dict[str, Any]


def backfill(config: ChannelConfig, cursor: Mapping[str, Any], store: Store) -> Mapping[str, Any]:
    """Store what watched channels hold since `cursor["since"]`; the new cursor.

    Without a `since` nothing is looked for: events come by themselves. A limit that is reached
    keeps the place where it went on.
    """
    since = cursor.get("since")
    if not since:
        return dict(cursor)
    oldest = f"{datetime.fromisoformat(str(since)).timestamp():.6f}"
    done = set(cursor.get("done") or [])
    try:
        for place in _places(config):
            if place["id"] in done:
                continue
            _channel(config, place, oldest, store)
            done.add(place["id"])
    except SlackError as error:
        if error.retry_after_seconds is None:
            raise
        # goes on with the next poll, when Slack lets us again
        return {"since": since, "done": sorted(done)}
    return {}


def has_work(config: ChannelConfig) -> bool:
    """Set up for asking."""
    return bool(config.get("bot_token"))


def places(config: ChannelConfig) -> list[tuple[str, str]]:
    """Channels that the bot can see, with a mark on those it is in. Raises `DeliveryError`."""
    types = {"types": "public_channel,private_channel", "exclude_archived": "true", "limit": 200}
    rows = client.pages(config, "conversations.list", "channels", types)
    named = sorted(rows, key=lambda row: (not row.get("is_member"), str(row.get("name"))))
    return [
        (
            f"#{row['name']}",
            f"#{row['name']}" + ("" if row.get("is_member") else " (invite the bot)"),
        )
        for row in named
    ]


def _places(config: ChannelConfig) -> list[Row]:
    types = {"types": "public_channel,private_channel", "exclude_archived": "true", "limit": 200}
    rows = client.pages(config, "conversations.list", "channels", types)
    return [
        row
        for row in rows
        if row.get("is_member") and messages.is_watched(config, str(row["id"]), str(row["name"]))
    ]


def _channel(config: ChannelConfig, place: Row, oldest: str, store: Store) -> None:
    """Roots first, oldest first, each with the answers that are newer."""
    size = config.get("history_page_size", "200")
    given = {"channel": place["id"], "oldest": oldest, "limit": size}
    roots = _patiently(config, "conversations.history", given)
    known = {str(row.get("ts")) for row in roots}
    for root in sorted(roots, key=lambda row: messages.version_of(row.get("ts"))):
        _keep(config, place, root, store)
        if root.get("reply_count") or root.get("latest_reply"):
            _thread(config, place, str(root["ts"]), oldest, store)
    # older threads that were answered meanwhile show up as broadcasts or by their latest answer
    for root in _older(config, place, oldest, known):
        _thread(config, place, str(root["ts"]), oldest, store)


def _older(config: ChannelConfig, place: Row, oldest: str, known: set[str]) -> Iterator[Row]:
    """Threads that began in the month before and were answered since."""
    month = f"{float(oldest) - 30 * 86400:.6f}"
    given = {"channel": place["id"], "oldest": month, "latest": oldest, "limit": 200}
    for row in _patiently(config, "conversations.history", given):
        latest = messages.version_of(row.get("latest_reply"))
        if str(row.get("ts")) not in known and latest > messages.version_of(oldest):
            yield row


def _thread(config: ChannelConfig, place: Row, root: str, oldest: str, store: Store) -> None:
    given = {"channel": place["id"], "ts": root, "oldest": oldest, "limit": 200}
    for row in _patiently(config, "conversations.replies", given):
        if str(row.get("ts")) != root:
            _keep(config, place, row, store)


def _patiently(config: ChannelConfig, method: str, given: Mapping[str, Any]) -> list[Row]:
    """All pages; a short wait that Slack asks for is waited out."""
    while True:
        try:
            return client.pages(config, method, "messages", given)
        except SlackError as error:
            if error.retry_after_seconds is None or error.retry_after_seconds > LONGEST_WAIT:
                raise
            client.wait(error.retry_after_seconds)


LONGEST_WAIT = 70.0


def _keep(config: ChannelConfig, place: Row, row: Row, store: Store) -> None:
    """Each message as the event that it would have been; reactions as theirs."""
    team = config.get("team_id")
    envelope = {"type": "event_callback", "team_id": team, "api_app_id": config.get("app_id")}
    event = {"type": "message", "channel": place["id"], "channel_type": "channel", **row}
    version = messages.version_of((row.get("edited") or {}).get("ts") or 0)
    key = f"history:{place['id']}:{row.get('ts')}:{version}"
    _store(store, key, {**envelope, "event": event})
    for reaction in row.get("reactions") or []:
        for user in reaction.get("users") or []:
            item = {"type": "message", "channel": place["id"], "ts": row.get("ts")}
            name = reaction.get("name")
            found = {"type": "reaction_added", "user": user, "reaction": name, "item": item}
            found["event_ts"] = row.get("latest_reply") or row.get("ts")
            key = f"history:{place['id']}:{row.get('ts')}:{name}:{user}"
            _store(store, key, {**envelope, "event": found})


def _store(store: Store, key: str, body: Mapping[str, Any]) -> None:
    headers = {"content-type": "application/json"}
    store(Polled(body=json.dumps(body).encode(), headers=headers, dedupe_key=key[:250]))


# ------------------------------------------------------------------ late parents


def parent(message: InboundMessage, config: ChannelConfig) -> InboundMessage | None:
    """The first message of a thread whose answer came before it, or was there before us.

    None when it is gone: the answer then opens the ticket. Raises `ChannelError` when Slack has to
    be asked again later.
    """
    place, _, root = message.thread_key.partition("/")
    if not config.get("bot_token"):
        return None
    given = {"channel": place, "ts": root, "limit": 1, "inclusive": "true"}
    try:
        rows = client.call(config, "conversations.replies", given).get("messages") or []
    except DeliveryError as error:
        if isinstance(error, SlackError) and (error.code in MISSING or error.permanent):
            return None
        raise
    found = next((row for row in rows if str(row.get("ts")) == root), None)
    if not isinstance(found, dict):
        return None
    event = {"type": "app_mention", "channel": place, **found}
    event["type"] = "app_mention"  # whatever is watched: somebody wants this thread
    body = {"team_id": config.get("team_id"), "event": event}
    batch = messages.read(event, body, config, messages.look_up(event, config))
    return next(iter(batch.messages), None)
