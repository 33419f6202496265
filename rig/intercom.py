"""A fake Intercom: a workspace whose people write, and which posts signed notifications.

A notification holds the conversation with only the new part, as the real ones do; late, twice or in
disorder when a test wants so. https://developers.intercom.com/docs/webhooks
"""

import hmac
import json
import random
import urllib.error
import urllib.request
from collections.abc import Iterator
from hashlib import sha1
from typing import Any

from rig import openapi
from rig.intercom_api import IntercomApi
from rig.intercom_model import (
    APP,
    CLIENT_ID,
    CLIENT_SECRET,
    OWN_ADMIN,
    TOKEN,
    Row,
)

__all__ = [
    "APP",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "OWN_ADMIN",
    "TOKEN",
    "FakeIntercom",
    "disorder",
    "signed",
]


def signed(raw: bytes, *, secret: str = CLIENT_SECRET) -> dict[str, str]:
    """Intercom's header over a body."""
    return {"x-hub-signature": "sha1=" + hmac.new(secret.encode(), raw, sha1).hexdigest()}


class FakeIntercom(IntercomApi):
    """One workspace."""

    description = openapi.INTERCOM

    def __init__(self) -> None:
        super().__init__()
        self.hook = ""
        self.sent: list[Row] = []  # every notification, oldest first
        self.statuses: list[int] = []

    # ------------------------------------------------------------ what people do

    def person(self, key: str, name: str, *, email: str = "", role: str = "user") -> str:
        """A user or lead."""
        self.contacts[key] = {
            "type": "contact", "id": key, "external_id": f"ext-{key}", "role": role,
            "name": name, "email": email,
        }  # fmt: skip
        return key

    def begin(
        self, who: str, text: str, *, url: str | None = None, subject: str = "", **more: Any
    ) -> str:
        """Somebody begins a conversation; its id."""
        key, now, admin = self.key(), self.now(), who in self.admins
        source = {
            "type": "conversation", "id": self.key(), "subject": subject, "url": url,
            "delivered_as": "admin_initiated" if admin else "customer_initiated",
            "body": f"<p>{text}</p>", "author": self.author(who), "attachments": [],
            "redacted": False, **more,
        }  # fmt: skip
        with_whom = [] if admin else [{"type": "contact", "id": who, "external_id": f"ext-{who}"}]
        self.conversations[key] = {
            "type": "conversation", "id": key, "created_at": now, "updated_at": now,
            "waiting_since": None, "snoozed_until": None, "source": source,
            "contacts": {"type": "contact.list", "contacts": with_whom},
            "first_contact_reply": None, "admin_assignee_id": None, "team_assignee_id": None,
            "open": True, "state": "open", "read": False, "title": None,
            "tags": {"type": "tag.list", "tags": []}, "priority": "not_priority",
            "conversation_rating": None, "ai_agent_participated": False,
            "conversation_parts": [],
        }  # fmt: skip
        topic = "admin.single.created" if admin else "user.created"
        self.emit(f"conversation.{topic}", self.shown(self.conversations[key], []))
        return key

    def say(self, who: str, key: str, text: str | None, **more: Any) -> Row:
        """Somebody writes in a conversation: a contact, an admin, or the bot."""
        row = self.conversations[key]
        asks = who in self.contacts
        was = row["state"]
        kind = "open" if asks and was != "open" else "comment"
        if asks:
            row |= {"state": "open", "open": True, "waiting_since": self.now(), "read": False}
            row["first_contact_reply"] = row["first_contact_reply"] or {
                "created_at": self.now(), "type": "conversation", "url": None,
            }  # fmt: skip
        body = None if text is None else f"<p>{text}</p>"
        part = self.add_part(key, who, kind, body, **more)
        spoken = "user" if asks else "admin" if who in self.admins else "operator"
        self.emit(f"conversation.{spoken}.replied", self.shown(row, [part]))
        return part

    def note(self, who: str, key: str, text: str) -> Row:
        """An internal note."""
        part = self.add_part(key, who, "note", f"<p>{text}</p>")
        self.emit("conversation.admin.noted", self.shown(self.conversations[key], [part]))
        return part

    def rate(self, key: str, rating: int, remark: str = "") -> None:
        """The contact rates a conversation."""
        row = self.conversations[key]
        row["conversation_rating"] = {
            "rating": rating, "remark": remark, "created_at": self.now(),
        }  # fmt: skip
        self.emit("conversation.rating.added", self.shown(row, []))

    def said(self, key: str, kind: str = "comment") -> list[Row]:
        """What was written by the API, oldest first."""
        parts = self.conversations[key]["conversation_parts"]
        return [p for p in parts if p["app_package_code"] and p["part_type"] == kind]

    # ------------------------------------------------------------ notifications

    def notification(self, topic: str, item: Row) -> Row:
        """What Intercom posts, as it stands at this moment."""
        now = self.now()
        body = {
            "type": "notification_event", "id": f"notif_{self.key()}", "app_id": APP,
            "topic": topic, "created_at": now, "first_sent_at": now, "delivery_status": "pending",
            "delivery_attempts": 1, "delivered_at": 0, "self": None, "links": {},
            "data": {"type": "notification_event_data", "item": item},
        }  # fmt: skip
        made: Row = json.loads(json.dumps(body))
        return made

    def emit(self, topic: str, item: Row) -> None:
        """Keep a notification, and post it when there is a desk."""
        body = self.notification(topic, item)
        self.sent.append(body)
        if self.hook:
            self.post(body)

    def post(self, body: Row) -> int:
        """A signed request; its status."""
        raw = json.dumps(body).encode()
        named = {"content-type": "application/json", **signed(raw)}
        request = urllib.request.Request(self.hook, raw, named, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status = int(answer.status)
        except urllib.error.HTTPError as error:
            status = error.code
        self.statuses.append(status)
        return status


def disorder(rows: list[Row], dice: random.Random) -> Iterator[Row]:
    """Notifications shuffled, every fourth of them twice."""
    twice = [*rows, *dice.sample(rows, max(len(rows) // 4, 1))]
    dice.shuffle(twice)
    yield from twice
