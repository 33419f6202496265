"""The conversations API of the fake HubSpot: inboxes, threads, messages, actors.

https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import count
from typing import Any

from rig.vendor import Answer, Call

ROOT = "/conversations/v3/conversations"
ACCOUNTS = {"1000": "40", "1002": "55"}  # live chat and e-mail, each with its account
MOST = 500
NEEDED = {"type", "text", "senderActorId", "channelId", "channelAccountId", "recipients",
          "attachments"}  # fmt: skip
ALLOWED = {
    "MESSAGE": NEEDED | {"richText", "subject"},
    "COMMENT": {"type", "text", "richText", "attachments"},
}
Row = dict[str, Any]


class Inboxes:
    """Threads with their messages, as one account has them."""

    def __init__(self, now: Callable[[], datetime], tell: Callable[..., Row], app: int) -> None:
        self.now, self.tell, self.app = now, tell, app
        self.inboxes: Row = {"11": "Support", "12": "Sales"}
        self.threads: dict[str, Row] = {}
        self.messages: dict[str, list[Row]] = {}
        self.original: dict[str, Row] = {}  # of truncated messages
        self.actors: dict[str, Row] = {}
        self._ids = count(9001)
        self._numbers = count(1)
        self.actor("A-77", "Ana", "ana@example.com")
        self.actor("S-1", "HubSpot")

    # ------------------------------------------------------------ what happens there

    def actor(self, key: str, name: str, email: str = "") -> str:
        """Somebody; the key's letter says who: A agent, V visitor, B bot, S system."""
        kinds = {"A": "AGENT", "V": "VISITOR", "B": "BOT", "I": "INTEGRATION", "S": "SYSTEM"}
        row = {"id": key, "type": kinds.get(key[0], "VISITOR"), "name": name, "avatar": ""}
        self.actors[key] = {**row, "email": email} if email else row
        return key

    def start(
        self, who: str, text: str, *, inbox: str = "11", channel: str = "1002", **more: Any
    ) -> str:
        """A conversation begins; its id."""
        key = str(next(self._ids))
        self.threads[key] = {
            "id": key,
            "status": "OPEN",
            "inboxId": inbox,
            "associatedContactId": who.partition("-")[2],
            "createdAt": stamp(self.now()),
            "originalChannelId": channel,
            "originalChannelAccountId": ACCOUNTS[channel],
            "spam": False,
            "archived": False,
        }
        self.messages[key] = []
        self.tell("conversation.creation", int(key))
        self.say(key, who, text, channel=channel, **more)
        return key

    def say(self, thread: str, who: str, text: str, **more: Any) -> Row:
        """Somebody writes: a visitor comes in, everybody else goes out."""
        channel = str(more.pop("channel", self.threads[thread]["originalChannelId"]))
        incoming = who[0] in "VE"
        row = self._row(thread, who, text, kind=str(more.pop("type", "MESSAGE")))
        address = str(self.actors.get(who, {}).get("email") or f"opaque-{who}")
        kind = "HS_EMAIL_ADDRESS" if "@" in address else "CHANNEL_SPECIFIC_OPAQUE_ID"
        row["senders"][0]["deliveryIdentifier"] = {"type": kind, "value": address}
        if row["type"] in ("MESSAGE", "WELCOME_MESSAGE"):
            row |= {
                "direction": "INCOMING" if incoming else "OUTGOING",
                "channelId": channel,
                "channelAccountId": ACCOUNTS[channel],
                "truncationStatus": "NOT_TRUNCATED",
                "status": {"statusType": "RECEIVED" if incoming else "SENT"},
            }
        row |= more
        if row.get("direction") == "INCOMING" and self.threads[thread]["status"] == "CLOSED":
            self.stand(thread, "OPEN")
        return self._keep(thread, row)

    def stand(self, thread: str, status: str) -> None:
        """Open or close a conversation."""
        row = self.threads[thread]
        if row["status"] == status:
            return
        row["status"] = status
        row.pop("closedAt", None)
        if status == "CLOSED":
            row["closedAt"] = stamp(self.now())
        self._changed(thread, "status", status)

    def give(self, thread: str, actor: str) -> None:
        """Assign a conversation; "" is nobody."""
        row = self.threads[thread]
        row.pop("assignedTo", None)
        if actor:
            row["assignedTo"] = actor
        self._changed(thread, "assignedTo", actor)

    def remove(self, thread: str, *, privacy: bool = False) -> None:
        """To the trash, or gone for good."""
        self.threads[thread]["archived"] = True
        if privacy:
            del self.threads[thread], self.messages[thread]
        kind = "conversation.privacyDeletion" if privacy else "conversation.deletion"
        self.tell(kind, int(thread))

    def said(self, thread: str) -> list[tuple[str, str]]:
        """(type, text) of what was written through the app."""
        mine = [r for r in self.messages[thread] if r["client"].get("integrationAppId") == self.app]
        return [(row["type"], row["text"]) for row in mine]

    def _row(self, thread: str, who: str, text: str, *, kind: str) -> Row:
        at = stamp(self.now())
        client = {"clientType": "HUBSPOT" if who[0] in "VAE" else "SYSTEM"}
        return {
            "id": f"m{next(self._numbers)}",
            "conversationsThreadId": thread,
            "type": kind,
            "createdAt": at,
            "updatedAt": at,
            "createdBy": who,
            "client": client,
            "senders": [{"actorId": who, "name": self.actors.get(who, {}).get("name", "")}],
            "recipients": [],
            "archived": False,
            "text": text,
            "richText": f"<p>{text}</p>",
            "attachments": [],
        }

    def _keep(self, thread: str, row: Row) -> Row:
        self.messages[thread].append(row)
        self.threads[thread]["latestMessageTimestamp"] = row["createdAt"]
        self.tell(
            "conversation.newMessage",
            int(thread),
            messageId=row["id"],
            messageType=row["type"],
            changeFlag="NEW_MESSAGE",
        )
        return row

    def _changed(self, thread: str, name: str, value: str) -> None:
        kind = "conversation.propertyChange"
        self.tell(kind, int(thread), propertyName=name, propertyValue=value)

    # ------------------------------------------------------------ the API

    def routes(self) -> list[tuple[str, re.Pattern[str], str, Any]]:
        """(method, path, scope, what answers)."""
        thread, read, write = (
            f"{ROOT}/threads/([0-9]+)",
            "conversations.read",
            "conversations.write",
        )
        rows = [
            ("GET", f"{ROOT}/inboxes", read, self._inboxes),
            ("GET", f"{ROOT}/threads", read, self._threads),
            ("GET", thread, read, self._thread),
            ("PATCH", thread, write, self._patch),
            ("GET", f"{thread}/messages", read, self._messages),
            ("POST", f"{thread}/messages", write, self._post),
            ("GET", f"{thread}/messages/([^/]+)", read, self._message),
            ("GET", f"{thread}/messages/([^/]+)/original-content", read, self._original),
            ("POST", f"{ROOT}/actors/batch/read", read, self._actors),
            # documented without the common prefix
            (
                "PUT",
                "/conversations/conversations/v3/threads/([0-9]+)/assignee",
                write,
                self._assign,
            ),
            (
                "DELETE",
                "/conversations/conversations/v3/threads/([0-9]+)/assignee",
                write,
                self._assign,
            ),
        ]
        return [(method, re.compile(path), scope, handle) for method, path, scope, handle in rows]

    def _inboxes(self, call: Call, _: re.Match[str]) -> Answer:
        rows = [{"id": key, "name": name, "type": "INBOX"} for key, name in self.inboxes.items()]
        return paged(rows, call, {"limit", "after", "sort", "archived"})

    def _threads(self, call: Call, _: re.Match[str]) -> Answer:
        wanted = call.query.get("inboxId", [])
        rows = [r for r in self.threads.values() if not wanted or r["inboxId"] in wanted]
        after = call.query.get("latestMessageTimestampAfter")
        if after and call.query.get("sort") != ["latestMessageTimestamp"]:
            raise ValueError("latestMessageTimestampAfter needs sort=latestMessageTimestamp")
        if after:
            rows = [r for r in rows if r["latestMessageTimestamp"] > after[0]]
            rows.sort(key=lambda row: str(row["latestMessageTimestamp"]))
        known = {"inboxId", "threadStatus", "latestMessageTimestampAfter"}
        return paged(rows, call, known | {"limit", "after", "sort", "archived"})

    def _of(self, found: re.Match[str], call: Call | None = None) -> Row:
        row = self.threads.get(found[1])
        archived = call is not None and call.query.get("archived") == ["true"]
        if row is None or row["archived"] != archived:
            raise LookupError(f"thread {found[1]}")
        return row

    def _thread(self, call: Call, found: re.Match[str]) -> Answer:
        return Answer(200, self._of(found, call))

    def _patch(self, call: Call, found: re.Match[str]) -> Answer:
        body = call.json()
        if set(body) != {"status"} or body["status"] not in ("OPEN", "CLOSED"):
            raise ValueError("status is OPEN or CLOSED")
        row = self._of(found)
        self.stand(found[1], body["status"])
        return Answer(200, row)

    def _assign(self, call: Call, found: re.Match[str]) -> Answer:
        self._of(found)
        actor = str(call.json().get("actorId") or "") if call.method == "PUT" else ""
        if call.method == "PUT" and (actor not in self.actors or actor[0] != "A"):
            raise ValueError("actorId is no agent")
        self.give(found[1], actor)
        return Answer(200, {} if actor else None)

    def _messages(self, call: Call, found: re.Match[str]) -> Answer:
        self._of(found, call)
        return paged(self.messages[found[1]], call, {"limit", "after", "sort", "archived"})

    def _find(self, found: re.Match[str]) -> Row:
        self._of(found)
        for row in self.messages[found[1]]:
            if row["id"] == found[2]:
                return row
        raise LookupError(f"message {found[2]}")

    def _message(self, call: Call, found: re.Match[str]) -> Answer:
        return Answer(200, self._find(found))

    def _original(self, call: Call, found: re.Match[str]) -> Answer:
        row = self._find(found)
        whole = self.original.get(row["id"], {"text": row["text"], "richText": row["richText"]})
        return Answer(200, {"id": row["id"], **whole})

    def _actors(self, call: Call, _: re.Match[str]) -> Answer:
        rows = [self.actors[key] for key in call.json()["inputs"] if key in self.actors]
        return Answer(200, {"status": "COMPLETE", "results": rows})

    def _post(self, call: Call, found: re.Match[str]) -> Answer:
        self._of(found)
        body = call.json()
        check_message(body, self.actors)
        thread, who = found[1], str(body.get("senderActorId") or f"I-{self.app}")
        row = self._row(thread, who, body["text"], kind=body["type"])
        row |= {
            "richText": body.get("richText", ""),
            "client": {"clientType": "INTEGRATION", "integrationAppId": self.app},
            "attachments": body["attachments"],
        }
        if body["type"] == "MESSAGE":
            given = ("channelId", "channelAccountId", "subject", "recipients")
            row |= {name: body[name] for name in given if name in body}
            row |= {"direction": "OUTGOING", "status": {"statusType": "SENT"}}
        return Answer(201, self._keep(thread, row))


