"""A fake Zendesk with a long history that is made while it is read, so that it takes no memory.

Ticket n is the same whenever it is asked for. The export's last ticket of a page comes once more
at the head of the next one, as it may at Zendesk; every thousandth was deleted there.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from rig.vendor import Answer, Call
from rig.zendesk import FakeZendesk
from rig.zendesk_api import LOST, _cursor, _first, _place

Row = dict[str, Any]
BEGIN = datetime(2023, 1, 2, 8, 0, tzinfo=UTC)
ASKERS, AGENT = 500, 900_000
STATUSES = ("solved", "open", "hold", "pending", "closed", "new")
WORDS = "The connector stops at table {n} with error {code} after the update to 1.{minor}.0"


def is_gone(number: int) -> bool:
    """Whether a ticket was deleted at Zendesk."""
    return number % 1000 == 0


def said_on(number: int) -> int:
    """How many comments a ticket has."""
    return 2 + number % 3


class LongHistory(FakeZendesk):
    """An account with so many tickets, numbered from 1."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        # its limits have tests of their own
        self.door.pace = self.door.export_pace = 10**9

    @property
    def left(self) -> list[int]:
        """The tickets that can be taken along."""
        return [number for number in range(1, self.count + 1) if not is_gone(number)]

    def answer(self, call: Call) -> Answer:
        """The export and comments; everything else as ever."""
        refused = self.door.refuses(call)
        if refused is not None:
            return refused
        path = call.path.removeprefix("/api/v2").removesuffix(".json")
        if path == "/incremental/tickets/cursor":
            return self._export(call)
        found = re.fullmatch(r"/tickets/(\d+)/comments", path)
        if found:
            return self._comments(int(found[1]))
        return super().answer(call)

    def _export(self, call: Call) -> Answer:
        size = min(int(_first(call, "per_page", "1000")), 1000)
        cursor = _first(call, "cursor")
        place = _place(cursor) if cursor else [0, 1]
        if not isinstance(place, list) or (not cursor and not _first(call, "start_time").isdigit()):
            return Answer(400, {"error": "InvalidPaginationParameter", "description": "cursor"})
        begin = max(int(place[1]), 1)
        rows = [_ticket(n) for n in range(begin, min(begin + size, self.count + 1))]
        end = rows[-1]["id"] if rows else begin
        after = _cursor([_changed(end), end])
        users = {row["requester_id"]: _user(row["requester_id"]) for row in rows}
        return Answer(200, {
            "tickets": rows, "users": [*users.values(), _user(AGENT)], "count": len(rows),
            "after_cursor": after, "before_cursor": None, "before_url": None,
            "after_url": f"{self.url}{call.path}?{urlencode({'cursor': after})}",
            "end_of_stream": end >= self.count,
        })  # fmt: skip

    def _comments(self, number: int) -> Answer:
        if not 1 <= number <= self.count or is_gone(number):
            return LOST
        rows = [_comment(number, place) for place in range(said_on(number))]
        return Answer(200, {
            "comments": rows, "users": [_user(_asker(number)), _user(AGENT)],
            "meta": {"has_more": False, "after_cursor": None, "before_cursor": None},
            "links": {"next": None, "prev": None},
        })  # fmt: skip


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _asked(number: int) -> datetime:
    return BEGIN + timedelta(minutes=15 * number)


def _changed(number: int) -> int:
    return int((_asked(number) + timedelta(days=2)).timestamp())


def _asker(number: int) -> int:
    return 100_000 + number % ASKERS


def _user(key: int) -> Row:
    staff = key == AGENT
    return {
        "id": key, "name": "Ana" if staff else f"Asker {key}", "verified": True,
        "email": "ana@example.com" if staff else f"asker{key}@example.org", "suspended": False,
        "role": "agent" if staff else "end-user", "iana_time_zone": "Europe/Lisbon",
        "time_zone": "Lisbon", "locale": "en-US", "active": True, "external_id": None,
    }  # fmt: skip


def _ticket(number: int) -> Row:
    status = "deleted" if is_gone(number) else STATUSES[number % len(STATUSES)]
    return {
        "id": number, "subject": f"Sync stops at table {number}", "description": "",
        "status": status, "priority": "high" if number % 5 == 0 else None, "type": None,
        "requester_id": _asker(number), "submitter_id": _asker(number),
        "assignee_id": AGENT if number % 2 else None, "group_id": 5, "organization_id": None,
        "tags": ["sync", f"v1-{number % 50}"], "via": {"channel": "web"}, "external_id": None,
        "created_at": _stamp(_asked(number)),
        "updated_at": _stamp(_asked(number) + timedelta(days=2)),
        "generated_timestamp": _changed(number),
    }  # fmt: skip


def _comment(number: int, place: int) -> Row:
    text = WORDS.format(n=number, code=number % 97, minor=number % 50)
    return {
        "id": number * 10 + place, "type": "Comment", "public": place != 1,
        "author_id": AGENT if place else _asker(number), "plain_body": text, "body": text,
        "html_body": f"<p>{text}</p>", "attachments": [], "via": {"channel": "web"},
        "created_at": _stamp(_asked(number) + timedelta(hours=place)),
        "metadata": {"system": {}, "custom": {}},
    }  # fmt: skip
