"""What the fake Slack is made of: its ids and secrets, scopes and tiers, channels and messages."""

from dataclasses import dataclass, field
from typing import Any

TEAM, APP, BOT, BOT_USER = "T024BE7LD", "A0DESK", "B0DESK", "U0DESKBOT"
APP_TOKEN = "xapp-test-token"
TOKEN, SECRET = "xoxb-test-token", "slack-signing-secret-for-tests"
ADMIN_TOKEN = "xoxp-admin-token"
SCOPES = {
    "conversations.list": "channels:read", "conversations.info": "channels:read",
    "conversations.history": "channels:history", "conversations.replies": "channels:history",
    "conversations.join": "channels:join", "conversations.open": "im:write",
    "chat.postMessage": "chat:write", "chat.update": "chat:write", "chat.delete": "chat:write",
    "chat.postEphemeral": "chat:write", "reactions.add": "reactions:write",
    "reactions.remove": "reactions:write", "users.info": "users:read",
    "apps.connections.open": "", "usergroups.list": "usergroups:read", "auth.test": "",
    "chat.getPermalink": "",
    "views.open": "", "views.publish": "", "views.update": "",
    "files.getUploadURLExternal": "files:write", "files.completeUploadExternal": "files:write",
    "files.delete": "files:write",
}  # fmt: skip
TIERS = {
    "conversations.list": 20, "conversations.history": 50, "conversations.replies": 50,
    "conversations.info": 50, "conversations.join": 50, "users.info": 100, "chat.update": 50,
    "reactions.add": 50, "reactions.remove": 20, "views.open": 100, "views.publish": 100,
    "usergroups.list": 20,
}  # fmt: skip
READS = {
    "auth.test", "conversations.list", "conversations.info", "conversations.history",
    "conversations.replies", "chat.getPermalink", "users.info", "usergroups.list",
    "files.getUploadURLExternal",
}  # fmt: skip


@dataclass
class Post:
    """A message as Slack keeps it."""

    ts: str
    user: str
    text: str
    thread_ts: str = ""
    edited: str = ""
    deleted: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    reactions: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Room:
    """A channel."""

    id: str
    name: str
    is_member: bool = True
    is_archived: bool = False
    is_private: bool = False
    posts: dict[str, Post] = field(default_factory=dict)
    last_post_at: float = 0.0


def address(room: Room | None, ts: str) -> str:
    """Where people see a message; "" where there is none."""
    post = room.posts.get(ts) if room else None
    if room is None or post is None or post.deleted:
        return ""
    return f"https://x.slack.com/archives/{room.id}/p{ts.replace('.', '')}"
