"""Talking to Intercom's REST API, of one pinned version.

https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io · limits:
https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
"""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig
from inbox.channels.wire import Headers, Line, Row, VendorError, lies_at, names_in, seconds

API_URL = "https://api.intercom.io"
VERSION = "2.15"  # without it the app's own default counts, which somebody may change there
WINDOW_SECONDS = 10.0  # of the limit
# where files of conversations lie; their addresses are signed, so no token goes there
FILE_HOSTS = ("intercomcdn.com", "intercomcdn.eu", "intercom-attachments.com")
REMEDIES = {
    401: "Intercom refuses the token; connect again, or paste a new access token",
    404: "Intercom knows nothing there; it was deleted, or the token may not see it",
}


class IntercomError(VendorError):
    """What Intercom answered."""


def _refused(status: int, found: Row, _: Headers) -> IntercomError:
    """The status says what it is, Intercom's own words why."""
    rows = found.get("errors")
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    said = str(row.get("message") or row.get("code") or "")
    text = REMEDIES.get(status, f"Intercom answered {status}: {said}"[:200])
    if status == 403:
        text = f"Intercom does not allow that: {said}; check the app's permissions and the plan"
    return IntercomError(text[:250], status=status, permanent=True, blocked=status in (401, 403))


def _wait(_: Row, headers: Headers) -> float:
    return seconds(headers, "x-ratelimit-reset", usual=WINDOW_SECONDS)


LINE = Line(name="Intercom", error=IntercomError, refused=_refused, wait=_wait)


def base(config: ChannelConfig) -> str:
    """The API of the workspace's region."""
    return config.get("api_url", API_URL).rstrip("/")


def call(
    config: ChannelConfig,
    method: str,
    path: str,
    body: Any = None,
    *,
    form: Mapping[str, str] | None = None,
    writes: bool = False,
) -> dict[str, Any]:
    """One request; its JSON. Raises `IntercomError`: permanent, uncertain, or to be tried again.

    `writes`: it is not known whether it happened when no answer comes.
    """
    headers = {"Intercom-Version": VERSION}
    if form is None:
        headers["Authorization"] = f"Bearer {_token(config)}"
    given: dict[str, Any] = {"json": body} if form is None else {"data": form}
    answer = LINE.ask(method, base(config) + path, headers=headers, writes=writes, **given)
    return LINE.read_object(answer, writes=writes)


def _token(config: ChannelConfig) -> str:
    token = config.get("access_token")
    if not token:
        text = "there is no access token; connect with Intercom, or paste one"
        raise IntercomError(text, status=401, permanent=True, blocked=True)
    return token


def conversation(config: ChannelConfig, key: str) -> dict[str, Any]:
    """A conversation with its parts, the newest 500 at most. Raises `IntercomError`."""
    if not key.isdigit():
        raise IntercomError(f"“{key[:40]}” is no conversation", status=404, permanent=True)
    return call(config, "GET", f"/conversations/{key}")


def parts_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a conversation, as they are listed."""
    listed = row.get("conversation_parts")
    rows = listed.get("conversation_parts") if isinstance(listed, dict) else None
    return [part for part in rows or [] if isinstance(part, dict)]


def changed_since(
    config: ChannelConfig, since: int, after: str
) -> Iterator[tuple[list[dict[str, Any]], str]]:
    """Pages of conversations that changed after a moment, each with the place of the next one.

    https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io/conversations/searchconversations
    """
    wanted = {"field": "updated_at", "operator": ">", "value": since}
    query = {"operator": "AND", "value": [wanted]}
    sort = {"field": "updated_at", "order": "ascending"}
    while True:
        pagination: dict[str, Any] = {"per_page": 50}
        if after:
            pagination["starting_after"] = after
        given = {"query": query, "pagination": pagination, "sort": sort}
        found = call(config, "POST", "/conversations/search", given)
        pages = found.get("pages")
        following = pages.get("next") if isinstance(pages, dict) else None
        after = str(following.get("starting_after") or "") if isinstance(following, dict) else ""
        rows = found.get("conversations")
        yield [row for row in rows or [] if isinstance(row, dict)], after
        if not after:
            return


# ------------------------------------------------------------------ teammates

KEPT_SECONDS = 3600.0
_kept: dict[tuple[str, str], tuple[float, dict[str, dict[str, str]]]] = {}
_lock = threading.Lock()


def admins(config: ChannelConfig) -> dict[str, dict[str, str]]:
    """Name and address of every teammate by id, asked once an hour. Raises `IntercomError`."""
    key = (base(config), config.get("access_token")[-12:])
    with _lock:
        until, known = _kept.get(key, (0.0, {}))
    if until > time.monotonic():
        return known
    rows = call(config, "GET", "/admins").get("admins")
    found = {
        str(row.get("id")): {
            "name": str(row.get("name") or ""),
            "email": str(row.get("email") or ""),
        }
        for row in rows or []
        if isinstance(row, dict)
    }
    with _lock:
        _kept[key] = (time.monotonic() + KEPT_SECONDS, found)
    return found


# ------------------------------------------------------------------ files


def fetch(url: str, config: ChannelConfig) -> bytes:
    """A file's bytes, without our token: its address is signed. Raises `IntercomError`."""
    hosts = (*FILE_HOSTS, *names_in(config.get("file_hosts")))
    if not lies_at(url, base(config), hosts):
        text = "the file lies on a host that is not Intercom's; name it in file_hosts to allow it"
        raise IntercomError(text, permanent=True)
    return LINE.download(url, gone="the file's address is not valid any more")
