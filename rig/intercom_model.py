"""What the fake Intercom knows: teammates, contacts, conversations with their parts, files."""

import itertools
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from rig.consents import Consents
from rig.vendor import Answer, FakeVendor

APP = "abc123"
TOKEN = "intercom-test-token"
CLIENT_ID, CLIENT_SECRET = "intercom-client-id", "intercom-client-secret"
OWN_ADMIN = "77"
MOST_PARTS = 500

Row = dict[str, Any]


class Refusal(Exception):
    """An answer that is an error list."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = errors(status, code, message)


def errors(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> Answer:
    """Intercom's list of errors."""
    row = {"code": code, "message": message}
    body = {"type": "error.list", "request_id": "req-1", "errors": [row]}
    return Answer(status, body, headers or {})


class IntercomModel(FakeVendor):
    """A workspace; what can be asked of it stands in `rig.intercom_api`."""

    def __init__(self) -> None:
        super().__init__()
        self.token, self.consents = TOKEN, Consents(CLIENT_ID)
        self.admins: dict[str, Row] = {}
        self.contacts: dict[str, Row] = {}
        self.conversations: dict[str, Row] = {}
        self.files: dict[str, bytes] = {}
        self.budget: int | None = None  # requests a window
        self.clock = 0
        self.redirects: list[str] = []
        self._ids = itertools.count(1000)
        self._spent: dict[int, int] = {}
        self.teammate(OWN_ADMIN, "Desk", "desk@example.com")

    # ------------------------------------------------------------ state

    def teammate(self, key: str, name: str, email: str) -> str:
        """An admin of the workspace."""
        self.admins[key] = {
            "type": "admin", "id": key, "name": name, "email": email, "team_ids": [],
            "away_mode_enabled": False, "has_inbox_seat": True,
        }  # fmt: skip
        return key

    def now(self) -> int:
        """Whole seconds; the fake's own clock where a test has set one."""
        return self.clock or int(time.time())

    def key(self) -> str:
        """A new id."""
        return str(next(self._ids))

    def author(self, key: str) -> Row:
        """An admin, a contact or a bot as an author."""
        row = self.admins.get(key) or self.contacts.get(key)
        if row is None:
            return {"type": "bot", "id": key, "name": "Fin", "email": f"operator+{key}@intercom.io"}
        kind = row["type"] if row["type"] == "admin" else row["role"]
        return {"type": kind, "id": key, "name": row["name"], "email": row["email"]}

    def add_part(self, key: str, who: str, kind: str, body: str | None, **more: Any) -> Row:
        """A new part at the end of a conversation."""
        row, now = self.conversations[key], self.now()
        part = {
            "type": "conversation_part", "id": self.key(), "part_type": kind, "body": body,
            "created_at": now, "updated_at": now, "notified_at": now, "assigned_to": None,
            "author": self.author(who), "attachments": [], "external_id": None,
            "redacted": False, "app_package_code": None, **more,
        }  # fmt: skip
        row["conversation_parts"].append(part)
        row["updated_at"] = now
        return part

    def shown(self, row: Row, parts: list[Row] | None = None) -> Row:
        """A conversation with all its parts, the newest 500 at most, or with some."""
        every = row["conversation_parts"]
        chosen = every[-MOST_PARTS:] if parts is None else parts
        listed = {
            "type": "conversation_part.list",
            "conversation_parts": chosen,
            "total_count": len(every) if parts is None else len(parts),
        }
        return {**row, "conversation_parts": listed}

    def emit(self, topic: str, item: Row) -> None:
        """Tell the desk."""
        raise NotImplementedError

    # ------------------------------------------------------------ what admins do

    def close(self, who: str, key: str, body: str | None = None, *, by_api: bool = False) -> None:
        """An admin closes."""
        self._stands(who, key, "close", "closed", body, by_api=by_api)

    def open(self, who: str, key: str, body: str | None = None, *, by_api: bool = False) -> None:
        """An admin opens again."""
        self._stands(who, key, "open", "open", body, by_api=by_api)

    def snooze(self, who: str, key: str, body: str | None = None, *, by_api: bool = False) -> None:
        """An admin puts it off."""
        self._stands(who, key, "snoozed", "snoozed", body, by_api=by_api)

    def _stands(
        self, who: str, key: str, kind: str, state: str, body: str | None, *, by_api: bool
    ) -> None:
        row = self.conversations[key]
        code = "desk-app" if by_api else None
        part = self.add_part(key, who, kind, body, app_package_code=code)
        row |= {"state": state, "open": state == "open"}
        topic = {"close": "closed", "open": "opened", "snoozed": "snoozed"}[kind]
        self.emit(f"conversation.admin.{topic}", self.shown(row, [part]))

    def assign(self, who: str, key: str, to: str, *, by_api: bool = False) -> None:
        """An admin gives it to another one; "0" is nobody."""
        if to not in (*self.admins, "0"):
            raise Refusal(404, "assignee_not_found", "Assignee not found")
        row = self.conversations[key]
        code = "desk-app" if by_api else None
        part = self.add_part(key, who, "assignment", None, app_package_code=code)
        part["assigned_to"] = {"type": "admin", "id": to} if to != "0" else None
        row["admin_assignee_id"] = int(to) or None
        self.emit("conversation.admin.assigned", self.shown(row, [part]))

    def redact(self, key: str, target: str) -> None:
        """The words of a part or of the first message are taken out."""
        row = self.conversations[key]
        parts = [part for part in row["conversation_parts"] if part["id"] == target]
        for words in parts or [row["source"]]:
            words |= {"body": "<p><i>This message was deleted</i></p>", "redacted": True}
            words |= {"updated_at": self.now(), "attachments": []}
        row["updated_at"] = self.now()
        self.emit("conversation_part.redacted", self.shown(row, parts))

    def keep(self, name: str, content: bytes, kind: str) -> Row:
        """A file, as an attachment with a signed address."""
        key = self.key()
        self.files[key] = content
        url = f"{self.url}/attachments/{key}/{name}?{urlencode({'signature': key * 2})}"
        return {
            "type": "upload", "name": name, "url": url, "content_type": kind,
            "filesize": len(content),
        }  # fmt: skip
