"""The REST API of the fake Intercom: bearer, pinned version, closed bodies, limits by window.

https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from rig.intercom_model import (
    APP,
    CLIENT_ID,
    CLIENT_SECRET,
    OWN_ADMIN,
    IntercomModel,
    Refusal,
    Row,
    errors,
)
from rig.vendor import Answer, Call

VERSION = "2.15"
WINDOW_SECONDS = 10
MOST_FILES = 10

Fields = Mapping[str, type | tuple[type, ...]]
REPLY: Fields = {
    "message_type": str,
    "type": str,
    "body": str,
    "admin_id": str,
    "created_at": int,
    "attachment_urls": list,
    "attachment_files": list,
}
CLOSE: Fields = {"message_type": str, "type": str, "admin_id": str, "body": str}
SNOOZE: Fields = {"message_type": str, "admin_id": str, "snoozed_until": int}
OPEN: Fields = {"message_type": str, "admin_id": str}
ASSIGN: Fields = {**CLOSE, "assignee_id": str}
PARTS: Mapping[str, Fields] = {
    "close": CLOSE,
    "snoozed": SNOOZE,
    "open": OPEN,
    "assignment": ASSIGN,
}
NEEDED = {"close": {"type", "admin_id"}, "snoozed": {"admin_id", "snoozed_until"}}
SEARCHED = {"id", "created_at", "updated_at", "state", "open", "read", "admin_assignee_id"}


class IntercomApi(IntercomModel):
    """What can be asked of the workspace; what people do in it stands in `rig.intercom`."""

    # ------------------------------------------------------------ the API

    def answer(self, call: Call) -> Answer:
        """One request."""
        if call.path.startswith("/attachments/"):
            return self._file(call)
        if call.path == "/auth/eagle/token":
            return self._token(call)
        try:
            self._admit(call)
            for method, pattern, do in self._table():
                found = re.fullmatch(pattern, call.path)
                if found and call.method == method:
                    made: Any = do(call, *found.groups())
                    return Answer(200, made, self._limits())
        except Refusal as refused:
            return Answer(refused.answer.status, refused.answer.body, self._limits())
        return errors(404, "not_found", "Resource Not Found")

    def _table(self) -> list[tuple[str, str, Callable[..., Any]]]:
        one = r"/conversations/(\d+)"
        return [
            ("GET", r"/me", self._me),
            ("GET", r"/admins", self._admins),
            ("GET", r"/contacts/(\w+)", self._contact),
            ("GET", one, self._conversation),
            ("POST", r"/auth/uninstall", self._uninstall),
            ("POST", r"/conversations/search", self._search),
            ("POST", r"/conversations/redact", self._redact),
            ("POST", one + "/reply", self._reply),
            ("POST", one + "/parts", self._part),
        ]

    def _admit(self, call: Call) -> None:
        if call.headers.get("authorization") != f"Bearer {self.token}":
            raise Refusal(401, "unauthorized", "Access Token Invalid")
        if call.headers.get("intercom-version") != VERSION:
            raise Refusal(400, "intercom_version_invalid", "The requested version is not pinned")
        kind = call.headers.get("content-type", "").partition(";")[0]
        if call.body and kind != "application/json":
            raise Refusal(415, "media_type_not_supported", "Content-Type should be JSON")
        if "json" not in call.headers.get("accept", ""):
            raise Refusal(406, "media_type_not_acceptable", "The Accept header should be JSON")
        if self.budget is None:
            return
        window = self._window()
        if self._spent.get(window, 0) >= self.budget:
            raise Refusal(429, "rate_limit_exceeded", "Exceeded rate limit")
        self._spent[window] = self._spent.get(window, 0) + 1

    def _window(self) -> int:
        return int(self.now()) // WINDOW_SECONDS

    def _limits(self) -> dict[str, str]:
        window, most = self._window(), 1666 if self.budget is None else self.budget
        return {
            "X-RateLimit-Limit": str(most),
            "X-RateLimit-Remaining": str(max(most - self._spent.get(window, 0), 0)),
            "X-RateLimit-Reset": str((window + 1) * WINDOW_SECONDS),
        }

    def _me(self, call: Call) -> Row:
        own = self.admins[OWN_ADMIN]
        app = {"type": "app", "id_code": APP, "name": "Example", "region": "US"}
        return {**own, "email_verified": True, "app": app}

    def _uninstall(self, call: Call) -> Row:
        self.token = "no token at all"
        return {}

    def _admins(self, call: Call) -> Row:
        return {"type": "admin.list", "admins": list(self.admins.values())}

    def _contact(self, call: Call, key: str) -> Row:
        if key not in self.contacts:
            raise Refusal(404, "not_found", "User Not Found")
        return self.contacts[key]

    def _row(self, key: str) -> Row:
        if key not in self.conversations:
            raise Refusal(404, "not_found", "Resource Not Found")
        return self.conversations[key]

    def _conversation(self, call: Call, key: str) -> Row:
        return self.shown(self._row(key))

    # ------------------------------------------------------------ search

    def _search(self, call: Call) -> Row:
        body = _read(call, {"query": dict, "pagination": dict, "sort": dict})
        pagination, sort = body.get("pagination", {}), body.get("sort", {})
        size = pagination.get("per_page", 20)
        if not 0 < size <= 150:
            raise Refusal(400, "parameter_invalid", "per_page is at most 150")
        rows = [row for row in self.conversations.values() if _matches(body["query"], row)]
        field, order = sort.get("field", "updated_at"), sort.get("order", "descending")
        rows.sort(key=lambda row: (row[field], int(row["id"])), reverse=order == "descending")
        begin = int(base64.b64decode(pagination.get("starting_after", "MA==")))
        pages: Row = {"type": "pages", "page": begin // size + 1, "per_page": size}
        if begin + size < len(rows):
            after = base64.b64encode(str(begin + size).encode()).decode()
            pages["next"] = {"page": begin // size + 2, "starting_after": after}
        bare = [
            {name: value for name, value in row.items() if name != "conversation_parts"}
            for row in rows[begin : begin + size]
        ]
        listed = {"type": "conversation.list", "pages": pages, "total_count": len(rows)}
        return {**listed, "conversations": bare}

    # ------------------------------------------------------------ writes

    def _reply(self, call: Call, key: str) -> Row:
        body, row = _read(call, REPLY), self._row(key)
        kind = body.get("message_type")
        if kind not in ("comment", "note") or body.get("type") != "admin":
            raise Refusal(400, "parameter_invalid", "message_type or type is not known")
        if not body.get("body") and not body.get("attachment_files"):
            raise Refusal(400, "parameter_not_found", "body is required")
        self._speaks(body)
        part = self.add_part(
            row["id"], body["admin_id"], kind, body.get("body"), app_package_code="desk-app"
        )
        part["attachments"] = [self._attach(file) for file in _files(body)]
        topic = "replied" if kind == "comment" else "noted"
        if kind == "comment":
            row |= {"waiting_since": None, "read": True}
        self.emit(f"conversation.admin.{topic}", self.shown(row, [part]))
        return self.shown(row)

    def _part(self, call: Call, key: str) -> Row:
        kind = call.json().get("message_type")
        if kind not in PARTS:
            raise Refusal(400, "parameter_invalid", "message_type is not known")
        body, row = _read(call, PARTS[kind]), self._row(key)
        missing = NEEDED.get(kind, {"admin_id"}) - set(body)
        if missing:
            raise Refusal(400, "parameter_not_found", f"{sorted(missing)[0]} is required")
        self._speaks(body)
        done: Row = {"close": self.close, "open": self.open, "snoozed": self.snooze}
        if kind == "assignment":
            self.assign(body["admin_id"], key, body["assignee_id"], by_api=True)
        else:
            done[kind](body["admin_id"], key, body.get("body"), by_api=True)
        return self.shown(row)

    def _speaks(self, body: Row) -> None:
        if body.get("admin_id") not in self.admins:
            raise Refusal(404, "admin_not_found", "Admin not found")

    def _redact(self, call: Call) -> Row:
        body = call.json()
        row = self._row(str(body.get("conversation_id")))
        if body.get("type") == "source":
            self.redact(row["id"], row["source"]["id"])
        else:
            known = {part["id"] for part in row["conversation_parts"]}
            if body.get("conversation_part_id") not in known:
                raise Refusal(404, "conversation_part_or_message_not_found", "Not found")
            self.redact(row["id"], body["conversation_part_id"])
        return self.shown(row)

    # ------------------------------------------------------------ files and consent

    def _attach(self, file: Row) -> Row:
        try:
            content = base64.b64decode(file["data"], validate=True)
        except (KeyError, TypeError, binascii.Error, ValueError) as error:
            raise Refusal(400, "parameter_invalid", "attachment_files") from error
        return self.keep(file["name"], content, file["content_type"])

    def _file(self, call: Call) -> Answer:
        key = call.path.split("/")[2]
        if call.query.get("signature") != [key * 2] or key not in self.files:
            return Answer(403, b"<Error/>")
        if "authorization" in call.headers:  # a token never goes where files lie
            return Answer(400, b"<Error/>")
        return Answer(200, self.files[key], {"content-type": "application/octet-stream"})

    def _token(self, call: Call) -> Answer:
        given = call.form()
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return errors(401, "unauthorized", "Unauthorized")
        if set(given) != {"client_id", "client_secret", "code"}:
            return errors(400, "parameter_invalid", "code, client_id and client_secret")
        if self.consents.codes.pop(given["code"], None) is None:
            return errors(401, "code_invalid", "Unauthorized Code")
        named = {"token_type": "Bearer", "token": self.token, "access_token": self.token}
        return Answer(200, named)


def _read(call: Call, fields: Fields) -> Row:
    """The body; a field that is not named or of another type is an error."""
    body = call.json()
    if not isinstance(body, dict):
        raise Refusal(400, "parameter_invalid", "no JSON object")
    for name, value in body.items():
        if name not in fields or not isinstance(value, fields[name]):
            raise Refusal(400, "parameter_invalid", f"{name} cannot be {value!r}")
    return body


def _files(body: Row) -> list[Row]:
    files = body.get("attachment_files") or []
    if len(files) > MOST_FILES:
        raise Refusal(400, "parameter_invalid", "at most 10 files")
    return list(files)


def _matches(query: Row, row: Row) -> bool:
    """A single filter, or groups of them."""
    if query.get("operator") in ("AND", "OR"):
        inner = [_matches(each, row) for each in query["value"]]
        if not 0 < len(inner) <= 15:
            raise Refusal(400, "parameter_invalid", "at most 15 filters")
        return all(inner) if query["operator"] == "AND" else any(inner)
    field, operator, value = query.get("field"), query.get("operator"), query.get("value")
    if field not in SEARCHED or operator not in ("=", "!=", ">", "<"):
        raise Refusal(400, "parameter_invalid", f"{field} {operator}")
    have = row[str(field)]
    said = {"=": have == value, "!=": have != value, ">": have > value, "<": have < value}
    return bool(said[str(operator)])
