"""Talking to GitHub's REST API with a token, or as an App with tokens of its installation.

https://docs.github.com/en/rest · limits:
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import base64
import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.common import http

API_URL = "https://api.github.com"
TIMEOUT_SECONDS = (5, 20)
LEAST_WAIT, LONGEST_WAIT = 60.0, 3600.0
REMEDIES = {
    401: "GitHub refuses the token; connect a new one",
    404: "GitHub knows nothing there, or the token may not see it",
    410: "it was deleted at GitHub, or issues are switched off there",
}


class GitHubError(DeliveryError):
    """What GitHub answered; `status` is its code, 0 when there was none."""

    def __init__(self, text: str, *, status: int = 0, **kinds: Any) -> None:
        super().__init__(text, **kinds)
        self.status = status


def call(
    config: ChannelConfig, method: str, path: str, body: Any = None, *, query: Any = None
) -> tuple[Any, Mapping[str, str]]:
    """One request; (JSON, headers). Raises `GitHubError`."""
    writes = method != "GET"
    url = path if path.startswith("http") else _base(config) + path
    headers = {
        "Authorization": f"Bearer {token(config)}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "switchboard",
    }
    try:
        with http.session() as session:
            answer = session.request(
                method,
                url,
                json=body,
                params=query,
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
    except requests.ConnectTimeout as error:
        raise GitHubError("GitHub cannot be reached") from error
    except (requests.RequestException, OSError) as error:
        before = "NewConnectionError" in repr(error) or isinstance(error, http.Refused)
        raise GitHubError("GitHub did not answer", uncertain=writes and not before) from error
    return _read(answer, writes=writes), answer.headers


def _base(config: ChannelConfig) -> str:
    return config.get("api_url", API_URL).rstrip("/")


def _read(answer: requests.Response, *, writes: bool) -> Any:
    status = answer.status_code
    if status >= 500:
        raise GitHubError(f"GitHub answered {status}", status=status, uncertain=writes)
    if status == 204:
        return None
    try:
        found = answer.json()
    except ValueError as error:
        raise GitHubError("GitHub's answer cannot be read", uncertain=writes) from error
    if status < 300:
        return found
    said = str(found.get("message") or "") if isinstance(found, dict) else ""
    if status == 429 or (status == 403 and _is_limit(answer, said)):
        raise GitHubError(
            "GitHub asks us to wait", status=status, retry_after_seconds=_wait(answer)
        )
    text = REMEDIES.get(status, f"GitHub answered {status}: {said}"[:200])
    raise GitHubError(text, status=status, permanent=True)


def _is_limit(answer: requests.Response, said: str) -> bool:
    spent = answer.headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in answer.headers or "rate limit" in said.lower()


def _wait(answer: requests.Response) -> float:
    """Seconds: what is asked for, else until the reset, else at least a minute."""
    asked = answer.headers.get("retry-after", "")
    if asked.isdigit():
        return min(max(float(asked), 1.0), LONGEST_WAIT)
    reset = answer.headers.get("x-ratelimit-reset", "")
    if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return min(max(float(reset) - time.time(), 1.0), LONGEST_WAIT)
    return LEAST_WAIT


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
    found, _ = call(config, "POST", url, {"query": query, "variables": dict(variables)})
    found = found if isinstance(found, dict) else {}
    for error in found.get("errors") or []:
        if error.get("type") == "RATE_LIMITED":
            raise GitHubError("GitHub asks us to wait", retry_after_seconds=LEAST_WAIT)
        text = f"GitHub refuses: {error.get('message')}"[:200]
        status = 404 if error.get("type") == "NOT_FOUND" else 422
        raise GitHubError(text, status=status, permanent=True)
    return found.get("data") or {}


# ------------------------------------------------------------------ who we are

_tokens: dict[tuple[str, str], tuple[float, str]] = {}
_lock = threading.Lock()


def token(config: ChannelConfig) -> str:
    """The given token, or one of the App's installation, renewed five minutes early."""
    given = config.get("token")
    if given:
        return given
    app, installation = config.get("app_id"), config.get("installation_id")
    if not (app and installation and config.get("private_key")):
        raise GitHubError(REMEDIES[401], status=401, permanent=True)
    key = (_base(config), installation)
    with _lock:
        until, known = _tokens.get(key, (0.0, ""))
    if until > time.time() + 300:
        return known
    fresh = _installation_token(config, installation)
    with _lock:
        _tokens[key] = (time.time() + 3600, fresh)
    return fresh


def _installation_token(config: ChannelConfig, installation: str) -> str:
    url = f"{_base(config)}/app/installations/{installation}/access_tokens"
    headers = {
        "Authorization": f"Bearer {app_jwt(config)}",
        "Accept": "application/vnd.github+json",
    }
    try:
        with http.session() as session:
            answer = session.post(url, headers=headers, timeout=TIMEOUT_SECONDS)
    except (requests.RequestException, OSError) as error:
        raise GitHubError("GitHub cannot be reached") from error
    found = _read(answer, writes=False)
    return str(found.get("token") or "")


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
