"""Talking to Zendesk's ticketing API, as an OAuth client or with an API token.

https://developer.zendesk.com/api-reference/ticketing/introduction/ · limits:
https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig
from inbox.channels.tokens import Token
from inbox.channels.wire import Answer, Headers, Line, Row, VendorError, lies_at, seconds

USUAL_SECONDS = 60.0  # limits are counted by the minute
LASTS_SECONDS = 3600.0  # a token that does not say how long
PAGE = 100  # the most that cursor paging gives
SCOPES = "read write"
FILE_HOST = "zdusercontent.com"  # or one whole address, in front of a test
NOT_THEIRS = "the file lies on a host that is not Zendesk's"
REMEDIES = {
    401: "Zendesk refuses the credentials; connect again with a working OAuth client",
    403: "Zendesk does not allow that with these credentials; they need an admin and write access",
    404: "Zendesk knows no such ticket, or it was deleted",
}


class ZendeskError(VendorError):
    """What Zendesk answered."""


def _refused(status: int, found: Row, _: Headers) -> ZendeskError:
    error = found.get("error")
    code = str(error.get("title") if isinstance(error, dict) else error or "")
    text = REMEDIES.get(status) or f"Zendesk refuses: {_said(found) or status}"[:250]
    if status < 400:
        text = "Zendesk points to another address"
    blocked = status in (401, 403)
    return ZendeskError(text, status=status, code=code, permanent=True, blocked=blocked)


def _said(found: Mapping[str, Any]) -> str:
    """The reasons of a refusal: those of single fields first."""
    details = found.get("details")
    values = list(details.values()) if isinstance(details, dict) else []
    rows = [row for value in values if isinstance(value, list) for row in value]
    told = [str(row.get("description") or "") for row in rows if isinstance(row, dict)]
    error = found.get("error")
    whole = error.get("message") if isinstance(error, dict) else found.get("description") or error
    return "; ".join(text for text in told if text) or str(whole or "")


def _wait(_: Row, headers: Headers) -> float:
    return seconds(headers, "retry-after", "ratelimit-reset", usual=USUAL_SECONDS)


LINE = Line(name="Zendesk", error=ZendeskError, refused=_refused, wait=_wait)


def root(config: ChannelConfig) -> str:
    """The account's own address, without a slash at the end."""
    given = config.get("api_url") or f"https://{config.get('subdomain')}.zendesk.com"
    return given.rstrip("/")


def call(
    config: ChannelConfig,
    method: str,
    path: str,
    body: Any = None,
    *,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    writes: bool | None = None,
) -> Any:
    """One request below `/api/v2`; its JSON. Raises `ZendeskError`.

    `body` is sent as JSON, bytes as they are. What may have happened is uncertain only for
    requests that write.
    """
    writes = method != "GET" if writes is None else writes
    url = f"{root(config)}/api/v2{path}"
    given: Row = {"params": query}
    given.update({"data": body} if isinstance(body, bytes) else {"json": body})

    def ask() -> Answer:
        named = {"Authorization": _authorization(config), **(headers or {})}
        return LINE.ask(method, url, headers=named, writes=writes, **given)

    answer = ask()
    if answer.status == 401 and _forget_token(config):
        answer = ask()
    return _read(answer, writes=writes)


def _read(answer: Answer, *, writes: bool) -> Any:
    """The JSON of a good answer; 503 with a time to wait says that nothing was done."""
    if answer.status == 503 and "retry-after" in answer.headers:
        raise LINE.limited(_wait({}, answer.headers), status=503)
    return LINE.read(answer, writes=writes)


def pages(
    config: ChannelConfig, path: str, name: str, query: Mapping[str, Any] | None = None
) -> Iterator[Row]:
    """Every page of a list by its cursor; rows stand under `name`. Raises `ZendeskError`.

    https://developer.zendesk.com/api-reference/introduction/pagination/
    """
    asked = {**(query or {}), "page[size]": PAGE}
    while True:
        found = call(config, "GET", path, query=asked)
        found = found if isinstance(found, dict) else {}
        yield {**found, name: rows_of(found, name)}
        meta = found.get("meta") or {}
        if not meta.get("has_more") or not meta.get("after_cursor"):
            return
        asked["page[after]"] = meta["after_cursor"]