def check_message(body: Mapping[str, Any], actors: Mapping[str, Any]) -> None:
    """What may be written. Raises `ValueError`."""
    kind = str(body.get("type"))
    allowed = ALLOWED.get(kind)
    if allowed is None or set(body) - allowed:
        raise ValueError(f"unknown type or field: {sorted(body)}")
    missing = ({"text", "attachments"} if kind == "COMMENT" else NEEDED) - set(body)
    if missing or not body["text"]:
        raise ValueError(f"missing: {sorted(missing) or 'text'}")
    for file in body["attachments"]:
        if set(file) != {"type", "fileId"} or file["type"] != "FILE":
            raise ValueError("an attachment is a FILE with its fileId")
    if kind == "MESSAGE":
        _check_route(body, actors)


def _check_route(body: Mapping[str, Any], actors: Mapping[str, Any]) -> None:
    if body["senderActorId"] not in actors or body["senderActorId"][0] != "A":
        raise ValueError("senderActorId is no agent")
    if ACCOUNTS.get(body["channelId"]) != body["channelAccountId"]:
        raise ValueError("the account is not of this channel")
    for person in body["recipients"]:
        if not all({"type", "value"} == set(i) for i in person.get("deliveryIdentifiers", [])):
            raise ValueError("a delivery identifier has a type and a value")
    if not body["recipients"]:
        raise ValueError("nobody to send to")


def paged(rows: Iterable[Row], call: Call, known: set[str]) -> Answer:
    """A page by `after`, as far as `limit` goes; unknown parameters are refused."""
    if set(call.query) - known:
        raise ValueError(f"unknown parameters: {sorted(set(call.query) - known)}")
    whole = list(rows)
    size = int(call.query.get("limit", ["100"])[0])
    if not 1 <= size <= MOST:
        raise ValueError("limit is 1 to 500")
    start = int(call.query.get("after", ["0"])[0])
    page: Row = {"results": whole[start : start + size]}
    if start + size < len(whole):
        page["paging"] = {"next": {"after": str(start + size), "link": "?after"}}
    return Answer(200, page)


def stamp(at: datetime) -> str:
    """A moment as HubSpot writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
