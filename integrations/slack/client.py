"""Talking to Slack's Web API, and remembering what people and places are called.

https://docs.slack.dev/apis/web-api/
"""

import threading
import time
from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.channels.wire import Headers, Line, Row, VendorError, lies_at, seconds

API_URL = "https://slack.com/api/"
TIMEOUT_SECONDS = (5, 12)
QUICK_SECONDS = (1.5, 2.0)  # while somebody waits for a form
KEPT_SECONDS = 24 * 3600.0
AGAIN_SECONDS = 30.0
USUAL_SECONDS = 30.0  # of a limit that names no time
PUT_SECONDS = (5, 60)
HOSTS = ("slack.com",)
REMEDIES = {
    "invalid_auth": "Slack refuses the token; install the app again and connect its new token",
    "token_revoked": "Slack's token was revoked; install the app again",
    "account_inactive": "the app was removed from the workspace; install it again",
    "not_authed": "there is no bot token; connect one",
    "channel_not_found": "the Slack channel is gone or private; invite the bot to it",
    "not_in_channel": "the bot is not in the Slack channel; invite it",
    "is_archived": "the Slack channel is archived",
    "restricted_action": "the workspace does not let the bot post there",
    "msg_too_long": "Slack takes no text of that length",
    "message_not_found": "the message is gone in Slack",
    "thread_not_found": "the thread is gone in Slack",
}
# Nothing leaves for this place or by this token until somebody has repaired it.
BLOCKED = {
    "invalid_auth", "token_revoked", "account_inactive", "not_authed", "channel_not_found",
    "not_in_channel", "is_archived", "restricted_action", "missing_scope",
}  # fmt: skip
# Nobody can tell whether these happened before or after the post.
UNCLEAR = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}


class SlackError(VendorError):
    """What Slack answered, by its own word in `code`."""


def _refused(status: int, found: Row, _: Headers) -> SlackError:
    """Slack refuses with 200; what has another status says no more than that."""
    if "error" in found:
        return _refusal(found, writes=False)
    return SlackError(f"Slack answered {status}", status=status, permanent=True)


def _refusal(found: Row, *, writes: bool) -> SlackError:
    """Slack's own word for what is wrong, as an error with its remedy."""
    code = str(found.get("error") or "unknown_error")
    if code in ("ratelimited", "rate_limited"):
        text = "Slack asks us to wait"
        return SlackError(text, code=code, retry_after_seconds=USUAL_SECONDS)
    if code in UNCLEAR:
        return SlackError(f"Slack says {code}", code=code, uncertain=writes)
    text = REMEDIES.get(code, f"Slack says {code}")
    if code == "missing_scope":
        text = f"the app lacks the scope {found.get('needed', '?')}; add it and install again"
    return SlackError(text, code=code, permanent=True, blocked=code in BLOCKED)


def _wait(_: Row, headers: Headers) -> float:
    return seconds(headers, "retry-after", usual=USUAL_SECONDS)


LINE = Line(name="Slack", error=SlackError, refused=_refused, wait=_wait)


def call(
    config: ChannelConfig,
    method: str,
    params: Mapping[str, Any] | None = None,
    *,
    token: str = "",
    writes: bool = False,
    quick: bool = False,
) -> dict[str, Any]:
    """One method. Raises `SlackError`: permanent, uncertain, or to be tried again later."""
    key = token or config.get("bot_token")
    if not key:
        text = REMEDIES["not_authed"]
        raise SlackError(text, code="not_authed", permanent=True, blocked=True)
    url = config.get("api_url", API_URL).rstrip("/") + "/" + method
    headers = {"Authorization": f"Bearer {key}"}
    given = {name: value for name, value in (params or {}).items() if value not in (None, "")}
    sent: dict[str, Any] = {"json": given} if writes else {"params": given}
    answer = LINE.ask(
        "POST" if writes else "GET",
        url,
        headers=headers,
        writes=writes,
        timeout=QUICK_SECONDS if quick else TIMEOUT_SECONDS,
        **sent,
    )
    found = LINE.read_object(answer, writes=writes)
    if not found.get("ok"):
        raise _refusal(found, writes=writes)
    return found