def rows_of(found: Any, name: str) -> list[Row]:
    """The rows of an answer, whatever else it holds."""
    rows = found.get(name) if isinstance(found, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def export(config: ChannelConfig, *, cursor: str = "", start_at: int = 0, size: int = 1000) -> Row:
    """One page of all tickets in the order of their last change. Raises `ZendeskError`.

    The first time by `start_at` (epoch seconds, a minute ago at least), then by the cursor of the
    page before. Ten requests a minute; tickets may come twice; `include=users` brings people:
    https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
    """
    begin: Row = {"cursor": cursor} if cursor else {"start_time": start_at}
    query = {**begin, "per_page": size, "include": "users"}
    found = call(config, "GET", "/incremental/tickets/cursor", query=query)
    return found if isinstance(found, dict) else {}


# ------------------------------------------------------------------ who we are


def uses_api_token(config: ChannelConfig) -> bool:
    """Whether it is connected by an API token, which Zendesk ends in April 2027."""
    return not config.get("client_id") and bool(config.get("api_token"))


def _authorization(config: ChannelConfig) -> str:
    if uses_api_token(config):
        plain = f"{config.get('email')}/token:{config.get('api_token')}"
        return "Basic " + base64.b64encode(plain.encode()).decode()
    return f"Bearer {token(config)}"


def _token(config: ChannelConfig) -> Token:
    words = (root(config), config.get("client_id"), config.get("client_secret"))
    return Token(("zendesk", *words))


def token(config: ChannelConfig) -> str:
    """An access token of the OAuth client, renewed a minute early. Raises `ZendeskError`.

    https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
    """
    if not config.get("client_id") or not config.get("client_secret"):
        raise ZendeskError(REMEDIES[401], status=401, permanent=True, blocked=True)
    return _token(config).get(lambda: _granted(config))


def _granted(config: ChannelConfig) -> tuple[str, float]:
    """(token, seconds that it lasts); one too many harms nobody, so nothing here is uncertain."""
    body = {
        "grant_type": "client_credentials",
        "client_id": config.get("client_id"),
        "client_secret": config.get("client_secret"),
        "scope": SCOPES,
    }
    answer = LINE.ask("POST", f"{root(config)}/oauth/tokens", json=body, writes=False)
    if answer.status in (400, 401, 403):
        raise ZendeskError(REMEDIES[401], status=401, permanent=True, blocked=True)
    found = LINE.read_object(answer, writes=False)
    given, lasts = str(found.get("access_token") or ""), found.get("expires_in")
    if not given:
        raise ZendeskError("Zendesk gave no access token")
    return given, float(lasts) if isinstance(lasts, int) else LASTS_SECONDS


def _forget_token(config: ChannelConfig) -> bool:
    """Whether there was a granted token to drop, so that asking again makes sense."""
    known = _token(config)
    there = bool(known.kept())
    known.forget()
    return there


def revoke(config: ChannelConfig) -> None:
    """End the access token; the client itself is removed in Zendesk's admin centre.

    https://developer.zendesk.com/api-reference/ticketing/oauth/oauth_tokens/
    """
    if uses_api_token(config):
        return
    try:
        call(config, "DELETE", "/oauth/tokens/current", writes=False)
    except ZendeskError as error:
        if error.status != 401:  # the client is gone, and its tokens with it
            raise
    _forget_token(config)


def ends_alone(before: ChannelConfig, after: ChannelConfig) -> bool:
    """Access tokens are of one client in one account."""
    clients = [(root(one), one.get("client_id")) for one in (before, after)]
    return bool(before.get("client_id")) and clients[0] != clients[1]


# ------------------------------------------------------------------ files


def fetch(url: str, config: ChannelConfig) -> bytes:
    """An attachment's bytes. Raises `ZendeskError`.

    The account's own host sends on to the file host with a signed address, which gets no
    credentials; nothing else is ever followed.
    """

    def check(target: str) -> None:
        allowed = config.get("file_host", FILE_HOST)
        if not lies_at(target, allowed if "://" in allowed else "", [allowed]):
            raise ZendeskError(NOT_THEIRS, permanent=True)

    if not lies_at(url, root(config)):
        raise ZendeskError(NOT_THEIRS, permanent=True)
    return LINE.download(url, headers={"Authorization": _authorization(config)}, onward=check)
