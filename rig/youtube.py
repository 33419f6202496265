"""A fake YouTube: videos whose omitted fields really are reset, broadcasts, and Google's tokens."""

from typing import Any

from rig.consents import Consents
from rig.vendor import Answer, Call, FakeVendor

CLIENT, SECRET, REFRESH = "youtube-test-client", "youtube-test-secret", "youtube-test-refresh"
DEFAULTS = {
    "embeddable": True,
    "license": "youtube",
    "publicStatsViewable": True,
    "selfDeclaredMadeForKids": False,
    "containsSyntheticMedia": False,
}
QUOTA = 10_000
PRICES = {("GET", "/videos"): 1, ("PUT", "/videos"): 50, ("GET", "/liveBroadcasts"): 1}
PARTS = {"id", "snippet", "status", "liveStreamingDetails", "contentDetails"}


def error(code: int, reason: str) -> Answer:
    """An error as the API says it."""
    found = {"domain": "youtube", "reason": reason, "message": reason}
    return Answer(code, {"error": {"code": code, "message": reason, "errors": [found]}})


class FakeYouTube(FakeVendor):
    """One channel. Tokens end when told so, the quota is counted, wrong bodies are refused."""

    def __init__(self) -> None:
        super().__init__()
        self.videos: dict[str, dict[str, Any]] = {}
        self.tokens = 0
        self.valid: set[str] = set()
        self.is_revoked = False
        self.used = 0
        self.consents = Consents(CLIENT, pkce=True)
        self.page = 50

    def put(
        self, title: str, *, privacy: str = "public", is_live: bool = True, mine: bool = True
    ) -> str:
        """A stream of the channel, or of another one."""
        key = f"{title.lower().replace(' ', '-')}-{len(self.videos):011d}"[-11:]
        self.videos[key] = {
            "title": title,
            "is_live": is_live,
            "mine": mine,
            "status": {**DEFAULTS, "privacyStatus": privacy, "uploadStatus": "uploaded"},
        }
        return key

    def end_tokens(self) -> None:
        """Every access token has ended."""
        self.valid.clear()

    def answer(self, call: Call) -> Answer:
        """Tokens at their own addresses, everything else for a bearer."""
        if call.path in ("/token", "/revoke"):
            return self._token(call) if call.path == "/token" else self._revoke(call)
        path = call.path.removeprefix("/youtube/v3")
        if call.headers.get("authorization", "").removeprefix("Bearer ") not in self.valid:
            return error(401, "authError")
        price = PRICES.get((call.method, path))
        if price is None:
            return error(404, "notFound")
        if self.used + price > QUOTA:
            return error(403, "quotaExceeded")
        self.used += price
        parts = set(call.query.get("part", [""])[0].split(","))
        if not parts <= PARTS:
            return error(400, "unknownPart")
        if path == "/liveBroadcasts":
            return self._broadcasts(call, parts)
        return self._update(call, parts) if call.method == "PUT" else self._list(call, parts)

    # -------------------------------------------------------------- tokens

    def _token(self, call: Call) -> Answer:
        form = call.form()
        if call.method != "POST" or "authorization" in call.headers or not _is_form(call):
            return Answer(400, {"error": "invalid_request"})
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return Answer(401, {"error": "invalid_client"})
        if form.get("grant_type") not in ("refresh_token", "authorization_code"):
            return Answer(400, {"error": "unsupported_grant_type"})
        by_code = form["grant_type"] == "authorization_code"
        known = form.get("refresh_token") == REFRESH and not self.is_revoked
        if not (self.consents.redeem(form) if by_code else known):
            return Answer(400, {"error": "invalid_grant", "error_description": "revoked"})
        self.tokens += 1
        self.is_revoked = False
        fresh = f"ya29.{self.tokens}"
        self.valid.add(fresh)
        more = {"refresh_token": REFRESH} if by_code else {}
        body = {"access_token": fresh, "expires_in": 3599, "token_type": "Bearer", **more}
        return Answer(200, body)

    def _revoke(self, call: Call) -> Answer:
        if not _is_form(call) or call.form().get("token") != REFRESH or self.is_revoked:
            return Answer(400, {"error": "invalid_token"})
        self.is_revoked = True
        self.valid.clear()
        return Answer(200, {})

    # -------------------------------------------------------------- videos

    def _shown(self, key: str, parts: set[str]) -> dict[str, Any]:
        video = self.videos[key]
        state = "live" if video["is_live"] else "none"
        whole = {
            "snippet": {"title": video["title"], "liveBroadcastContent": state},
            "status": dict(video["status"]),
            "liveStreamingDetails": {"actualStartTime": "2026-11-18T09:30:00Z"},
        }
        return {"kind": "youtube#video", "id": key, **{k: whole[k] for k in parts & set(whole)}}

    def _list(self, call: Call, parts: set[str]) -> Answer:
        asked = call.query.get("id", [""])[0].split(",")
        seen = [
            key
            for key in asked
            if key in self.videos
            and (
                self.videos[key]["mine"] or self.videos[key]["status"]["privacyStatus"] != "private"
            )
        ]
        return Answer(200, {"items": [self._shown(key, parts) for key in seen]})

    def _update(self, call: Call, parts: set[str]) -> Answer:
        """What is left out of the part is reset."""
        if not call.headers.get("content-type", "").startswith("application/json"):
            return error(400, "parseError")
        body = call.json()
        key, given = body.get("id"), body.get("status")
        if parts != {"status"} or not isinstance(given, dict):
            return error(400, "invalidVideoMetadata")
        if key not in self.videos:
            return error(404, "videoNotFound")
        if not self.videos[key]["mine"]:
            return error(403, "forbidden")
        unknown = set(given) - {*DEFAULTS, "privacyStatus", "publishAt"}
        if unknown or given.get("privacyStatus") not in ("public", "unlisted", "private"):
            return error(400, "invalidVideoMetadata")
        if "publishAt" in given and given["privacyStatus"] != "private":
            return error(400, "invalidPublishAt")
        self.videos[key]["status"] = {**DEFAULTS, **given, "uploadStatus": "uploaded"}
        return Answer(200, self._shown(key, parts))

    def _broadcasts(self, call: Call, parts: set[str]) -> Answer:
        if "mine" in call.query or call.query.get("broadcastStatus") != ["active"]:
            return error(400, "incompatibleParameters")
        live = [key for key, video in self.videos.items() if video["is_live"] and video["mine"]]
        start = int(call.query.get("pageToken", ["0"])[0])
        most = min(int(call.query.get("maxResults", ["5"])[0]), self.page)
        items = []
        for key in live[start : start + most]:
            row = self._shown(key, parts)
            row["snippet"]["actualStartTime"] = "2026-11-18T09:30:00Z"
            items.append({**row, "kind": "youtube#liveBroadcast"})
        more = {"nextPageToken": str(start + most)} if start + most < len(live) else {}
        return Answer(200, {"items": items, **more})


def _is_form(call: Call) -> bool:
    return call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
