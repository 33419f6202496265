"""A fake Greenhouse: the public Job Board API, and webhooks as it signs and repeats them."""

import hmac
import json
from hashlib import sha256
from html import escape
from typing import Any

from rig.vendor import Answer, Call, FakeVendor

BOARD = "example"
SECRET = "greenhouse-test-secret"


class FakeGreenhouse(FakeVendor):
    """One board. Reading needs no key, so one that is sent is a mistake."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[int, dict[str, Any]] = {}
        self.events = 0

    def put(
        self,
        title: str,
        *,
        number: int = 0,
        location: str = "Remote",
        department: str = "Community",
        prospects: bool = False,
        at: str = "2026-11-16T09:00:00-05:00",
    ) -> int:
        """Open a role; with `prospects` one that takes everybody."""
        number = number or 4_000_000 + len(self.jobs)
        self.jobs[number] = {
            "id": number,
            "internal_job_id": None if prospects else number + 1,
            "title": title,
            "updated_at": at,
            "requisition_id": None if prospects else f"R-{number}",
            "location": {"name": location},
            "absolute_url": f"https://boards.greenhouse.io/{BOARD}/jobs/{number}",
            "language": "en",
            "metadata": None,
            # escaped once more than HTML is, as the vendor does it
            "content": escape(f"<p>About <b>{title}</b> &amp; the team</p>"),
            "departments": [{"id": 7, "name": department, "parent_id": None, "child_ids": []}],
            "offices": [{"id": 9, "name": location, "location": location}],
        }
        return number

    def answer(self, call: Call) -> Answer:
        """All jobs in one answer, or what is wrong with the question."""
        if "authorization" in call.headers:
            return Answer(401, {"status": 401, "error": "Invalid Job Board API key"})
        if call.method != "GET":
            return Answer(404, {"status": 404, "error": "Not found"})
        if call.path != f"/v1/boards/{BOARD}/jobs":
            return Answer(404, {"status": 404, "error": "Job board not found"})
        more = call.query.get("content") == ["true"]
        hidden = () if more else ("content", "departments", "offices")
        shown = [{k: v for k, v in job.items() if k not in hidden} for job in self.jobs.values()]
        return Answer(200, {"jobs": shown, "meta": {"total": len(shown)}})

    def signed(
        self, action: str, payload: Any = None, *, event: str = "", secret: str = SECRET
    ) -> tuple[bytes, dict[str, str]]:
        """(body, headers) of a webhook; the body has the vendor's own escapes."""
        self.events += 1
        body = json.dumps({"action": action, "payload": payload or {}}, ensure_ascii=True)
        raw = body.replace("<", "\\u003c").replace("&", "\\u0026").encode()
        mark = hmac.new(secret.encode(), raw, sha256).hexdigest()
        return raw, {
            "content-type": "application/json",
            "signature": f"sha256 {mark}",
            "greenhouse-event-id": event or f"event-{self.events}",
        }
