"""The Web API of the fake Slack: what the desk calls, with tokens, scopes, pace and tiers."""

import itertools
import re
import threading
import time
from typing import Any

from rig.slack_model import (
    ADMIN_TOKEN,
    APP,
    APP_TOKEN,
    BOT,
    BOT_USER,
    READS,
    SCOPES,
    SECRET,
    TEAM,
    TIERS,
    TOKEN,
    Post,
    Room,
    address,
)
from rig.vendor import Answer, Call, FakeVendor

__all__ = [
    "APP",
    "APP_TOKEN",
    "BOT",
    "BOT_USER",
    "SECRET",
    "TEAM",
    "TOKEN",
    "Post",
    "Room",
    "SlackApi",
]


class SlackApi(FakeVendor):
    """The workspace and its methods; what people do in it stands in `rig.slack`."""

    def __init__(self, *, paced: bool = False, tiers: bool = False) -> None:
        super().__init__()
        self.paced, self.tiers = paced, tiers
        self.scopes = set(SCOPES.values())
        self.rooms: dict[str, Room] = {}
        self.people: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, str] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.modals: list[dict[str, Any]] = []
        self.whispers: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.token, self.as_admin = TOKEN, False
        self.hook = ""
        self.socket_url = ""
        self.clock = 0.0
        self._ids = itertools.count(1)
        self._used: dict[str, list[float]] = {}
        self.tick_at = 1_790_000_000
        self.people["U0DESKBOT"] = {
            "id": "U0DESKBOT",
            "name": "desk",
            "is_bot": True,
            "profile": {},
        }

    def now(self) -> str:
        """The next timestamp: real time, never twice the same."""
        with self.lock:
            self.clock = max(time.time(), self.clock + 0.0002)
            return f"{self.clock:.6f}"

    def message_event(self, place: str, ts: str) -> dict[str, Any]:
        """The `message` event of a post."""
        kind = "im" if place.startswith("D") else "channel"
        return {
            "type": "message",
            "channel": place,
            "channel_type": kind,
            **self.shown(place, ts),
            "event_ts": ts,
        }

    def shown(self, place: str, ts: str) -> dict[str, Any]:
        """A post as history shows it."""
        post = self.rooms[place].posts[ts]
        row: dict[str, Any] = {
            "type": "message",
            "user": post.user,
            "text": post.text,
            "ts": ts,
            **post.extra,
        }
        if not post.extra.get("bot_id"):
            row["client_msg_id"] = f"id-{ts}"
        if post.thread_ts:
            row["thread_ts"] = post.thread_ts
        if post.edited:
            row["edited"] = {"user": post.user, "ts": post.edited}
        if post.reactions:
            row["reactions"] = [
                {"name": name, "users": list(users), "count": len(users)}
                for name, users in post.reactions.items() if users
            ]  # fmt: skip
        replies = sorted(
            p.ts for p in self.rooms[place].posts.values() if p.thread_ts == ts and p.ts != ts
        )
        if replies and not post.thread_ts:
            row |= {"thread_ts": ts, "reply_count": len(replies), "latest_reply": replies[-1]}
        return row

    def emit(self, event: dict[str, Any]) -> None:
        """Post an event to the desk."""
        raise NotImplementedError

    # ------------------------------------------------------------ the Web API

    def answer(self, call: Call) -> Answer:
        """One method, or a file."""
        if call.path.startswith("/respond/"):
            self.responses.append(call.json())
            return Answer(200, b"ok")
        if call.path.startswith("/files/"):
            return self._file(call)
        method = call.path.rpartition("/")[2]
        wanted = APP_TOKEN if method == "apps.connections.open" else self.token
        bearer = call.headers.get("authorization", "").removeprefix("Bearer ")
        self.as_admin = bearer == ADMIN_TOKEN and method == "chat.delete"
        if bearer != wanted and not self.as_admin:
            return _no("token_revoked" if wanted == self.token != TOKEN else "invalid_auth")
        if method not in SCOPES:
            return _no("unknown_method")
        if SCOPES[method] not in self.scopes:
            return Answer(200, {"ok": False, "error": "missing_scope", "needed": SCOPES[method]})
        if self.tiers and (wait := self._over(method)):
            return Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)})
        query = {name: values[0] for name, values in call.query.items()}
        given = query if method in READS else {**query, **call.json()}
        do = getattr(self, "_" + re.sub(r"\W", "_", method))
        found: Answer = do(given)
        return found

    def _over(self, method: str) -> int:
        limit, now = TIERS.get(method), time.monotonic()
        if limit is None:
            return 0
        used = [at for at in self._used.get(method, []) if now - at < 60]
        self._used[method] = [*used, now] if len(used) < limit * 1.5 else used
        return 0 if len(used) < limit * 1.5 else max(1, int(60 - (now - used[0])) + 1)

    def _file(self, call: Call) -> Answer:
        name = call.path.removeprefix("/files/")
        if call.method == "POST":
            self.files[name] = call.body
            return Answer(200, b"OK")
        if call.headers.get("authorization") != f"Bearer {self.token}":
            return Answer(302, b"", {"location": "https://login.example.org/"})
        return Answer(200, self.files[name]) if name in self.files else Answer(404, b"gone")

    def _auth_test(self, given: dict[str, Any]) -> Answer:
        return _ok(
            url="https://x.slack.com/",
            team="Millrace",
            team_id=TEAM,
            user="desk",
            user_id=BOT_USER,
            bot_id=BOT,
            app_id=APP,
        )

    def _apps_connections_open(self, given: dict[str, Any]) -> Answer:
        return _ok(url=self.socket_url) if self.socket_url else _no("internal_error")

    def _users_info(self, given: dict[str, Any]) -> Answer:
        row = self.people.get(given.get("user", ""))
        return _ok(user=row) if row else _no("user_not_found")

    def _usergroups_list(self, given: dict[str, Any]) -> Answer:
        return _ok(usergroups=[{"id": key, "handle": name} for key, name in self.groups.items()])

    def _conversations_list(self, given: dict[str, Any]) -> Answer:
        rows = [
            {"id": r.id, "name": r.name, "is_member": r.is_member, "is_archived": r.is_archived, "is_private": False}  # noqa: E501 - one condition
            for r in self.rooms.values() if not r.is_archived
        ]  # fmt: skip
        return self._page("channels", rows, given)

    def _conversations_info(self, given: dict[str, Any]) -> Answer:
        room = self.rooms.get(given.get("channel", ""))
        if room is None:
            return _no("channel_not_found")
        return _ok(channel={"id": room.id, "name": room.name, "is_member": room.is_member})

    def _conversations_join(self, given: dict[str, Any]) -> Answer:
        room = self.rooms[given["channel"]]
        if room.is_private or room.is_archived:
            return _no(
                "method_not_supported_for_channel_type" if room.is_private else "is_archived"
            )
        room.is_member = True
        return _ok()

    def _conversations_open(self, given: dict[str, Any]) -> Answer:
        place = "D" + str(given["users"])[1:]
        self.rooms.setdefault(place, Room(place, "dm"))
        return _ok(channel={"id": place})

    def _conversations_history(self, given: dict[str, Any]) -> Answer:
        room = self.rooms.get(given.get("channel", ""))
        if room is None or not room.is_member:
            return _no("not_in_channel" if room else "channel_not_found")
        roots = [p for p in room.posts.values() if not p.thread_ts and not p.deleted]
        rows = [
            self.shown(room.id, p.ts)
            for p in sorted(roots, key=lambda p: p.ts, reverse=True)
            if _within(p.ts, given)
        ]
        return self._page("messages", _as_asked(rows, given), given)

    def _conversations_replies(self, given: dict[str, Any]) -> Answer:
        room = self.rooms.get(given.get("channel", ""))
        root = room.posts.get(given.get("ts", "")) if room else None
        if room is None or root is None or root.deleted:
            return _no("thread_not_found")
        replies = [
            p
            for p in room.posts.values()
            if p.thread_ts == root.ts and not p.deleted and _within(p.ts, given)
        ]
        rows = [self.shown(room.id, p.ts) for p in [root, *sorted(replies, key=lambda p: p.ts)]]
        return self._page("messages", _as_asked(rows, given), given)

    def _page(self, name: str, rows: list[Any], given: dict[str, Any]) -> Answer:
        limit, begin = min(int(given.get("limit") or 100), 200), int(given.get("cursor") or 0)
        more = begin + limit < len(rows)
        cursor = str(begin + limit) if more else ""
        found = {name: rows[begin : begin + limit], "has_more": more}
        return _ok(**found, response_metadata={"next_cursor": cursor})

    def _chat_postMessage(self, given: dict[str, Any]) -> Answer:  # noqa: N802 - the method's name
        room = self.rooms.get(given.get("channel", ""))
        if room is None:
            return _no("channel_not_found")
        if not room.is_member:
            return _no("not_in_channel")
        if room.is_archived:
            return _no("is_archived")
        if not given.get("text"):
            return _no("no_text")
        if len(given["text"]) > 40_000:
            return _no("msg_too_long")
        if self.paced:
            since = time.monotonic() - room.last_post_at
            if since < 0.9:
                return Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1"})
            room.last_post_at = time.monotonic()
        ts = self.now()
        extra = {
            "bot_id": BOT, "app_id": APP, "subtype": "bot_message",
            **{k: given[k] for k in ("username", "icon_url", "metadata", "blocks") if given.get(k)},
        }  # fmt: skip
        room.posts[ts] = Post(
            ts, BOT_USER, given["text"], given.get("thread_ts") or "", extra=extra
        )
        self._tell(self.message_event(room.id, ts))
        return _ok(channel=room.id, ts=ts, message={"ts": ts, "thread_ts": given.get("thread_ts")})

    def _chat_update(self, given: dict[str, Any]) -> Answer:
        room = self.rooms[given["channel"]]
        post = room.posts.get(given["ts"])
        if post is None or post.deleted or room.is_archived:
            return _no("is_archived" if room.is_archived else "message_not_found")
        before = self.shown(room.id, post.ts)
        post.text = given.get("text") or post.text
        post.extra |= {k: given[k] for k in ("blocks", "metadata") if given.get(k)}
        self._tell(self.changed(room.id, post.ts, before))
        return _ok(channel=room.id, ts=post.ts)

    def _chat_delete(self, given: dict[str, Any]) -> Answer:
        post = self.rooms[given["channel"]].posts.get(given["ts"])
        if post is None or post.deleted:
            return _no("message_not_found")
        if post.user != BOT_USER and not self.as_admin:
            return _no("cant_delete_message")  # a bot deletes only what is its own
        post.deleted = True
        self._tell(self.gone(given["channel"], given["ts"]))
        return _ok()

    def _chat_postEphemeral(self, given: dict[str, Any]) -> Answer:  # noqa: N802 - the method's name
        self.whispers.append(given)
        return _ok(message_ts=self.now())

    def _chat_getPermalink(self, given: dict[str, Any]) -> Answer:  # noqa: N802 - the method's name
        found = address(self.rooms.get(given["channel"]), given["message_ts"])
        return _ok(permalink=found) if found else _no("message_not_found")

    def _reactions_add(self, given: dict[str, Any]) -> Answer:
        post = self.rooms[given["channel"]].posts.get(given["timestamp"])
        if post is None:
            return _no("message_not_found")
        users = post.reactions.setdefault(given["name"], [])
        if BOT_USER in users:
            return _no("already_reacted")
        users.append(BOT_USER)
        event = {
            "type": "reaction_added", "user": BOT_USER, "reaction": given["name"],
            "item": {"type": "message", "channel": given["channel"], "ts": given["timestamp"]},
            "item_user": post.user, "event_ts": self.now(),
        }  # fmt: skip
        self._tell(event)
        return _ok()

    def _reactions_remove(self, given: dict[str, Any]) -> Answer:
        post = self.rooms[given["channel"]].posts.get(given["timestamp"])
        users = post.reactions.get(given["name"], []) if post else []
        if BOT_USER not in users:
            return _no("no_reaction")
        users.remove(BOT_USER)
        return _ok()

    def _views_publish(self, given: dict[str, Any]) -> Answer:
        self.homes[given["user_id"]] = given["view"]
        return _ok(view={"id": "V1", "hash": "h"})

    def _views_open(self, given: dict[str, Any]) -> Answer:
        self.modals.append(given["view"])
        return _ok(view={"id": f"V{len(self.modals)}", "hash": "h"})

    def _files_getUploadURLExternal(self, given: dict[str, Any]) -> Answer:  # noqa: N802 - the method's name
        key = f"F{next(self._ids)}"
        self.uploads[key] = {"id": key, "name": given["filename"], "size": int(given["length"])}
        return _ok(upload_url=f"{self.url}/files/{key}", file_id=key)

    def _files_completeUploadExternal(self, given: dict[str, Any]) -> Answer:  # noqa: N802 - the method's name
        place, ts = given.get("channel_id", ""), self.now()
        rows = [{**self.uploads[row["id"]], "title": row["title"]} for row in given["files"]]
        if any(len(self.files.get(row["id"], b"")) != row["size"] for row in rows):
            return _no("file_not_found")
        # a file is shared by the bot's user, without a name or marker of its own
        extra = {"bot_id": BOT, "subtype": "file_share", "files": rows}
        self.rooms[place].posts[ts] = Post(
            ts, BOT_USER, "", given.get("thread_ts", ""), extra=extra
        )
        self._tell(self.message_event(place, ts))
        return _ok(files=rows)

    def _files_delete(self, given: dict[str, Any]) -> Answer:
        key = given["file"]
        if self.files.pop(key, None) is None:
            return _no("file_not_found")
        for room in self.rooms.values():
            for post in room.posts.values():
                if key in [row["id"] for row in post.extra.get("files", ())]:
                    post.deleted = True
        return _ok()

    def _tell(self, event: dict[str, Any]) -> None:
        """The event comes by itself, while the answer is on its way."""
        threading.Thread(target=self.emit, args=(event,), daemon=True).start()

    def changed(self, place: str, ts: str, before: dict[str, Any]) -> dict[str, Any]:
        """The event of a message that is not as it was."""
        at = self.now()
        return {
            "type": "message", "subtype": "message_changed", "channel": place, "hidden": True,
            "ts": at, "event_ts": at, "message": self.shown(place, ts), "previous_message": before,
        }  # fmt: skip

    def gone(self, place: str, ts: str) -> dict[str, Any]:
        """The event of a message that was deleted."""
        at = self.now()
        return {
            "type": "message", "subtype": "message_deleted", "channel": place, "hidden": True,
            "ts": at, "event_ts": at, "deleted_ts": ts, "previous_message": self.shown(place, ts),
        }  # fmt: skip


def _as_asked(rows: list[dict[str, Any]], given: dict[str, Any]) -> list[dict[str, Any]]:
    """Metadata is shown to who asks for it."""
    if given.get("include_all_metadata") == "true":
        return rows
    return [{k: v for k, v in row.items() if k != "metadata"} for row in rows]


def _within(ts: str, given: dict[str, Any]) -> bool:
    oldest, latest = float(given.get("oldest") or 0), float(given.get("latest") or 9e12)
    return oldest < float(ts) <= latest or (ts == given.get("oldest") and "inclusive" in given)


def _ok(**found: Any) -> Answer:
    return Answer(200, {"ok": True, **found})


def _no(error: str) -> Answer:
    return Answer(200, {"ok": False, "error": error})
