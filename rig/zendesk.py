"""A fake Zendesk: people, what they do on tickets, and signed deliveries to the desk."""

import base64
import hmac
import itertools
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from rig import zendesk_api
from rig.vendor import Answer, Call, FakeVendor
from rig.zendesk_access import API_TOKEN, CLIENT, CLIENT_SECRET, EMAIL, Door

__all__ = ["API_TOKEN", "CLIENT", "CLIENT_SECRET", "EMAIL", "SECRET", "FakeZendesk", "signed"]
SECRET = "zendesk-webhook-secret"
OWN_ID = 9000  # the user behind the API token and the OAuth client
Row = dict[str, Any]


class FakeZendesk(FakeVendor):
    """One account with users, tickets, comments and their audits."""

    def __init__(self) -> None:
        super().__init__()
        self.hook = ""
        self.at = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
        self.clock: Callable[[], datetime] = lambda: (
            self.at
        )  # what the export's last minute is measured by
        self.users: dict[int, Row] = {}
        self.tickets: dict[int, Row] = {}
        self.comments: dict[int, list[Row]] = {}
        self.audits: dict[int, list[Row]] = {}
        self.uploads: dict[str, Row] = {}
        self.files: dict[str, bytes] = {}  # by the path of their address
        self.replies: dict[str, tuple[bytes, Answer]] = {}  # by Idempotency-Key
        self.illegal: list[str] = []  # requests that Zendesk would not understand
        self.door = Door()
        self.page_size = 1000  # of the export
        self._ids = itertools.count(10_001)
        self._numbers = itertools.count(1)
        self.own = self._add(OWN_ID, "Switchboard", EMAIL, "admin")

    # ------------------------------------------------------------ people

    def _add(self, key: int, name: str, email: str, role: str) -> Row:
        row = {
            "id": key, "name": name, "email": email, "role": role, "verified": True,
            "suspended": False, "active": True, "iana_time_zone": "Europe/Lisbon",
            "time_zone": "Lisbon", "locale": "en-US", "external_id": None,
            "url": f"{self.url}/api/v2/users/{key}.json",
        }  # fmt: skip
        self.users[key] = row
        return row

    def person(self, name: str, role: str = "end-user", email: str = "") -> Row:
        """Somebody by first name, made on first sight; agents have addresses at example.com."""
        known = next((row for row in self.users.values() if row["name"] == name), None)
        host = "example.org" if role == "end-user" else "example.com"
        return known or self._add(self.next_id(), name, email or f"{name.lower()}@{host}", role)

    def next_id(self) -> int:
        """Comments, users, audits and uploads share their numbers here."""
        return next(self._ids)

    def now(self) -> str:
        """The next second."""
        self.at += timedelta(seconds=1)
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}"

    # ------------------------------------------------------------ what people do

    def open(self, name: str, subject: str, text: str = "", **fields: Any) -> Row:
        """Somebody opens a ticket; its row."""
        who = self.person(name)["id"]
        row = self.new_ticket({"requester_id": who, "submitter_id": who, "subject": subject})
        comment = {"body": text or subject, "author_id": who}
        self.apply(row, {"comment": comment, **fields}, who)
        return row

    def new_ticket(self, fields: Row) -> Row:
        """An empty ticket with everything that a ticket has."""
        number, at = next(self._numbers), self.now()
        row = {
            "id": number, "url": f"{self.url}/api/v2/tickets/{number}.json", "external_id": None,
            "subject": "", "raw_subject": "", "description": "", "status": "new", "type": None,
            "priority": None, "requester_id": None, "submitter_id": None, "assignee_id": None,
            "group_id": 5, "organization_id": None, "brand_id": 3, "tags": [], "is_public": True,
            "collaborator_ids": [], "follower_ids": [], "email_cc_ids": [], "followup_ids": [],
            "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
            "custom_fields": [], "satisfaction_rating": {"score": "unoffered"},
            "created_at": at, "updated_at": at, "generated_timestamp": int(self.at.timestamp()),
            **fields,
        }  # fmt: skip
        self.tickets[number], self.comments[number], self.audits[number] = row, [], []
        return row

    def comment(
        self, name: str, number: int, text: str, *, public: bool = True, **comment: Any
    ) -> Row:
        """Somebody comments; the comment's row."""
        who = self.person(name)["id"]
        wanted = {"body": text, "public": public, "author_id": who, **comment}
        status = {"status": "open"} if self.users[who]["role"] == "end-user" else {}
        self.apply(self.tickets[number], {"comment": wanted, **status}, who)
        return self.comments[number][-1]

    def change(self, name: str, number: int, **fields: Any) -> Row:
        """Somebody sets a status, an assignee, tags; the ticket's row."""
        self.apply(self.tickets[number], fields, self.person(name)["id"])
        return self.tickets[number]

    def merge(self, name: str, source: int, target: int) -> None:
        """One ticket joins another: closed for good, with a private comment on both."""
        text = f"Request #{source} was closed and merged into this request."
        self.comment(name, target, text, public=False)
        tags = [*self.tickets[source]["tags"], "closed_by_merge"]
        self.comment(name, source, f"merged into request #{target}", public=False)
        self.change(name, source, status="closed", tags=tags)

    def delete(self, name: str, number: int) -> None:
        """Soft deletion: gone from the API, still in the export."""
        self.change(name, number, status="deleted")

    def redact(self, number: int, comment: int, text: str) -> None:
        """Words of a comment become black squares, for ever."""
        row = next(row for row in self.comments[number] if row["id"] == comment)
        for name in ("body", "plain_body", "html_body"):
            row[name] = row[name].replace(text, "▇" * len(text))
        self.touch(self.tickets[number])

    def file(self, name: str, content: bytes, content_type: str = "text/plain") -> Row:
        """An attachment that lies at the account's own host."""
        key = self.next_id()
        path = f"/attachments/token/{key}/?name={name}"
        self.files[path.partition("?")[0]] = content
        return {
            "id": key, "file_name": name, "content_type": content_type, "size": len(content),
            "content_url": self.url + path, "inline": False, "deleted": False, "thumbnails": [],
        }  # fmt: skip

    # ------------------------------------------------------------ one update

    def touch(self, row: Row) -> None:
        """It was changed a second later."""
        row["updated_at"] = self.now()
        row["generated_timestamp"] = int(self.at.timestamp())

    def apply(self, row: Row, patch: Row, by: int, metadata: Row | None = None) -> Row:
        """Write an update and its audit; the audit."""
        self.touch(row)
        events = [
            {"id": self.next_id(), "type": "Change", "field_name": name,
             "value": value, "previous_value": row[name]}
            for name, value in patch.items() if name in row and value != row[name]
        ]  # fmt: skip
        row.update({name: value for name, value in patch.items() if name in row})
        audit: Row = {
            "id": self.next_id(), "ticket_id": row["id"], "created_at": row["updated_at"],
            "author_id": by, "metadata": {"system": {}, "custom": metadata or {}},
            "via": {"channel": "api"}, "events": events,
        }  # fmt: skip
        if comment := patch.get("comment"):
            events.insert(0, self._say(row, comment, by, audit))
        self.audits[row["id"]].append(audit)
        return audit

    def _say(self, row: Row, comment: Row, by: int, audit: Row) -> Row:
        text = str(comment.get("body") or comment.get("html_body") or "")
        html = str(comment.get("html_body") or f"<p>{text}</p>")
        files = [self.uploads.pop(token) for token in comment.get("uploads", ())]
        said = {
            "id": self.next_id(), "type": "Comment", "body": text, "plain_body": text,
            "html_body": html, "public": bool(comment.get("public", True)),
            "author_id": int(comment.get("author_id") or by),
            "attachments": [*comment.get("attachments", ()), *files],
        }  # fmt: skip
        more = {
            "audit_id": audit["id"], "created_at": row["updated_at"],
            "via": {"channel": "api" if audit["metadata"]["custom"] else "web"},
            "metadata": {"system": {}},
        }  # fmt: skip
        row["description"] = row["description"] or text
        self.comments[row["id"]].append({**said, **more})
        return said

    # ------------------------------------------------------------ deliveries

    def event(
        self, kind: str, number: int, *, actor: str = "", position: int = 1, **event: Any
    ) -> Row:
        """The body of an event webhook, as documented since 2022-11-06."""
        row = self.tickets[number]
        by = self.person(actor)["id"] if actor else row["requester_id"]
        texts = {
            name: None if row[name] is None else str(row[name])
            for name in ("id", "requester_id", "submitter_id", "assignee_id", "group_id",
                         "brand_id", "organization_id", "external_id")
        }  # fmt: skip
        plain = {
            name: row[name]
            for name in ("subject", "description", "type", "is_public", "tags",
                         "created_at", "updated_at")
        }  # fmt: skip
        said = {"status": row["status"].upper(), "priority": row["priority"]}
        via = {"via": {"channel": row["via"]["channel"]}, "actor_id": str(by)}
        sequence = {"id": f"S{row['generated_timestamp']}", "position": position}
        return {
            "account_id": 1, "id": f"01HF{self.next_id()}", "subject": f"zen:ticket:{number}",
            "type": f"zen:event-type:ticket.{kind}", "time": row["updated_at"],
            "zendesk_event_version": "2022-11-06", "detail": {**plain, **texts, **said, **via},
            "event": {**event, "meta": {"sequence": sequence}},
        }  # fmt: skip

    def added(self, comment: Row, number: int) -> Row:
        """The event of a comment."""
        author = self.users[comment["author_id"]]
        staff = author["role"] != "end-user"
        said = {
            "id": str(comment["id"]), "body": comment["body"], "is_public": comment["public"],
            "author": {"id": str(author["id"]), "is_staff": staff, "name": author["name"]},
        }  # fmt: skip
        return self.event("comment_added", number, actor=author["name"], comment=said)

    def triggered(self, number: int) -> Row:
        """The body of a trigger webhook, by the template that the desk shows."""
        row = self.tickets[number]
        return {"ticket_id": str(number), "updated_at": row["updated_at"]}

    def post(self, body: Row, *, invocation: str = "") -> int:
        """A signed delivery; the status."""
        raw = json.dumps(body).encode()
        headers = {
            **signed(raw),
            "x-zendesk-webhook-id": "01HFWEBHOOK",
            "x-zendesk-webhook-invocation-id": invocation or f"01HI{self.next_id()}",
        }
        request = urllib.request.Request(self.hook, raw, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    # ------------------------------------------------------------ the API

    def answer(self, call: Call) -> Answer:
        """One request."""
        return self.door.refuses(call) or zendesk_api.answer(self, call)

    def __exit__(self, *error: object) -> None:
        """Whoever asked what Zendesk does not know hears of it here."""
        super().__exit__(*error)
        if not any(error):
            assert not self.illegal, self.illegal

    def export_rows(self) -> Iterable[Row]:
        """Every ticket in the export's order; deleted ones too."""
        return sorted(self.tickets.values(), key=lambda r: (r["generated_timestamp"], r["id"]))

    def said(self, number: int, *, public: bool = True) -> list[str]:
        """What we wrote on a ticket by the API, as it reads there."""
        audits = [row for row in self.audits[number] if row["metadata"]["custom"]]
        events = [event for row in audits for event in row["events"] if event["type"] == "Comment"]
        return [event["body"] for event in events if event["public"] == public]


def signed(raw: bytes, *, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    """Zendesk's headers."""
    stamp = f"{at or datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    mac = hmac.new(secret.encode(), stamp.encode() + raw, sha256).digest()
    return {
        "content-type": "application/json; charset=utf-8",
        "x-zendesk-webhook-signature": base64.b64encode(mac).decode(),
        "x-zendesk-webhook-signature-timestamp": stamp,
    }
