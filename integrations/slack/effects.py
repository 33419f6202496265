"""What is done in Slack and is no answer: ticks, edits, cards, home views, whispers."""

from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig, DeliveryError, OutboundEffect, SendReceipt
from integrations.slack import blocks, client, mrkdwn, upkeep
from integrations.slack.client import SlackError
from integrations.slack.outbound import joining, receipt

CARD_MARK = "desk_card"
# Slack says these when there was nothing left to do.
ALREADY = {"already_reacted", "no_reaction", "message_not_found", "cant_update_message",
           "file_not_found", "file_deleted"}  # fmt: skip


def effect(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """A tick, an edit, a card. What is done already counts as done. Raises `DeliveryError`."""
    do = EFFECTS.get(wanted.kind)
    if do is None:
        raise DeliveryError(f"Slack cannot “{wanted.kind}”", permanent=True)
    try:
        done: SendReceipt = do(wanted, config)
    except SlackError as error:
        if error.code in ALREADY and wanted.kind in ("react", "unreact", "delete"):
            return SendReceipt(external_id="", data={"already": error.code})
        raise
    return done


def _target(wanted: OutboundEffect) -> tuple[str, str]:
    """(channel, ts) of `team/channel/ts`."""
    _, place, ts = str(wanted.data["target"]).split("/", 2)
    return place, ts


def _react(method: str) -> Any:
    def do(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
        place, ts = _target(wanted)
        given = {"channel": place, "timestamp": ts, "name": wanted.data["emoji"]}
        client.call(config, method, given, writes=True)
        return SendReceipt(external_id="")

    return do


def _edit(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """The words anew; a long answer keeps its posts, and loses those that it no longer needs."""
    place, ts = _target(wanted)
    posts = [ts, *wanted.data.get("more", ())]
    text = str(wanted.data["text"])
    foreign = wanted.data.get("foreign")
    parts = mrkdwn.split(mrkdwn.escape(text) if foreign else mrkdwn.from_markdown(text))
    parts = [*parts[: len(posts) - 1], "\n".join(parts[len(posts) - 1 :])]
    for old, part in zip(posts, parts, strict=False):
        if part:
            _update(config, {"channel": place, "ts": old, "text": part})
    for old in posts[len([part for part in parts if part]) :]:
        _gone(config, "chat.delete", {"channel": place, "ts": old})
    return SendReceipt(external_id="")


def _update(config: ChannelConfig, body: Mapping[str, Any]) -> None:
    plain = {"parse": "none", "link_names": False}
    client.call(config, "chat.update", {**plain, **body}, writes=True)


def _delete(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """Every post of it, and the files that came with it."""
    place, ts = _target(wanted)
    files = wanted.data.get("files", ())
    for post in (ts, *wanted.data.get("more", ())):
        if post not in files:
            _gone(config, "chat.delete", {"channel": place, "ts": post})
    for file in files:
        _gone(config, "files.delete", {"file": file})
    return SendReceipt(external_id="")


def _gone(config: ChannelConfig, method: str, given: Mapping[str, Any]) -> None:
    """What is not there any more is as good as deleted."""
    try:
        client.call(config, method, given, writes=True)
    except SlackError as error:
        if error.code not in ALREADY:
            raise


def _card(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """Post a card, or change the one that `target` names."""
    data = wanted.data
    card = blocks.card_of(data["card"])
    body: dict[str, Any] = {"text": mrkdwn.escape(card.title)[:3000], "blocks": blocks.render(card)}
    link = str(data.get("link_of") or "")
    if link:
        body["blocks"].append(_permalink(link, config))
    payload = {"ticket": card.key, "outbox_id": wanted.idempotency_key}
    body["metadata"] = {"event_type": CARD_MARK, "event_payload": payload}
    if data.get("target"):
        place, ts = _target(wanted)
        _update(config, {"channel": place, "ts": ts, **body})
        return receipt(config, place, ts)
    place = client.channel_id(config, str(data["place"]))
    if wanted.again and (ts := _posted(wanted, place, config)):
        return receipt(config, place, ts)
    body |= {"channel": place, "unfurl_links": False, "thread_ts": data.get("thread") or None}
    answer = joining(
        config, place, "chat.postMessage", {k: v for k, v in body.items() if v is not None}
    )
    return receipt(config, place, str(answer.get("ts") or ""))


def _posted(wanted: OutboundEffect, place: str, config: ChannelConfig) -> str:
    """The card that an earlier try has left, by its marker; "" when there is none."""
    given = {"channel": place, "include_all_metadata": "true", "limit": 100}
    try:
        rows = client.call(config, "conversations.history", given).get("messages") or []
    except SlackError as error:
        if error.code in ("not_in_channel", "channel_not_found"):
            return ""  # the bot has never been in it
        raise
    for row in rows:
        payload = (row.get("metadata") or {}).get("event_payload") or {}
        if payload.get("outbox_id") == wanted.idempotency_key:
            return str(row.get("ts"))
    return ""


def _permalink(message_key: str, config: ChannelConfig) -> dict[str, Any]:
    _, place, ts = message_key.split("/", 2)
    link = client.permalink(config, place, ts)
    text = f"<{link}|The thread>" if link else "The thread’s address could not be found."
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def _home(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    card = blocks.card_of(wanted.data["card"])
    view = {"type": "home", "blocks": blocks.render(card, most=100)}
    given = {"user_id": wanted.data["person"], "view": view}
    client.call(config, "views.publish", given, writes=True)
    return SendReceipt(external_id="")


def _whisper(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    data = wanted.data
    text = mrkdwn.from_markdown(str(data["text"]))
    root = str(data.get("thread_key") or "").partition("/")[2]
    given = {"channel": data["place"], "user": data["person"], "text": text, "thread_ts": root}
    client.call(config, "chat.postEphemeral", given, writes=True)
    return SendReceipt(external_id="")


def _direct(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """A message to one person, in their conversation with the bot."""
    opened = client.call(
        config, "conversations.open", {"users": wanted.data["person"]}, writes=True
    )
    place = str((opened.get("channel") or {}).get("id") or "")
    text = mrkdwn.from_markdown(str(wanted.data["text"]))
    payload = {"outbox_id": wanted.idempotency_key}
    mark = {"event_type": CARD_MARK, "event_payload": payload}
    given = {"channel": place, "text": text, "metadata": mark}
    answer = client.call(config, "chat.postMessage", given, writes=True)
    return receipt(config, place, str(answer.get("ts") or ""))


def _respond(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    body: dict[str, Any] = {"response_type": "ephemeral", "text": wanted.data.get("text") or ""}
    if wanted.data.get("card"):
        card = blocks.card_of(wanted.data["card"])
        body |= {"blocks": blocks.render(card), "text": card.title}
    client.respond(str(wanted.data["url"]), body, config)
    return SendReceipt(external_id="")


EFFECTS: dict[str, Any] = {
    "react": _react("reactions.add"),
    "unreact": _react("reactions.remove"),
    "edit": _edit,
    "delete": _delete,
    "card": _card,
    "home": _home,
    "whisper": _whisper,
    "direct": _direct,
    "respond": _respond,
    "erase": upkeep.erase,
}
