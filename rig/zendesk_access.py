"""Who may ask the fake Zendesk, and how often: OAuth by client credentials, API tokens, limits.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/ ·
https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

import base64
import time
from collections import deque
from dataclasses import dataclass, field

from rig.vendor import Answer, Call

CLIENT, CLIENT_SECRET = "switchboard", "zendesk-client-secret"
EMAIL, API_TOKEN = "desk@example.com", "zendesk-api-token"
EXPORT = "/api/v2/incremental/"
SECONDS = 60.0
UPDATES, UPDATE_SECONDS = 30, 600.0  # of one ticket by one user


@dataclass
class Door:
    """Tokens and counters; the paces are so many requests in a minute."""

    token_seconds: int = 7200
    pace: int = 700
    export_pace: int = 10
    slowed: int = 0  # how often a limit was met
    revoked: bool = False  # the client is gone: nothing opens
    api_tokens: bool = True  # until April 2027
    tokens: dict[str, float] = field(default_factory=dict)
    _all: deque[float] = field(default_factory=deque)
    _exports: deque[float] = field(default_factory=deque)
    _updates: dict[str, deque[float]] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)  # by token

    def expire(self) -> None:
        """Every access token ends now."""
        self.tokens = dict.fromkeys(self.tokens, 0.0)

    def refuses(self, call: Call) -> Answer | None:
        """Why a request gets no answer of the API's, None when it does."""
        if call.path == "/oauth/tokens":
            return self._grant(call)
        if call.path.startswith("/attachments/token/"):
            return None  # the token in the address is enough
        if not self._knows(call.headers.get("authorization", "")):
            said = {"error": "Couldn't authenticate you"}
            return Answer(401, said, {"www-authenticate": 'Basic realm="Web Password"'})
        if call.method != "GET" and "write" not in self.scopes.get(_bearer(call), "write"):
            return Answer(403, {"error": "Forbidden", "description": "Missing the scope write"})
        if call.path == "/api/v2/oauth/tokens/current" and call.method == "DELETE":
            self.tokens.pop(_bearer(call), None)
            return Answer(204)
        return self._paced(call)

    def _paced(self, call: Call) -> Answer | None:
        """The limits of the export, of one ticket's updates, and of everything together."""
        full = None
        if call.path.startswith(EXPORT):
            full = self._too_many(self._exports, self.export_pace)
        elif call.method == "PUT" and call.path.startswith("/api/v2/tickets/"):
            taken = self._updates.setdefault(call.path, deque())
            full = self._too_many(taken, UPDATES, UPDATE_SECONDS)
        return full or self._too_many(self._all, self.pace)

    def _knows(self, header: str) -> bool:
        basic = base64.b64encode(f"{EMAIL}/token:{API_TOKEN}".encode()).decode()
        if self.api_tokens and header == f"Basic {basic}":
            return not self.revoked
        known = self.tokens.get(header.removeprefix("Bearer "), 0.0)
        return header.startswith("Bearer ") and known > time.time()

    def _grant(self, call: Call) -> Answer:
        if not call.headers.get("content-type", "").startswith("application/json"):
            return Answer(400, {"error": "invalid_request"})
        asked = call.json()
        if asked.get("grant_type") != "client_credentials":
            return Answer(400, {"error": "unsupported_grant_type"})
        if self.revoked or (asked.get("client_id"), asked.get("client_secret")) != (
            CLIENT,
            CLIENT_SECRET,
        ):
            said = "Client authentication failed"
            return Answer(401, {"error": "invalid_client", "error_description": said})
        token = f"zd-access-{len(self.tokens) + 1}"
        self.tokens[token] = time.time() + self.token_seconds
        self.scopes[token] = asked.get("scope", "read")
        return Answer(200, {
            "access_token": token, "token_type": "bearer", "scope": self.scopes[token],
            "expires_in": self.token_seconds,
        })  # fmt: skip

    def _too_many(self, taken: deque[float], most: int, window: float = SECONDS) -> Answer | None:
        now = time.monotonic()
        while taken and taken[0] <= now - window:
            taken.popleft()
        if len(taken) >= most:
            self.slowed += 1
            return slow_down(int(taken[0] + window - now) + 1)
        taken.append(now)
        return None


def slow_down(seconds: int) -> Answer:
    """The answer of every limit."""
    said = {"error": "TooManyRequests", "description": "Number of allowed requests exceeded"}
    return Answer(429, said, {"retry-after": str(seconds), "x-rate-limit-remaining": "0"})


def _bearer(call: Call) -> str:
    return call.headers.get("authorization", "").removeprefix("Bearer ")
