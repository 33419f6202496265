"""A fake Slack: a workspace with channels, threads, reactions and views behind the Web API.

It checks tokens and scopes, keeps one post a second and channel, counts the calls a minute of its
tiers, and posts signed events to the desk as Slack does: at once, late, twice or in disorder.
"""

import hmac
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from rig.slack_api import (
    APP,
    BOT,
    BOT_USER,
    SECRET,
    TEAM,
    TOKEN,
    Post,
    Room,
    SlackApi,
)
from rig.slack_model import ADMIN_TOKEN

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class FakeSlack(SlackApi):
    """One workspace."""

    # ------------------------------------------------------------ the workspace

    def room(self, name: str, *, is_member: bool = True) -> Room:
        """A channel of this name."""
        for found in self.rooms.values():
            if found.name == name:
                return found
        room = Room(f"C{next(self._ids):09d}", name, is_member=is_member)
        self.rooms[room.id] = room
        return room

    def person(
        self, user: str, name: str, *, email: str = "", zone: str = "UTC", **more: Any
    ) -> str:
        """A member."""
        profile = {"display_name": name, "real_name": name.title(), "email": email}
        profile["image_72"] = f"https://avatars.example.org/{user}.png"
        self.people[user] = {
            "id": user, "team_id": TEAM, "name": name, "tz": zone, "tz_offset": 0,
            "is_bot": False, "profile": profile, **more,
        }  # fmt: skip
        return user

    # ------------------------------------------------------------ what people do

    def say(
        self, user: str, place: str, text: str, *, thread: str = "", ts: str = "", **extra: Any
    ) -> str:
        """Somebody writes; the event goes to the desk, when there is one."""
        ts = ts or self.now()
        self.rooms[place].posts[ts] = Post(ts, user, text, thread, extra=extra)
        self.emit(self.message_event(place, ts))
        return ts

    def edit(self, place: str, ts: str, text: str) -> dict[str, Any]:
        """Somebody edits their message."""
        post = self.rooms[place].posts[ts]
        before = self.shown(place, ts)
        post.text, post.edited = text, self.now()
        event = self.changed(place, ts, before)
        event |= {"ts": post.edited, "event_ts": post.edited}
        self.emit(event)
        return event

    def share(self, user: str, place: str, name: str, content: bytes, **said: str) -> str:
        """Somebody adds a file, with or without words."""
        key = f"F{next(self._ids)}"
        self.files[key] = content
        url = f"{self.url}/files/{key}"
        row = {"id": key, "name": name, "size": len(content), "mimetype": "text/plain"}
        shared = {"subtype": "file_share", "files": [{**row, "url_private_download": url}]}
        text = said.pop("text", "")
        return self.say(user, place, text, **said, **shared)  # type: ignore[arg-type]  # extra

    def delete(self, place: str, ts: str) -> dict[str, Any]:
        """Somebody deletes their message."""
        self.rooms[place].posts[ts].deleted = True
        event = self.gone(place, ts)
        self.emit(event)
        return event

    def react(
        self, user: str, place: str, ts: str, emoji: str, *, added: bool = True
    ) -> dict[str, Any]:
        """Somebody puts an emoji on a message, or takes it off."""
        post = self.rooms[place].posts[ts]
        users = post.reactions.setdefault(emoji, [])
        if added and user not in users:
            users.append(user)
        if not added and user in users:
            users.remove(user)
        event = {
            "type": "reaction_added" if added else "reaction_removed", "user": user, "reaction": emoji,  # noqa: E501 - one request
            "item": {"type": "message", "channel": place, "ts": ts}, "item_user": post.user,
            "event_ts": self.now(),
        }  # fmt: skip
        self.emit(event)
        return event

    # ------------------------------------------------------------ events to the desk

    def envelope(self, event: dict[str, Any], *, event_id: str = "") -> dict[str, Any]:
        """What Slack posts."""
        granted = {"enterprise_id": None, "team_id": TEAM, "user_id": BOT_USER, "is_bot": True}
        return {
            "token": "deprecated", "team_id": TEAM, "api_app_id": APP, "type": "event_callback",
            "event_id": event_id or f"Ev{next(self._ids):08d}", "event_time": int(time.time()),
            "authorizations": [granted], "event": event,
        }  # fmt: skip

    def emit(self, event: dict[str, Any]) -> None:
        """Post an event to the desk, if there is one."""
        if self.hook:
            self.post(self.envelope(event))

    def post(
        self, body: Any, *, form: bool = False, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        """A signed request; (status, body)."""
        raw = (
            body
            if isinstance(body, bytes)
            else (urlencode(body) if form else json.dumps(body)).encode()
        )
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        named = {"content-type": kind, **signed(raw), **headers}
        request = urllib.request.Request(self.hook, raw, named, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def command(self, user: str, text: str, place: str = "C0") -> dict[str, Any]:
        """`/desk …`; the answer's JSON."""
        n = next(self._ids)
        fields = {
            "team_id": TEAM, "user_id": user, "command": "/desk", "text": text, "channel_id": place,
            "trigger_id": f"trigger.{n}", "response_url": f"{self.url}/respond/{n}",
        }  # fmt: skip
        status, body = self.post(fields, form=True)
        assert status == 200, (status, body)
        return dict(json.loads(body)) if body else {}

    def interact(self, user: str, **payload: Any) -> dict[str, Any]:
        """A button, shortcut or modal; the answer's JSON."""
        n = next(self._ids)
        whole = {
            "user": {"id": user, "team_id": TEAM}, "team": {"id": TEAM}, "api_app_id": APP,
            "trigger_id": f"trigger.{n}", "response_url": f"{self.url}/respond/{n}", **payload,
        }  # fmt: skip
        status, body = self.post({"payload": json.dumps(whole)}, form=True)
        assert status == 200, (status, body)
        return dict(json.loads(body)) if body else {}

    def press(self, user: str, action: str, value: str, **more: Any) -> dict[str, Any]:
        """A button of a card or of the home view."""
        pressed = {"action_id": action, "value": value, "type": "button", "action_ts": self.now()}
        return self.interact(user, type="block_actions", actions=[pressed], **more)

    def submit(self, user: str, view: dict[str, Any], **values: str) -> dict[str, Any]:
        """A modal, filled in."""
        state = {
            name: {name: {"type": "plain_text_input", "value": value}}
            for name, value in values.items()
        }
        return self.interact(
            user, type="view_submission", view={**view, "state": {"values": state}}
        )

    def posted(self, place: str, thread: str = "") -> list[Post]:
        """What the desk has posted in a channel or thread, oldest first."""
        posts = self.rooms[place].posts.values()
        mine = [
            p
            for p in posts
            if p.user == BOT_USER and not p.deleted and (not thread or p.thread_ts == thread)
        ]
        return sorted(mine, key=lambda p: p.ts)


__all__ = [
    "ADMIN_TOKEN",
    "APP",
    "BOT",
    "BOT_USER",
    "SECRET",
    "TEAM",
    "TOKEN",
    "FakeSlack",
    "Post",
    "Room",
    "disorder",
    "signed",
]


def signed(raw: bytes, *, at: float | None = None, secret: str = SECRET) -> dict[str, str]:
    """Slack's two headers."""
    stamp = str(int(at if at is not None else time.time()))
    mark = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + raw, sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={mark}"}


def disorder(events: list[dict[str, Any]], dice: random.Random) -> Iterator[dict[str, Any]]:
    """Events shuffled, every fifth of them twice."""
    twice = [*events, *dice.sample(events, len(events) // 5)]
    dice.shuffle(twice)
    yield from twice
