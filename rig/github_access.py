"""Who may ask the fake GitHub, and how often: tokens, Apps, both rate limits, ETags.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api ·
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import base64
import binascii
import hashlib
import json
import re
import time
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from rig.vendor import Answer, Call

TOKEN = "github-test-token"
HEADERS = {"x-github-api-version": "2022-11-28", "user-agent": "switchboard"}
LONGEST_JWT = 600


@dataclass
class Door:
    """Tokens and counters. `pace`: so many writes in so many seconds."""

    token_seconds: float = 3600.0
    requests_left: int = 5000
    reset_at: int = 0
    pace: tuple[int, float] = (80, 60.0)
    slowed: int = 0  # how often the secondary limit was met
    tokens: dict[str, float] = field(default_factory=dict)
    apps: dict[str, tuple[str, rsa.RSAPublicKey]] = field(default_factory=dict)
    _writes: deque[float] = field(default_factory=deque)

    def install(self, app: str, installation: str) -> str:
        """An App with an installation; its private key as PEM."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.apps[installation] = (app, key.public_key())
        kinds = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return key.private_bytes(*kinds, serialization.NoEncryption()).decode()

    def expire(self) -> None:
        """Every installation's token ends now."""
        self.tokens = dict.fromkeys(self.tokens, 0.0)

    # ------------------------------------------------------------ before the answer

    def refuses(self, call: Call) -> Answer | None:
        """Why a request gets no answer, None when it does."""
        if any(call.headers.get(name) != value for name, value in HEADERS.items()):
            return Answer(400, {"message": "headers"})
        found = re.fullmatch(r"/app/installations/(\d+)/access_tokens", call.path)
        if found:
            return self._exchange(call, found[1])
        bearer = call.headers.get("authorization", "").removeprefix("Bearer ")
        if call.path.startswith("/app/") and any(
            _is_signed(bearer, *a) for a in self.apps.values()
        ):
            return None
        if bearer != TOKEN and self.tokens.get(bearer, 0.0) <= time.time():
            return Answer(401, {"message": "Bad credentials"})
        if self.requests_left <= 0 and call.path != "/rate_limit":
            return Answer(403, {"message": "API rate limit exceeded for installation"})
        return self._too_fast() if is_write(call) else None

    def _too_fast(self) -> Answer | None:
        most, seconds = self.pace
        now = time.monotonic()
        while self._writes and self._writes[0] <= now - seconds:
            self._writes.popleft()
        if len(self._writes) >= most:
            self.slowed += 1
            return slow_down(int(self._writes[0] + seconds - now) + 1)
        self._writes.append(now)
        return None

    def _exchange(self, call: Call, installation: str) -> Answer:
        known = self.apps.get(installation)
        jwt = call.headers.get("authorization", "").removeprefix("Bearer ")
        if known is None or not _is_signed(jwt, *known):
            return Answer(401, {"message": "A JSON web token could not be decoded"})
        token, until = f"ghs_{len(self.tokens)}", time.time() + self.token_seconds
        self.tokens[token] = until
        at = f"{datetime.fromtimestamp(until, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return Answer(201, {"token": token, "expires_at": at, "permissions": {}})

    # ------------------------------------------------------------ after it

    def stamped(self, call: Call, answer: Answer) -> Answer:
        """With the counters' headers and an ETag; what is known already comes without a body."""
        headers = dict(answer.headers)
        if call.method == "GET" and answer.status == 200:
            raw = json.dumps(answer.body).encode()
            headers["etag"] = f'W/"{hashlib.sha256(raw).hexdigest()}"'
            if call.headers.get("if-none-match") == headers["etag"]:
                return Answer(304, b"", {**self._counters(), **headers})
        if answer.status != 401 and call.path != "/rate_limit":
            self.requests_left = max(self.requests_left - 1, 0)
        return replace(answer, headers={**self._counters(), **headers})

    def _counters(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": str(self.requests_left),
            "x-ratelimit-reset": str(self.reset_at or int(time.time()) + 3600),
            "x-ratelimit-resource": "core",
        }


def is_write(call: Call) -> bool:
    """What counts as creating content: no query of GraphQL's, nothing about webhooks."""
    if call.path == "/graphql":
        return str(call.json().get("query", "")).lstrip().startswith("mutation")
    return call.method != "GET" and "/hook" not in call.path


def slow_down(seconds: int) -> Answer:
    """The answer of the secondary limit."""
    said = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
    return Answer(403, said, {"retry-after": str(seconds)})


def _is_signed(jwt: str, app: str, key: rsa.RSAPublicKey) -> bool:
    """RS256 by the App's key, made in the past, at most ten minutes long."""
    signed, _, mark = jwt.rpartition(".")
    try:
        head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        key.verify(_decoded(mark), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, binascii.Error, InvalidSignature):
        return False
    now = time.time()
    return bool(
        head == {"alg": "RS256", "typ": "JWT"}
        and claims["iss"] == app
        and claims["iat"] <= now < claims["exp"] <= now + LONGEST_JWT
    )


def _decoded(part: str) -> Any:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
