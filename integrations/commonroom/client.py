"""Asking Common Room: whose the token is (v1), and lists page by page (v2).

https://api.commonroom.io/docs/community.html · https://api.commonroom.io/docs/api-v2.html
"""

from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.channels.wire import Headers, Line, Row, VendorError, seconds

API_URL = "https://api.commonroom.io/community"
REFUSED = (
    "Common Room refuses the token: make a new one there (Settings, API tokens, as an admin of the "
    "room) and enter it on the connection's page"
)


def community(config: ChannelConfig) -> tuple[str, str]:
    """Id and name of the community that the token belongs to. Raises `DeliveryError`."""
    found = _get(config, "/v1/api-token-status", {})
    key = str(found.get("communityId") or "").strip()
    if not key:
        raise LINE.unreadable()
    return key[:60], " ".join(str(found.get("communityName") or key).split())[:100]


def check(config: ChannelConfig) -> str:
    """What a live check says."""
    try:
        return f"ok: the community {community(config)[1]}"
    except DeliveryError as error:
        return error.text


def discover(config: ChannelConfig) -> Mapping[str, str]:
    """The community's name, for the page; nothing while it cannot be asked."""
    try:
        return {"community": community(config)[1]}
    except DeliveryError:
        return {}


def rows(config: ChannelConfig, name: str, asked: Mapping[str, Any]) -> tuple[list[Row], str]:
    """One page of a list, and the cursor of the next; "" at the end. Raises `DeliveryError`."""
    answer = _get(config, f"/v2/{name}", asked)
    data, meta = answer.get("data"), answer.get("meta")
    # without a word about the next page nobody knows whether this was all
    if not isinstance(data, list) or not isinstance(meta, dict) or "nextCursor" not in meta:
        raise LINE.unreadable()
    return [row for row in data if isinstance(row, dict)], str(meta["nextCursor"] or "")


def _get(config: ChannelConfig, path: str, params: Mapping[str, Any]) -> Row:
    headers = {"Authorization": f"Bearer {config.get('token')}"}
    url = config.get("api_url", API_URL).rstrip("/") + path
    answer = LINE.ask("GET", url, params=params, headers=headers, writes=False)
    return LINE.read_object(answer, writes=False)


def _refused(status: int, found: Row, _: Headers) -> VendorError:
    if status in (401, 403):
        return VendorError(REFUSED, status=status, permanent=True, blocked=True)
    error = found.get("error")
    said = str(error.get("message") or "")[:100] if isinstance(error, dict) else ""
    text = f"Common Room answered {status}{f': {said}' if said else ''}"
    return VendorError(text, status=status, permanent=True)


def _wait(found: Row, headers: Headers) -> float:
    """`Retry-After` holds an ISO time; the body says the same in milliseconds."""
    limit = found.get("rateLimit")
    said = limit.get("waitMs") if isinstance(limit, dict) else None
    usual = min(max(said / 1000, 1.0), 3600.0) if isinstance(said, int | float) else 60.0
    return seconds(headers, "retry-after", "x-ratelimit-reset", usual=usual)


LINE = Line(name="Common Room", error=VendorError, refused=_refused, wait=_wait)
