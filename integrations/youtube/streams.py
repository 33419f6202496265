"""Streams at YouTube: which are live, and who may see one.

https://developers.google.com/youtube/v3/live/docs/liveBroadcasts/list
https://developers.google.com/youtube/v3/docs/videos/update
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.channels.jsontext import moment
from inbox.channels.ports import Broadcast, Privacy, Stream
from inbox.channels.wire import Answer, Headers, Line, Row, VendorError
from integrations.youtube import access

API_URL = "https://www.googleapis.com/youtube/v3"
WATCH_URL = "https://www.youtube.com/watch?v="
ID = re.compile(r"[A-Za-z0-9_-]{11}")
HOSTS = ("youtube.com", "youtube-nocookie.com")
PATHS = ("live", "shorts", "embed", "v")
PAGE, MOST_PAGES = 50, 4
# what `videos.update` may change in `status`; what is left out is reset to its default there
MUTABLE = (
    "embeddable",
    "license",
    "publicStatsViewable",
    "selfDeclaredMadeForKids",
    "containsSyntheticMedia",
)
QUOTA = "YouTube's daily quota is used up; there is a new one at midnight, Pacific time"
# reason of an error → (text, how it is meant)
REASONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "quotaExceeded": (QUOTA, {"retry_after_seconds": 3600.0}),
    "dailyLimitExceeded": (QUOTA, {"retry_after_seconds": 3600.0}),
    "rateLimitExceeded": ("YouTube asks us to wait", {"retry_after_seconds": 60.0}),
    "userRateLimitExceeded": ("YouTube asks us to wait", {"retry_after_seconds": 60.0}),
    "insufficientPermissions": (
        f"YouTube was not allowed to us for this: {access.CONNECT}",
        {"permanent": True, "blocked": True},
    ),
    "videoNotFound": ("YouTube knows no such video, or it was deleted", {"permanent": True}),
    "forbidden": ("this video is not one of the connected channel", {"permanent": True}),
    "liveStreamingNotEnabled": (
        "live streaming is not switched on for the connected channel",
        {"permanent": True},
    ),
}


# ------------------------------------------------------------------ the port


def live(config: ChannelConfig) -> list[Stream]:
    """Every stream of the channel that is live now; one unit of quota a page."""
    params = {"part": "id,snippet,status", "broadcastStatus": "active", "broadcastType": "all"}
    found: list[Stream] = []
    token = ""
    for _ in range(MOST_PAGES):
        more = {"pageToken": token} if token else {}
        page = _call(config, "GET", "/liveBroadcasts", {**params, "maxResults": PAGE, **more})
        found += [_broadcast(row) for row in _items(page)]
        token = str(page.get("nextPageToken") or "")
        if not token:
            break
    return found


def find(config: ChannelConfig, address: str) -> Stream | None:
    """A video by its id or any of its addresses; None when there is none that we may see."""
    video_id = id_in(address)
    if not video_id:
        return None
    row = _video(config, video_id)
    return _stream(row) if row is not None else None


def set_privacy(config: ChannelConfig, video_id: str, privacy: Privacy) -> Stream:
    """Change who may see a video, leaving everything else as it is, and look whether it holds.

    A time at which it was to be published is dropped: it would undo what was asked for. Doing it
    again does no harm, so an interrupted change is only looked at. 52 units of quota.
    """
    row = _video(config, video_id)
    if row is None:
        raise _error("videoNotFound")
    status = _part(row, "status")
    if status.get("privacyStatus") == privacy and "publishAt" not in status:
        return _stream(row)
    kept = {name: status[name] for name in MUTABLE if name in status}
    body = {"id": video_id, "status": {**kept, "privacyStatus": str(privacy)}}
    trouble = DeliveryError(f"YouTube does not show it as {privacy} yet", uncertain=True)
    try:
        _call(config, "PUT", "/videos", {"part": "status"}, body)
    except DeliveryError as error:
        if not error.uncertain:
            raise
        trouble = error
    after = _read_back(config, video_id)
    if after is not None and _part(after, "status").get("privacyStatus") == privacy:
        return _stream(after)
    raise trouble


def _read_back(config: ChannelConfig, video_id: str) -> Mapping[str, Any] | None:
    try:
        return _video(config, video_id)
    except DeliveryError as error:
        raise DeliveryError(error.text, uncertain=True, blocked=error.blocked) from error


BROADCAST = Broadcast(live=live, find=find, set_privacy=set_privacy)


def check(config: ChannelConfig) -> str:
    """What a live check says."""
    try:
        found = live(config)
    except DeliveryError as error:
        return error.text
    names = ", ".join(f"“{stream.title}”" for stream in found) or "nothing"
    return f"ok: live now: {names}"


# ------------------------------------------------------------------ reading


def id_in(address: str) -> str:
    """The id in an address, or the id itself; "" where there is none."""
    given = address.strip()
    if ID.fullmatch(given):
        return given
    try:
        parts = urlsplit(given if "//" in given else f"https://{given}")
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if host == "youtu.be":
        found = parts.path.strip("/").partition("/")[0]
    elif any(host == known or host.endswith(f".{known}") for known in HOSTS):
        found = _id_at(parts.path, parts.query)
    else:
        return ""
    return found if ID.fullmatch(found) else ""


def _id_at(path: str, query: str) -> str:
    first, _, rest = path.strip("/").partition("/")
    if first == "watch":
        return parse_qs(query).get("v", [""])[0]
    if first in PATHS:
        return rest.partition("/")[0]
    return ""


def _video(config: ChannelConfig, video_id: str) -> Mapping[str, Any] | None:
    parts = {"part": "status,snippet,liveStreamingDetails", "id": video_id}
    found = _items(_call(config, "GET", "/videos", parts))
    return next((row for row in found if row.get("id") == video_id), None)


def _items(page: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = page.get("items")
    if not isinstance(rows, list):
        raise LINE.unreadable()
    return [row for row in rows if isinstance(row, dict) and ID.fullmatch(str(row.get("id")))]


def _part(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def _stream(row: Mapping[str, Any]) -> Stream:
    snippet, details = _part(row, "snippet"), _part(row, "liveStreamingDetails")
    is_live = snippet.get("liveBroadcastContent") == "live"
    return _made(row, is_live=is_live, started=details.get("actualStartTime"))


def _broadcast(row: Mapping[str, Any]) -> Stream:
    """A broadcast has the id of its video."""
    return _made(row, is_live=True, started=_part(row, "snippet").get("actualStartTime"))


def _made(row: Mapping[str, Any], *, is_live: bool, started: Any) -> Stream:
    try:
        privacy = Privacy(str(_part(row, "status").get("privacyStatus")))
    except ValueError as error:
        raise DeliveryError("YouTube does not say who may see the video") from error
    return Stream(
        external_id=str(row["id"]),
        title=str(_part(row, "snippet").get("title") or row["id"]),
        privacy=privacy,
        is_live=is_live,
        url=WATCH_URL + str(row["id"]),
        started_at=moment(started),
    )


# ------------------------------------------------------------------ asking


def _call(
    config: ChannelConfig, method: str, path: str, params: Mapping[str, Any], body: Any = None
) -> Row:
    """One request; a refused access token is renewed once. Raises `DeliveryError`."""
    url, writes = config.get("api_url", API_URL).rstrip("/") + path, body is not None

    def ask() -> Answer:
        headers = {"Authorization": f"Bearer {access.token(config)}"}
        return LINE.ask(method, url, headers=headers, params=params, json=body, writes=writes)

    answer = ask()
    if answer.status == 401:
        access.forget(config)
        answer = ask()
    return LINE.read_object(answer, writes=writes)


def _refused(status: int, found: Row, _: Headers) -> VendorError:
    """https://developers.google.com/youtube/v3/docs/errors"""
    if status == 401:
        text = f"YouTube refuses the access: {access.CONNECT}"
        return VendorError(text, status=status, permanent=True, blocked=True)
    rows = _part(found, "error").get("errors")
    first = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    reason = str(first.get("reason") or "")
    if reason in REASONS:
        return _error(reason, status=status)
    said = f": {reason[:80]}" if reason else ""
    return VendorError(f"YouTube answered {status}{said}", status=status, permanent=True)


def _error(reason: str, **more: Any) -> VendorError:
    text, kinds = REASONS[reason]
    return VendorError(text, code=reason, **kinds, **more)


LINE = Line(name="YouTube", error=VendorError, refused=_refused)