def pages(
    config: ChannelConfig, method: str, name: str, params: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Every row of a list, page by page."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        found = call(config, method, {**params, "cursor": cursor})
        rows += [row for row in found.get(name) or [] if isinstance(row, dict)]
        cursor = str((found.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return rows


# ------------------------------------------------------------------ names


class _Kept:
    """What was looked up, per connection; a failed look-up is not repeated at once."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, ...], tuple[float, Any]] = {}
        self.lock = threading.Lock()

    def get(self, key: tuple[str, ...], ask: Any) -> Any:
        with self.lock:
            until, value = self.values.get(key, (0.0, None))
        if until > time.monotonic():
            return value
        try:
            value, last = ask(), KEPT_SECONDS
        except DeliveryError:
            last = AGAIN_SECONDS  # the old value, if there is one, is better than none
        with self.lock:
            self.values[key] = (time.monotonic() + last, value)
        return value

    def put(self, key: tuple[str, ...], value: Any) -> None:
        with self.lock:
            self.values[key] = (time.monotonic() + KEPT_SECONDS, value)

    def peek(self, key: tuple[str, ...]) -> Any:
        with self.lock:
            return self.values.get(key, (0.0, None))[1]

    def drop(self, key: tuple[str, ...]) -> None:
        with self.lock:
            self.values.pop(key, None)


_kept = _Kept()


def _key(config: ChannelConfig, *parts: str) -> tuple[str, ...]:
    return (config.get("api_url", API_URL), config.get("bot_token")[-12:], *parts)


def user(config: ChannelConfig, user_id: str) -> dict[str, Any]:
    """A member's profile; {} when it cannot be known."""

    def ask() -> dict[str, Any]:
        return dict(call(config, "users.info", {"user": user_id}).get("user") or {})

    return _kept.get(_key(config, "user", user_id), ask) or {}


def channel(config: ChannelConfig, channel_id: str) -> dict[str, Any]:
    """A channel's name and kind; {} when it cannot be known."""

    def ask() -> dict[str, Any]:
        answer = call(config, "conversations.info", {"channel": channel_id})
        return dict(answer.get("channel") or {})

    return _kept.get(_key(config, "channel", channel_id), ask) or {}


def message(config: ChannelConfig, place: str, ts: str) -> dict[str, Any]:
    """One message as it is now; {} when it cannot be had."""
    given = {"channel": place, "latest": ts, "inclusive": "true", "limit": 1}
    try:
        rows = call(config, "conversations.history", given).get("messages") or []
    except DeliveryError:
        return {}
    return next((dict(row) for row in rows if str(row.get("ts")) == ts), {})


def permalink(config: ChannelConfig, place: str, ts: str) -> str:
    """Where people see a message; "" when it cannot be had. Its shape is Slack's own affair.

    https://docs.slack.dev/reference/methods/chat.getPermalink
    """
    try:
        answer = call(config, "chat.getPermalink", {"channel": place, "message_ts": ts})
    except DeliveryError:
        return ""
    return str(answer.get("permalink") or "")


def root_of(config: ChannelConfig, place: str, ts: str) -> str:
    """The first message of the thread that a message stands in; "" when it cannot be had."""
    given = {"channel": place, "ts": ts, "latest": ts, "inclusive": "true", "limit": 1}
    try:
        rows = call(config, "conversations.replies", given).get("messages") or [{}]
    except DeliveryError:
        return ""
    return str(rows[0].get("thread_ts") or "")


def groups(config: ChannelConfig) -> dict[str, str]:
    """User groups' handles by id."""

    def ask() -> dict[str, str]:
        rows = call(config, "usergroups.list").get("usergroups") or []
        return {str(row.get("id")): str(row.get("handle") or "") for row in rows}

    return _kept.get(_key(config, "groups"), ask) or {}


def own(config: ChannelConfig) -> dict[str, Any]:
    """Who we are: `user_id`, `bot_id`, `team_id`, `url`."""

    def ask() -> dict[str, Any]:
        return call(config, "auth.test")

    return _kept.get(_key(config, "own"), ask) or {}


def known_own_user(config: ChannelConfig) -> str:
    """Our bot's user id where it is known already; asks nobody."""
    known = config.get("bot_user_id")
    return known or str((_kept.peek(_key(config, "own")) or {}).get("user_id") or "")


def forget(config: ChannelConfig, kind: str, name: str) -> None:
    """A profile or channel has changed."""
    _kept.drop(_key(config, kind, name))


def channel_id(config: ChannelConfig, name: str) -> str:
    """The id behind `#name`; an id is itself. Raises `SlackError` when there is none."""
    bare = name.strip().lstrip("#")
    if bare[:1] in ("C", "G", "D") and bare.isupper() and len(bare) > 2 and not bare.islower():
        return bare

    def ask() -> dict[str, str]:
        given = {"types": "public_channel,private_channel", "exclude_archived": "true"}
        rows = pages(config, "conversations.list", "channels", {**given, "limit": 200})
        return {str(row.get("name")): str(row.get("id")) for row in rows}

    key = _key(config, "ids")
    found = (_kept.get(key, ask) or {}).get(bare)
    if found is None:  # perhaps it is new, or Slack could not be asked: that is said
        _kept.put(key, ids := ask())
        found = ids.get(bare)
    if found is None:
        text = f"there is no Slack channel #{bare} that the bot can see; it is private or archived"
        raise SlackError(text, permanent=True, blocked=True)
    return str(found)


# ------------------------------------------------------------------ files


def fetch(url: str, config: ChannelConfig) -> bytes:
    """A private file's bytes. The token goes only to Slack's own hosts."""
    if not _is_ours(url, config):
        raise SlackError("the file lies on a host that is not Slack's", permanent=True)
    headers = {"Authorization": f"Bearer {config.get('bot_token')}"}
    gone = "the file is not available; the app needs the scope files:read"
    return LINE.download(url, headers=headers, gone=gone)


def _is_ours(url: str, config: ChannelConfig) -> bool:
    return lies_at(url, config.get("api_url", API_URL), HOSTS)


def respond(url: str, body: Mapping[str, Any], config: ChannelConfig) -> None:
    """Say something to who pressed or typed, by the address that Slack gave."""
    if not _is_ours(url, config):
        raise SlackError("the response address is not Slack's", permanent=True)
    answer = LINE.ask("POST", url, json=dict(body), writes=False, timeout=TIMEOUT_SECONDS)
    if answer.status >= 400:
        raise SlackError(f"Slack answered {answer.status}", permanent=answer.status < 500)


def put(url: str, content: bytes, config: ChannelConfig) -> None:
    """Hand a file's bytes to the address that Slack gave for them."""
    if not _is_ours(url, config):
        raise SlackError("the upload address is not Slack's", permanent=True)
    answer = LINE.ask("POST", url, data=content, writes=False, timeout=PUT_SECONDS)
    if answer.status != 200:
        raise SlackError(f"Slack answered {answer.status} to the file")


def wait(seconds: float) -> None:
    """Wait as long as Slack asked; only where nobody waits for us."""
    time.sleep(seconds)
