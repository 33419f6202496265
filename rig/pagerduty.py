"""A fake PagerDuty: `GET /oncalls` as the REST API v2 answers it."""

from datetime import datetime
from typing import Any

from rig.vendor import Answer, Call, FakeVendor

TOKEN = "pd-test-token"
MOST = 10_000  # of offset and limit together


class FakePagerDuty(FakeVendor):
    """Checks the token and the version, pages by 100, filters by schedule and time."""

    def __init__(self) -> None:
        super().__init__()
        self.shifts: list[dict[str, Any]] = []

    def put(
        self,
        email: str,
        start: datetime,
        end: datetime | None,
        *,
        schedule: str | None = "S1",
        level: int = 1,
    ) -> None:
        """Add a shift; without a schedule somebody is always on call."""
        name = email.partition("@")[0]
        self.shifts.append(
            {
                "user": {"id": f"P{name.upper()}", "summary": name, "name": name, "email": email},
                "schedule": {"id": schedule, "summary": schedule} if schedule else None,
                "escalation_policy": {"id": "E1", "summary": "Community"},
                "escalation_level": level,
                "start": start.isoformat(),
                "end": end.isoformat() if end else None,
            }
        )

    def answer(self, call: Call) -> Answer:
        """Who is on call, or what is wrong with the question."""
        if call.headers.get("authorization") != f"Token token={TOKEN}":
            return Answer(401, {"error": {"message": "Unauthorized", "code": 2006}})
        if call.headers.get("accept") != "application/vnd.pagerduty+json;version=2":
            return Answer(400, {"error": {"message": "Bad version", "code": 2001}})
        if call.path != "/oncalls":
            return Answer(404, {"error": {"message": "Not Found", "code": 2100}})
        rows = [row for row in self.shifts if self._wanted(row, call)]
        offset = int(call.query.get("offset", ["0"])[0])
        limit = min(int(call.query.get("limit", ["25"])[0]), 100)
        if offset + limit > MOST:
            return Answer(400, {"error": {"message": "Invalid Input Provided", "code": 2001}})
        shown = rows[offset : offset + limit]
        if call.query.get("include[]") != ["users"]:  # a reference says no more than this
            shown = [{**row, "user": _reference(row["user"])} for row in shown]
        more = offset + limit < len(rows)
        body = {"oncalls": shown, "limit": limit, "offset": offset, "more": more, "total": None}
        return Answer(200, body)

    def _wanted(self, row: dict[str, Any], call: Call) -> bool:
        schedules = call.query.get("schedule_ids[]")
        if schedules and (row["schedule"] or {}).get("id") not in schedules:
            return False
        since, until = call.query.get("since"), call.query.get("until")
        if not since or not until:
            return True
        starts = datetime.fromisoformat(row["start"])
        ends = datetime.fromisoformat(row["end"]) if row["end"] else None
        begin, finish = datetime.fromisoformat(since[0]), datetime.fromisoformat(until[0])
        return starts < finish and (ends is None or ends > begin)


def _reference(user: dict[str, Any]) -> dict[str, Any]:
    return {"id": user["id"], "type": "user_reference", "summary": user["summary"]}
