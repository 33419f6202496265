"""The fake Zendesk's REST answers.

https://developer.zendesk.com/api-reference/ticketing/introduction/
"""

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from rig.vendor import Answer, Call

if TYPE_CHECKING:
    from rig.zendesk import FakeZendesk

Row = dict[str, Any]
LOST = Answer(404, {"error": "RecordNotFound", "description": "Not found"})
STATUSES = {"new", "open", "pending", "hold", "solved", "closed"}
LAST_MINUTE = timedelta(seconds=60)
LONGEST_COMMENT, LONGEST_KEY = 65_535, 255
# what a request may name; the real one silently ignores the rest
TICKET_FIELDS = set(
    "subject comment status priority type requester_id submitter_id assignee_id group_id tags "
    "external_id safe_update updated_stamp metadata via_followup_source_id email_ccs".split()
)
COMMENT_FIELDS = {"body", "html_body", "public", "author_id", "uploads"}
SHOW_MANY_MOST = 100


def answer(fake: "FakeZendesk", call: Call) -> Answer:
    """The route's answer; the `.json` suffix is optional."""
    if call.path in fake.files:
        return Answer(200, fake.files[call.path], {"content-type": "application/octet-stream"})
    path = call.path.removeprefix("/api/v2").removesuffix(".json")
    for (method, pattern), reply in ROUTES.items():
        found = re.fullmatch(pattern, path)
        if found and method == call.method:
            return reply(fake, call, *(int(part) for part in found.groups()))
    return LOST


def invalid(field: str, text: str, kind: str = "InvalidValue") -> Answer:
    """Zendesk's answer to what it does not accept."""
    details = {field: [{"description": text, "error": kind}]}
    said = "Record validation errors"
    return Answer(422, {"error": "RecordInvalid", "description": said, "details": details})


def _first(call: Call, name: str, default: str = "") -> str:
    return call.query.get(name, [default])[0]


# ------------------------------------------------------------------ reading


def _me(fake: "FakeZendesk", _: Call) -> Answer:
    return Answer(200, {"user": fake.own})


def _user(fake: "FakeZendesk", _: Call, key: int) -> Answer:
    return Answer(200, {"user": fake.users[key]}) if key in fake.users else LOST


def _users(fake: "FakeZendesk", call: Call) -> Answer:
    keys = [int(key) for key in _first(call, "ids").split(",") if key.isdigit()]
    if not keys or len(keys) > SHOW_MANY_MOST:
        return Answer(400, {"error": "BadRequest", "description": "ids"})
    return Answer(200, {"users": [fake.users[key] for key in keys if key in fake.users]})


def _search_users(fake: "FakeZendesk", call: Call) -> Answer:
    wanted = _first(call, "query").removeprefix("email:").strip('"').lower()
    rows = [row for row in fake.users.values() if row["email"].lower() == wanted]
    return Answer(200, {"users": rows, "count": len(rows), "next_page": None})


def _live(fake: "FakeZendesk", number: int) -> Row | None:
    row = fake.tickets.get(number)
    return row if row is not None and row["status"] != "deleted" else None


def _people_of(fake: "FakeZendesk", row: Row) -> list[Row]:
    keys = {row["requester_id"], row["submitter_id"], row["assignee_id"], *row["email_cc_ids"]}
    return [fake.users[key] for key in sorted(key for key in keys if key)]


def _ticket(fake: "FakeZendesk", call: Call, number: int) -> Answer:
    row = _live(fake, number)
    if row is None:
        return LOST
    more = {"users": _people_of(fake, row)} if "users" in _first(call, "include") else {}
    return Answer(200, {"ticket": _shown(row), **more})


def _shown(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "generated_timestamp"}


def _comments(fake: "FakeZendesk", call: Call, number: int) -> Answer:
    if _live(fake, number) is None:
        return LOST
    rows = fake.comments[number]
    page = _page(fake, call, "comments", rows)
    if page.status == 200 and "users" in _first(call, "include"):
        keys = sorted({row["author_id"] for row in page.body["comments"]})
        page.body["users"] = [fake.users[key] for key in keys]
    return page


def _audits(fake: "FakeZendesk", call: Call, number: int) -> Answer:
    if _live(fake, number) is None:
        return LOST
    return _page(fake, call, "audits", fake.audits[number])


