"""What Slack sends: signatures, keys, and events as values of our vocabulary.

https://docs.slack.dev/authentication/verifying-requests-from-slack ·
https://docs.slack.dev/apis/events-api/
"""

import hmac
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    InboundBatch,
    InboundTrouble,
    MalformedBody,
    RawRequest,
    UnknownEvent,
    WrongType,
)
from integrations.slack import client, messages, reactions

WINDOW_SECONDS = 300
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """`v0=` HMAC-SHA256 over `v0:timestamp:body`. Raises `BadSignature`, `WrongType`."""
    secret = config.get("signing_secret")
    stamp = raw.headers.get("x-slack-request-timestamp", "")
    if not secret:
        raise BadSignature("no signing secret is set")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise BadSignature("the timestamp is missing or no number")
    if abs(_now(raw) - int(stamp)) > WINDOW_SECONDS:
        raise BadSignature("the timestamp is too old")
    base = b"v0:" + stamp.encode() + b":" + raw.body
    wanted = "v0=" + hmac.new(secret.encode(), base, sha256).hexdigest()
    given = raw.headers.get("x-slack-signature", "")
    if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
        raise BadSignature("the signature does not match")
    kind = raw.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (FORM, JSON):
        raise WrongType(kind)


def _now(raw: RawRequest) -> float:
    return time.time()


def is_form(raw: RawRequest) -> bool:
    """Commands and interactions come as forms, events as JSON."""
    return raw.headers.get("content-type", "").lower().startswith(FORM)


def form(raw: RawRequest) -> dict[str, str]:
    """The form's fields, one value each. Raises `MalformedBody`."""
    try:
        text = raw.body.decode("utf-8").replace("%00", "").replace("\x00", "")
        found = parse_qs(text, keep_blank_values=True, max_num_fields=200)
    except (UnicodeDecodeError, ValueError) as error:
        raise MalformedBody("the body is no form") from error
    return {name: values[0] for name, values in found.items()}


