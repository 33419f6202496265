"""Talking to GitHub's REST API with a token, or as an App with tokens of its installation.

https://docs.github.com/en/rest · limits:
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from inbox.channels.contract import ChannelConfig
from inbox.channels.jsontext import moment
from inbox.channels.tokens import Token
from inbox.channels.wire import Answer, Headers, Line, Row, VendorError, seconds

API_URL = "https://api.github.com"
USUAL_SECONDS, EARLY_SECONDS = 60.0, 300.0
REDIRECTS, MOST_HOPS = {301, 302, 307, 308}, 3
REMEDIES = {
    401: "GitHub refuses the token; connect a new one",
    404: "GitHub knows nothing there, or the token may not see it",
    410: "it was deleted at GitHub, or issues are switched off there",
}


class GitHubError(VendorError):
    """What GitHub answered."""


def _refused(status: int, found: Row, headers: Headers) -> VendorError:
    said = str(found.get("message") or "")
    if status == 403 and _is_limit(headers, said):
        return LINE.limited(_wait(found, headers), status=status)
    text = REMEDIES.get(status, f"GitHub answered {status}: {said}"[:200])
    return GitHubError(text, status=status, permanent=True, blocked=status == 401)


def _is_limit(headers: Headers, said: str) -> bool:
    spent = headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in headers or "rate limit" in said.lower()


def _wait(_: Row, headers: Headers) -> float:
    """Seconds: what is asked for, else until the reset, else at least a minute."""
    spent = ["x-ratelimit-reset"] if headers.get("x-ratelimit-remaining") == "0" else []
    return seconds(headers, "retry-after", *spent, usual=USUAL_SECONDS)


LINE = Line(name="GitHub", error=GitHubError, refused=_refused, wait=_wait)


def call(
    config: ChannelConfig,
    method: str,
    path: str,
    body: Any = None,
    *,
    query: Any = None,
    etag: str = "",
    writes: bool | None = None,
) -> tuple[Any, Mapping[str, str]]:
    """One request; (JSON, headers). Raises `GitHubError`.

    With the `etag` of an earlier answer the JSON is None when nothing has changed since:
    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """
    writes = method != "GET" if writes is None else writes
    url = path if path.startswith("http") else _base(config) + path
    given = {"json": body, "params": query}
    more = {"If-None-Match": etag} if etag else {}
    answer = _followed(config, method, url, given, more, writes=writes)
    if answer.status == 401 and _forget_token(config):
        answer = _followed(config, method, url, given, more, writes=writes)
    if answer.status == 304:
        return None, answer.headers
    return LINE.read(answer, writes=writes), answer.headers


def _followed(
    config: ChannelConfig,
    method: str,
    url: str,
    given: Mapping[str, Any],
    more: Mapping[str, str],
    *,
    writes: bool,
) -> Answer:
    """The answer behind the redirects of repositories that were renamed or transferred.

    GitHub asks to repeat the request there, so method and body stay:
    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """
    given = dict(given)
    for _ in range(MOST_HOPS + 1):
        headers = {**_headers(token(config)), **more}
        answer = LINE.ask(method, url, headers=headers, writes=writes, **given)
        if answer.status not in REDIRECTS:
            return answer
        url = urljoin(url, answer.headers.get("location", ""))
        if urlsplit(url)[:2] != urlsplit(_base(config))[:2]:
            raise GitHubError("GitHub points to another host", permanent=True)
        if urlsplit(url).query:
            given["params"] = None
    raise GitHubError("GitHub points from one address to the next", permanent=True)


def _headers(bearer: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {bearer}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


def _base(config: ChannelConfig) -> str:
    return config.get("api_url", API_URL).rstrip("/")


def pages(config: ChannelConfig, path: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every row of a list, by the links that GitHub gives."""
    rows: list[dict[str, Any]] = []
    url, given = path, dict(query)
    while url:
        found, headers = call(config, "GET", url, query=given or None)
        rows += [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        url, given = _next(headers.get("link", ""), config), {}
    return rows


def _next(links: str, config: ChannelConfig) -> str:
    """The next page, when it lies on the API's own host."""
    for part in links.split(","):
        address, _, relation = part.partition(";")
        url = address.strip().strip("<>")
        if 'rel="next"' in relation and url.startswith(_base(config)):
            return url
    return ""


def graphql(config: ChannelConfig, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """One query or mutation; `data`. Raises `GitHubError`, also for errors that come as 200.

    https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
    """
    url = _base(config).removesuffix("/v3") + "/graphql"
    writes = query.lstrip().startswith("mutation")
    body = {"query": query, "variables": dict(variables)}
    found, headers = call(config, "POST", url, body, writes=writes)
    found = found if isinstance(found, dict) else {}
    for error in found.get("errors") or []:
        raise _graphql_error(error, headers, writes=writes)
    return found.get("data") or {}


def _graphql_error(
    error: Mapping[str, Any], headers: Mapping[str, str], *, writes: bool
) -> VendorError:
    kind, said = error.get("type"), str(error.get("message") or "")
    if kind in ("RATE_LIMITED", "RATE_LIMIT"):
        return LINE.limited(_wait({}, headers))
    if said.lower().startswith("something went wrong"):
        # its own time-out; a mutation may have happened all the same
        return GitHubError("GitHub did not finish", uncertain=writes)
    status = 404 if kind == "NOT_FOUND" else 422
    return GitHubError(f"GitHub refuses: {said}"[:200], status=status, permanent=True)


# ------------------------------------------------------------------ who we are


def token(config: ChannelConfig) -> str:
    """The given token, or one of the App's installation, renewed five minutes early."""
    given = config.get("token")
    if given:
        return given
    if not all(config.get(name) for name in ("app_id", "installation_id", "private_key")):
        raise GitHubError(REMEDIES[401], status=401, permanent=True)
    return _token(config).get(lambda: _installation_token(config), early=EARLY_SECONDS)


def _token(config: ChannelConfig) -> Token:
    names = ("app_id", "installation_id", "private_key")
    return Token(("github", _base(config), *map(config.get, names)))


def _forget_token(config: ChannelConfig) -> bool:
    """Whether there was an installation's token to drop, so that asking again makes sense."""
    if config.get("token"):
        return False
    known = _token(config)
    there = bool(known.kept())
    known.forget()
    return there


def _installation_token(config: ChannelConfig) -> tuple[str, float]:
    """(token, seconds that it lasts).

    https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
    """
    installation = quote(config.get("installation_id"), safe="")
    url = f"{_base(config)}/app/installations/{installation}/access_tokens"
    # a token too many harms nobody: nothing here is uncertain
    answer = LINE.ask("POST", url, headers=_headers(app_jwt(config)), writes=False)
    found = LINE.read_object(answer, writes=False)
    until = moment(found.get("expires_at"))
    return str(found.get("token") or ""), until.timestamp() - time.time() if until else 3600.0


def app_jwt(config: ChannelConfig, *, now: float | None = None) -> str:
    """RS256 over the App's id, valid for nine minutes. Raises `GitHubError` for a bad key."""
    at = int(now if now is not None else time.time())
    try:
        key = serialization.load_pem_private_key(config.get("private_key").encode(), None)
    except ValueError as error:
        raise GitHubError("the App's private key cannot be read", permanent=True) from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise GitHubError("the App's private key is no RSA key", permanent=True)
    claims = {"iat": at - 60, "exp": at + 540, "iss": config.get("app_id")}
    parts = [_coded({"alg": "RS256", "typ": "JWT"}), _coded(claims)]
    signature = key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


def _coded(value: Mapping[str, Any]) -> str:
    raw = json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