def _page(fake: "FakeZendesk", call: Call, name: str, rows: list[Row]) -> Answer:
    """Cursor paging: the cursor is the row's place in the chosen order."""
    size = _first(call, "page[size]", "100")
    if not size.isdigit() or not 1 <= int(size) <= 100:
        return Answer(400, {"error": {"title": "Invalid attribute", "message": "page[size]"}})
    rows = rows[::-1] if _first(call, "sort") == "-created_at" else rows
    begin = _place(_first(call, "page[after]"))
    if begin is None:
        return Answer(400, {"error": "InvalidPaginationParameter", "description": "page[after]"})
    end = begin + int(size)
    more, after = end < len(rows), _cursor(end)
    query = urlencode({"page[size]": size, "page[after]": after})
    link = f"{fake.url}{call.path}?{query}"
    return Answer(200, {
        name: rows[begin:end],
        "meta": {"has_more": more, "after_cursor": after, "before_cursor": _cursor(begin)},
        "links": {"next": link if more else None, "prev": None},
    })  # fmt: skip


def _cursor(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(cursor: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(cursor)) if cursor else 0
    except (ValueError, binascii.Error):
        return None


# ------------------------------------------------------------------ the export


def _export(fake: "FakeZendesk", call: Call) -> Answer:
    """https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/."""
    size = min(int(_first(call, "per_page", "1000")), 1000, fake.page_size)
    last = int((fake.clock() - LAST_MINUTE).timestamp())
    cursor, start = _first(call, "cursor"), _first(call, "start_time")
    if cursor:
        begin = _place(cursor)
        if not isinstance(begin, list):
            return Answer(400, {"error": "InvalidPaginationParameter", "description": "cursor"})
    elif not start.isdigit():
        return Answer(400, {"error": "InvalidValue", "description": "start_time is missing"})
    elif int(start) > last:
        return Answer(422, {"error": "InvalidValue", "description": "Too recent start_time"})
    else:
        begin = [int(start), 0]
    rows = [row for row in fake.export_rows() if row["generated_timestamp"] <= last]
    left = [row for row in rows if [row["generated_timestamp"], row["id"]] >= begin]
    return _exported(fake, call, left, size, begin)


def _exported(fake: "FakeZendesk", call: Call, left: list[Row], size: int, begin: Any) -> Answer:
    """One page; its last ticket comes once more at the head of the next one, as it may."""
    shown = left[:size]
    end = [shown[-1]["generated_timestamp"], shown[-1]["id"]] if shown else begin
    after = _cursor(end)
    body: Row = {
        "tickets": shown, "after_cursor": after, "before_cursor": None, "before_url": None,
        "after_url": f"{fake.url}{call.path}?{urlencode({'cursor': after})}",
        "end_of_stream": len(left) <= size, "count": len(shown),
    }  # fmt: skip
    if "users" in _first(call, "include"):
        people = {user["id"]: user for row in shown for user in _people_of(fake, row)}
        body["users"] = list(people.values())
    return Answer(200, body)


# ------------------------------------------------------------------ writing


def _upload(fake: "FakeZendesk", call: Call) -> Answer:
    name = _first(call, "filename")
    if not name or call.headers.get("content-type", "").startswith("application/x-www"):
        return invalid("filename", "filename: cannot be blank", "BlankValue")
    kind = call.headers.get("content-type", "application/octet-stream")
    token = f"upload-{fake.next_id()}"
    fake.uploads[token] = fake.file(name, call.body, kind)
    return Answer(201, {"upload": {"token": token, "attachment": fake.uploads[token]}})


def _wrong(fake: "FakeZendesk", patch: Row) -> Answer | None:
    """What Zendesk refuses in an update, None when it is fine."""
    comment = patch.get("comment") or {}
    strange = [*(set(patch) - TICKET_FIELDS), *(set(comment) - COMMENT_FIELDS)]
    if strange:
        fake.illegal.append(f"a ticket has no {sorted(strange)}")
        return Answer(400, {"error": "BadRequest", "description": str(strange)})
    if patch.get("status", "new") not in STATUSES:
        return invalid("status", "Status: is not valid")
    if any(token not in fake.uploads for token in comment.get("uploads", ())):
        return invalid("uploads", "Uploads: is invalid")
    text = comment.get("html_body") or comment.get("body")
    if comment and (not text or len(text) > LONGEST_COMMENT):
        return invalid("comment", "Comment: cannot be blank, or is too long")
    people = (patch.get("assignee_id"), comment.get("author_id"))
    if any(key is not None and key not in fake.users for key in people):
        return invalid("assignee", "Assignee: is invalid")
    assignee = fake.users.get(patch.get("assignee_id") or 0)
    if assignee and assignee["role"] == "end-user":
        return invalid("assignee", "Assignee: is not an agent")
    return None


def _body(call: Call) -> Row | None:
    if not call.headers.get("content-type", "").startswith("application/json"):
        return None
    found = call.json().get("ticket")
    return found if isinstance(found, dict) else None


def _update(fake: "FakeZendesk", call: Call, number: int) -> Answer:
    """https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket."""
    row, patch = _live(fake, number), _body(call)
    if row is None or patch is None:
        return LOST if row is None else Answer(400, {"error": "BadRequest"})
    if row["status"] == "closed":
        return invalid("status", "Status: closed prevents ticket update", "ClosedTicket")
    if patch.get("safe_update") and patch.get("updated_stamp") != row["updated_at"]:
        said = "Safe Update prevented the update"
        return Answer(409, {"error": "UpdateConflict", "description": said})
    if wrong := _wrong(fake, patch):
        return wrong
    if patch.get("status") == "solved" and not patch.get("assignee_id", row["assignee_id"]):
        return invalid("base", "Assignee: is required when solving a ticket", "BlankValue")
    fields = {name: value for name, value in patch.items() if name != "metadata"}
    audit = fake.apply(row, fields, fake.own["id"], patch.get("metadata"))
    return Answer(200, {"ticket": _shown(row), "audit": audit})


def _create(fake: "FakeZendesk", call: Call) -> Answer:
    """https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#create-ticket."""
    key = call.headers.get("idempotency-key", "")
    if len(key) > LONGEST_KEY:
        return Answer(400, {"error": "IdempotentRequestError", "description": "key is too long"})
    if key in fake.replies:
        body, known = fake.replies[key]
        if body != call.body:
            return Answer(400, {"error": "IdempotentRequestError"})
        return Answer(known.status, known.body, {"x-idempotency-lookup": "hit"})
    made = _created(fake, _body(call) or {})
    if key and made.status == 201:
        fake.replies[key] = (call.body, made)
    return made


def _created(fake: "FakeZendesk", patch: Row) -> Answer:
    if wrong := _wrong(fake, patch):
        return wrong
    if not patch.get("comment"):
        return invalid("comment", "Description: cannot be blank", "BlankValue")
    source = fake.tickets.get(patch.get("via_followup_source_id") or 0)
    if source is not None and source["status"] != "closed":
        return invalid("via_followup_source_id", "Via followup source: is not closed")
    asker = patch.get("requester_id") or (source or {}).get("requester_id") or fake.own["id"]
    subject = patch.get("subject") or (source or {}).get("subject") or ""
    row = fake.new_ticket(
        {"requester_id": asker, "submitter_id": fake.own["id"], "subject": subject}
    )
    if source is not None:
        origin = {"ticket_id": source["id"], "subject": source["subject"]}
        row["via"] = {"channel": "api", "source": {"from": origin, "to": {}, "rel": "follow_up"}}
        source["followup_ids"].append(row["id"])
    fields = {name: value for name, value in patch.items() if name not in ("metadata", "subject")}
    audit = fake.apply(row, fields, fake.own["id"], patch.get("metadata"))
    return Answer(201, {"ticket": _shown(row), "audit": audit}, {"x-idempotency-lookup": "miss"})


def _tag(fake: "FakeZendesk", call: Call, number: int) -> Answer:
    row = _live(fake, number)
    if row is None:
        return LOST
    tags = [str(tag) for tag in call.json().get("tags", ())]
    if any(" " in tag for tag in tags):
        return invalid("tags", "Tags: must not hold blanks")
    left = [tag for tag in row["tags"] if tag not in tags]
    fake.apply(row, {"tags": left + (tags if call.method == "PUT" else [])}, fake.own["id"])
    return Answer(200, {"tags": row["tags"]})


Reply = Callable[..., Answer]
ROUTES: dict[tuple[str, str], Reply] = {
    ("GET", "/users/me"): _me,
    ("GET", "/users/show_many"): _users,
    ("GET", "/users/search"): _search_users,
    ("GET", r"/users/(\d+)"): _user,
    ("GET", "/incremental/tickets/cursor"): _export,
    ("GET", r"/tickets/(\d+)"): _ticket,
    ("GET", r"/tickets/(\d+)/comments"): _comments,
    ("GET", r"/tickets/(\d+)/audits"): _audits,
    ("PUT", r"/tickets/(\d+)"): _update,
    ("POST", "/tickets"): _create,
    ("PUT", r"/tickets/(\d+)/tags"): _tag,
    ("DELETE", r"/tickets/(\d+)/tags"): _tag,
    ("POST", "/uploads"): _upload,
}