def handshake(raw: RawRequest, config: ChannelConfig) -> bytes | None:
    """The challenge of a new address, and the check of its certificate."""
    if is_form(raw):
        return b"" if form(raw).get("ssl_check") == "1" else None
    body = raw.json() if raw.body[:1] == b"{" and b"url_verification" in raw.body else {}
    if isinstance(body, dict) and body.get("type") == "url_verification":
        return str(body.get("challenge", ""))[:500].encode()
    return None


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The event's id, the same on retries; a click's trigger; else a hash of the body."""
    if is_form(raw):
        fields = form(raw)
        trigger = fields.get("trigger_id", "")
        return f"trigger:{trigger}" if trigger else _hash(raw)
    try:
        body = raw.json()
    except MalformedBody:
        return _hash(raw)
    event_id = body.get("event_id") if isinstance(body, dict) else None
    return f"event:{event_id}"[:250] if event_id else _hash(raw)


def _hash(raw: RawRequest) -> str:
    return "sha256:" + sha256(raw.body).hexdigest()


# ------------------------------------------------------------------ names


def complete(raw: RawRequest, config: ChannelConfig) -> Mapping[str, Any] | None:
    """Who and where: profiles, channel names, groups. What cannot be looked up is left out."""
    if is_form(raw) or not config.get("bot_token"):
        return None
    body = raw.json()
    event = _event(body) if isinstance(body, dict) else {}
    return messages.look_up(event, config) or None


# ------------------------------------------------------------------ events

IGNORED = {
    "channel_created": "a channel was made",
    "channel_deleted": "a channel was deleted",
    "channel_left": "the bot left a channel",
    "channel_unarchive": "a channel is back",
    "member_left_channel": "somebody left a channel",
    "team_join": "somebody joined the workspace",
    "app_home_opened": "shown by the home view",
    "app_requested": "somebody asks for the app",
    "url_verification": "answered at once",
    "link_shared": "links are not unfolded",
    "emoji_changed": "emoji are taken by their names",
    "file_shared": "files come with their message",
}
# Families of events that we did not ask for: known, and nothing to us.
NOT_OURS = (
    "app_", "assistant_", "call_", "channel_", "commands_", "dnd_", "email_", "file_", "function_",
    "goodbye", "grid_", "group_", "hello", "im_", "invite_", "manual_", "message_metadata_",
    "mpim_", "pin_", "pref_", "presence_", "reconnect_", "resources_", "scope_", "shared_channel_",
    "star_", "subteam_", "team_", "tokens_", "user_", "workflow_", "accounts_", "bot_",
    "apps_", "dialog_", "entity_", "member_", "reaction_", "link_", "emoji_", "message", "resource",
)  # fmt: skip


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """One delivery. Raises `UnknownEvent`, `MalformedBody`."""
    if is_form(raw):
        return InboundBatch(ignored="answered when it came")
    body = raw.json()
    if not isinstance(body, dict):
        raise MalformedBody("this is no event")
    if body.get("type") == "app_rate_limited":
        text = "Slack drops events: more than 30,000 in an hour. Run backfill when it is over"
        return InboundBatch(trouble=InboundTrouble(text=text))
    event = _event(body)
    kind = str(event.get("type") or "")
    read = READERS.get(kind)
    if read is not None:
        batch: InboundBatch = read(event, body, config, completed or {})
        return batch
    if kind in IGNORED:
        return InboundBatch(ignored=IGNORED[kind])
    if not kind:
        return InboundBatch(ignored="an event without a type")
    if kind.startswith(NOT_OURS):
        return InboundBatch(ignored=f"{kind}: nothing to us")
    raise UnknownEvent(kind[:100])


def _event(body: Mapping[str, Any]) -> dict[str, Any]:
    """The inner event; some senders leave the envelope out."""
    inner = body.get("event")
    if body.get("type") == "event_callback" or (isinstance(inner, dict) and "type" not in body):
        return inner if isinstance(inner, dict) else {}
    return dict(body)


def _trouble(text: str, *, pauses: bool = False) -> Any:
    def read(*_: Any) -> InboundBatch:
        return InboundBatch(trouble=InboundTrouble(text=text, pauses=pauses))

    return read


def _place(event: Mapping[str, Any], config: ChannelConfig, text: str) -> InboundBatch:
    found = event.get("channel")
    place = found.get("id") if isinstance(found, dict) else found
    client.forget(config, "channel", str(place or ""))
    name = found.get("name") if isinstance(found, dict) else ""
    return InboundBatch(trouble=InboundTrouble(text=f"#{name or place} {text}"))


def _renamed(
    event: Mapping[str, Any], body: Mapping[str, Any], config: ChannelConfig, _: Mapping[str, Any]
) -> InboundBatch:
    found = event.get("channel") if isinstance(event.get("channel"), dict) else {}
    client.forget(config, "channel", str((found or {}).get("id") or ""))
    name = (found or {}).get("name") or "?"
    if not messages.is_watched(config, str((found or {}).get("id") or ""), str(name)):
        text = f"a channel is now called #{name}; if it is one that is watched, name it in `watch`"
        return InboundBatch(trouble=InboundTrouble(text=text))
    return InboundBatch(ignored=f"the channel is now called #{name}")


def _archived(
    event: Mapping[str, Any], body: Mapping[str, Any], config: ChannelConfig, _: Mapping[str, Any]
) -> InboundBatch:
    return _place(event, config, "was archived; nothing can be answered there")


def _joined(
    event: Mapping[str, Any], body: Mapping[str, Any], config: ChannelConfig, _: Mapping[str, Any]
) -> InboundBatch:
    if str(event.get("user")) in messages.own_users(body):
        return InboundBatch(ignored="the bot was invited: it listens here from now on")
    return InboundBatch(ignored="somebody joined a channel")


def _left(
    event: Mapping[str, Any], body: Mapping[str, Any], config: ChannelConfig, _: Mapping[str, Any]
) -> InboundBatch:
    if event.get("type") == "member_left_channel" and str(event.get("user")) not in (
        messages.own_users(body)
    ):
        return InboundBatch(ignored="somebody left a channel")
    return _place(event, config, "does not have the bot any more; invite it again")


def _changed_person(
    event: Mapping[str, Any], body: Mapping[str, Any], config: ChannelConfig, _: Mapping[str, Any]
) -> InboundBatch:
    found = event.get("user")
    client.forget(config, "user", str(found.get("id") if isinstance(found, dict) else found))
    return InboundBatch(ignored="a profile has changed; it is read anew")


READERS: dict[str, Any] = {
    "message": messages.read,
    "app_mention": messages.read,
    "reaction_added": reactions.read,
    "reaction_removed": reactions.read,
    "channel_rename": _renamed,
    "channel_archive": _archived,
    "member_joined_channel": _joined,
    "member_left_channel": _left,
    "channel_left": _left,
    "group_left": _left,
    "user_change": _changed_person,
    "tokens_revoked": _trouble("Slack's token was revoked; install the app again", pauses=True),
    "app_uninstalled": _trouble(
        "the app was removed from the workspace; install it again", pauses=True
    ),
}
