"""A fake Common Room: token status (v1), tags, contacts and activities (v2), page by page."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from rig.vendor import Answer, Call, FakeVendor

TOKEN = "jwt-of-an-admin"
COMMUNITY = {"jti": "tcpgph92", "communityName": "Uncommon", "communityId": "8p980hdo0"}
BEGIN = datetime(2024, 1, 2, 9, 0, tzinfo=UTC)
MOST, USUAL = 200, 50  # rows a page
# what is given only to whoever asks for it, and by what lists can be sorted
COLUMNS = {
    "contacts": """activateMessage avatarUrl fullName location primaryEmail phoneNumbers title
    companyName companyWebsite connectedCustomObjects profiles jobHistory leadScores
    recentActivities recentWebPages recentWebVisitsNumber segments sparkSummary
    recentSparkSummaries tags url recordCount""".split(),
    "activities": """contactId content isUserInitiated participantCount providerId providerName
    replyCount sentiment subSourceNames url recordCount""".split(),
    "tags": [],
}
SORTS = {"contacts": ["id", "latest_activity", "name"], "activities": ["id", "activityTime"]}


class FakeCommonRoom(FakeVendor):
    """One community. `tokens` are those that count."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN}
        self.rows: dict[str, list[dict[str, Any]]] = {"tags": [], "contacts": [], "activities": []}

    def tag(self, name: str) -> str:
        """A tag; its id, by which contacts name it."""
        return self._put("tags", "l", name=name, entityTypes=["contact"], description=None)

    def contact(self, name: str, **columns: Any) -> str:
        """A contact with some columns; its id."""
        url = f"https://app.commonroom.io/community/uncommon/member/{len(self.rows['contacts'])}"
        return self._put("contacts", "c", **{"name": name, "fullName": name, "url": url, **columns})

    def activity(self, contact: str | None, kind: str = "pr_comment", **columns: Any) -> str:
        """Something that a contact did, an hour after the one before; its id."""
        at = BEGIN + timedelta(hours=len(self.rows["activities"]))
        by = {"contactId": contact} if contact else {}
        values = {"type": kind, "activityTime": at.isoformat().replace("+00:00", "Z"), **by}
        return self._put("activities", "a", **{**values, "providerName": "GitHub", **columns})

    def _put(self, name: str, prefix: str, /, **values: Any) -> str:
        row = {"id": f"{prefix}_{len(self.rows[name]) + 1}", **values}
        self.rows[name].append(row)
        return str(row["id"])

    def answer(self, call: Call) -> Answer:
        """What Common Room says; how much is left of the limit stands on every answer."""
        said = self._said(call)
        left = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "99"}
        return Answer(said.status, said.body, {**left, **said.headers})

    def _said(self, call: Call) -> Answer:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return Answer(403, {"status": "forbidden"})
        if call.method != "GET":
            return Answer(404, {"status": "not-found"})
        if call.path == "/v1/api-token-status":
            return Answer(200, COMMUNITY)
        version, _, name = call.path.lstrip("/").partition("/")
        if version != "v2" or name not in self.rows:
            return Answer(404, {"status": "not-found"})
        asked = {key: values[0] for key, values in call.query.items()}
        problem = _problem(name, asked)
        if problem:
            wrong = {"code": "invalid_parameters", "message": problem}
            return Answer(400, {"success": False, "error": wrong})
        return Answer(200, self._page(name, asked))

    def _page(self, name: str, asked: dict[str, str]) -> dict[str, Any]:
        columns = {"id", "name", "type", "activityTime", *asked.get("cols", "").split(",")}
        first = int(asked.get("cursor", "at-0").removeprefix("at-"))
        after = first + int(asked.get("limit", USUAL))
        rows = self.rows[name]
        data = [{k: v for k, v in row.items() if k in columns} for row in rows[first:after]]
        cursor = f"at-{after}" if after < len(rows) else None
        return {"success": True, "data": data, "meta": {"nextCursor": cursor}}


def _problem(name: str, asked: dict[str, str]) -> str:
    """What the vendor would not understand."""
    limit, cursor = asked.get("limit", f"{USUAL}"), asked.get("cursor", "at-0")
    if not limit.isdigit() or not 1 <= int(limit) <= MOST:
        return f"limit must be from 1 to {MOST}"
    if not cursor.removeprefix("at-").isdigit():
        return "cursor is not valid"
    unknown = set(filter(None, asked.get("cols", "").split(","))) - set(COLUMNS[name])
    if unknown:
        return f"cols: {', '.join(sorted(unknown))} is not known"
    if "sort" in asked and asked["sort"] not in SORTS.get(name, ()):
        return "sort is not valid"
    return ""


def limited(seconds: int, *, says: str = "retry-after") -> Answer:
    """429 as documented: an ISO time, not seconds; or only the epoch; or only the body."""
    until = int(time.time()) + seconds
    iso = datetime.fromtimestamp(until, UTC).isoformat().replace("+00:00", "Z")
    headers = {"retry-after": {"Retry-After": iso}, "reset": {"X-RateLimit-Reset": f"{until}"}}
    wait = {"intervalLimit": 100, "intervalRemaining": 0, "waitMs": seconds * 1000}
    return Answer(429, {"reason": "rate limited", "rateLimit": wait}, headers.get(says, {}))
