"""A fake HubSpot: tokens that end, scopes, limits, and webhooks signed over the public address.

The conversations API stands in `rig.hubspot_inbox`, contacts, notes and files in `rig.hubspot_crm`.
https://developers.hubspot.com/docs/api-reference/overview
"""

import base64
import hmac
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any

from rig import openapi
from rig.consents import Consents
from rig.hubspot_crm import Crm
from rig.hubspot_inbox import Inboxes
from rig.vendor import Answer, Call, FakeVendor

PORTAL, APP, OTHER_APP = 62515, 54321, 99
TOKEN = "pat-test-hubspot"
CLIENT, SECRET = "hubspot-client", "hubspot-client-secret"
REFRESH = "hubspot-refresh"
SCOPES = (
    "oauth",
    "conversations.read",
    "conversations.write",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "files",
)
LIMIT = {"status": "error", "message": "You have reached your limit.", "errorType": "RATE_LIMIT"}
FORM = "application/x-www-form-urlencoded"

Handler = Callable[[Call, re.Match[str]], Answer]


class FakeHubSpot(FakeVendor):
    """One account with one app in it."""

    description = openapi.HUBSPOT

    def __init__(self) -> None:
        super().__init__()
        self.at: datetime | None = None  # the fake's clock; None is ours
        self.scopes = set(SCOPES)
        self.access = {TOKEN: float("inf")}  # token → until when, in seconds of the epoch
        self.refreshing = {REFRESH}
        self.consents = Consents(CLIENT)
        self.token_seconds = 1800
        self.requests_left: int | None = None
        self.events: list[dict[str, Any]] = []
        self.hook = ""  # where webhooks are posted
        self.public_url = ""  # what is signed, when it is another address than `hook`
        self._ids = count(1)
        self.inbox = Inboxes(self.now, self.tell, APP)
        self.crm = Crm(self.now, lambda: self.url)
        self.routes: list[tuple[str, re.Pattern[str], str, Handler]] = [
            *self.inbox.routes(),
            *self.crm.routes(),
        ]

    def now(self) -> datetime:
        """The fake's moment."""
        return self.at or datetime.now(UTC)

    # ------------------------------------------------------------ the API

    def answer(self, call: Call) -> Answer:
        """Tokens, scopes and limits first, as the vendor does."""
        open_door = self._oauth(call)
        if open_door is not None:
            return open_door
        if call.path.startswith("/signed/"):
            return self.crm.download(call)
        given = call.headers.get("authorization", "").removeprefix("Bearer ")
        if self.access.get(given, 0) <= self.now().timestamp():
            return _error(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
        if self.requests_left == 0:
            return Answer(429, {**LIMIT, "policyName": "TEN_SECONDLY_ROLLING"})
        if self.requests_left:
            self.requests_left -= 1
        answer = self._route(call)
        left = {"X-HubSpot-RateLimit-Remaining": str(self.requests_left or 100)}
        return Answer(answer.status, answer.body, {**left, **answer.headers})

    def _route(self, call: Call) -> Answer:
        for method, pattern, scope, handle in self.routes:
            found = pattern.fullmatch(call.path)
            if found is None or method != call.method:
                continue
            if scope not in self.scopes:
                missing = {"context": {"missingScopes": [scope]}}
                return _error(403, "MISSING_SCOPES", "This app has no access.", **missing)
            kind = call.headers.get("content-type", "").partition(";")[0]
            wanted = "multipart/form-data" if call.path == "/files/v3/files" else "application/json"
            if call.body and kind != wanted:
                return _error(415, "VALIDATION_ERROR", "Unsupported media type")
            try:
                return handle(call, found)
            except ValueError as error:
                return _error(400, "VALIDATION_ERROR", str(error))
            except LookupError as error:
                return _error(404, "OBJECT_NOT_FOUND", f"{error} was not found")
        return _error(404, "OBJECT_NOT_FOUND", "resource not found")

    # ------------------------------------------------------------ tokens

    def _oauth(self, call: Call) -> Answer | None:
        """https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide."""
        if (call.method, call.path) == ("POST", "/oauth/v1/token"):
            return self._token(call)
        if call.path.startswith("/oauth/v1/refresh-tokens/") and call.method == "DELETE":
            self.refreshing.discard(call.path.rpartition("/")[2])
            return Answer(204)
        if call.path.startswith("/oauth/v1/access-tokens/"):
            return self._about(call.path.rpartition("/")[2])
        if (call.method, call.path) == ("POST", "/oauth/v2/private-apps/get/access-token-info"):
            return self._about(str(call.json().get("tokenKey")), private=True)
        return None

    def _token(self, call: Call) -> Answer:
        form = call.form()
        if call.headers.get("content-type", "").partition(";")[0] != FORM:
            return _error(415, "VALIDATION_ERROR", "Unsupported media type")
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return Answer(400, {"status": "BAD_CLIENT_ID", "message": "missing or unknown client"})
        if form.get("grant_type") == "authorization_code":
            if not self.consents.redeem(form):
                return Answer(400, {"status": "BAD_AUTH_CODE", "message": "unknown auth code"})
            refresh = f"{REFRESH}-{next(self._ids)}"
            self.refreshing.add(refresh)
        elif form.get("grant_type") == "refresh_token":
            refresh = form.get("refresh_token", "")
            if refresh not in self.refreshing:
                said = "missing or invalid refresh token"
                return Answer(400, {"status": "BAD_REFRESH_TOKEN", "message": said})
        else:
            return Answer(400, {"status": "BAD_GRANT_TYPE", "message": "unknown grant type"})
        token = f"access-{next(self._ids)}"
        self.access[token] = self.now().timestamp() + self.token_seconds
        body = {"access_token": token, "refresh_token": refresh, "token_type": "bearer"}
        return Answer(200, {**body, "expires_in": self.token_seconds})

    def _about(self, token: str, *, private: bool = False) -> Answer:
        if token not in self.access or private != (token == TOKEN):
            return _error(404, "OBJECT_NOT_FOUND", "unknown token")
        if private:
            body = {"userId": 77, "hubId": PORTAL, "appId": APP, "scopes": sorted(self.scopes)}
        else:
            body = {"user_id": 77, "hub_id": PORTAL, "app_id": APP, "scopes": sorted(self.scopes)}
        return Answer(200, body)

    # ------------------------------------------------------------ webhooks

    def tell(self, kind: str, thread: int, **more: Any) -> dict[str, Any]:
        """An event that is posted with the next batch."""
        event = {
            "eventId": next(self._ids),
            "subscriptionId": 1,
            "portalId": PORTAL,
            "appId": APP,
            "occurredAt": int(self.now().timestamp() * 1000),
            "subscriptionType": kind,
            "attemptNumber": 0,
            "objectId": thread,
            **more,
        }
        self.events.append(event)
        return event

    def take(self) -> list[dict[str, Any]]:
        """The events that wait, taken out."""
        waiting, self.events = self.events, []
        return waiting

    def post(self, events: Sequence[Any] | None = None) -> list[int]:
        """Post what waits, or these, in signed batches of at most 100; the statuses."""
        rows = list(self.take() if events is None else events)
        batches = [rows[start : start + 100] for start in range(0, len(rows), 100)]
        return [self._post(json.dumps(batch).encode()) for batch in batches]

    def _post(self, raw: bytes) -> int:
        headers = signed(raw, self.public_url or self.hook)
        request = urllib.request.Request(self.hook, raw, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


def signed(
    raw: bytes, url: str, *, secret: str = SECRET, at: float | None = None, method: str = "POST"
) -> dict[str, str]:
    """HubSpot's headers, version 3.

    https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
    """
    stamp = str(int((at if at is not None else datetime.now(UTC).timestamp()) * 1000))
    source = method.encode() + url.encode() + raw + stamp.encode()
    mark = base64.b64encode(hmac.new(secret.encode(), source, sha256).digest()).decode()
    return {
        "content-type": "application/json",
        "x-hubspot-signature-v3": mark,
        "x-hubspot-request-timestamp": stamp,
    }


def _error(status: int, category: str, message: str, **more: Mapping[str, Any]) -> Answer:
    body = {"status": "error", "category": category, "message": message, "correlationId": "c-1"}
    return Answer(status, {**body, **more})
