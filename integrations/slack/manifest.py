"""The app manifest to paste at Slack: our own, with only the scopes that are used.

https://docs.slack.dev/reference/app-manifest
"""

import json
from typing import Any

from inbox.channels.contract import ChannelConfig

BOT_SCOPES = (
    "app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write",
    "chat:write.customize", "commands", "files:read", "files:write", "groups:history",
    "groups:read", "im:history", "im:write", "reactions:read", "reactions:write",
    "usergroups:read", "users:read", "users:read.email",
)  # fmt: skip
EVENTS = (
    "app_home_opened", "app_mention", "app_uninstalled", "channel_archive", "channel_rename",
    "member_joined_channel", "member_left_channel", "message.channels", "message.groups",
    "message.im", "reaction_added", "reaction_removed", "tokens_revoked", "user_change",
)  # fmt: skip
SHORTCUTS = (
    ("Make a ticket", "message", "desk_create_ticket", "A ticket for this message and its thread"),
    ("Refer to product", "message", "desk_refer_product", "The product team should see this"),
    ("Good for office hours", "message", "desk_office_hours", "Keep it for the office hours"),
    ("A secret was exposed", "message", "desk_secret", "Mark it, so that it is rotated now"),
    ("Document the DM", "global", "desk_document_dm", "Write down how direct messages ended"),
)


def manifest(config: ChannelConfig) -> str:
    """JSON for “Create an app from a manifest”; without addresses when Socket Mode is used."""
    url, socket = config.webhook_url, bool(config.get("app_token"))
    address = {} if socket else {"url": url}
    shortcuts = [
        {"name": name, "type": kind, "callback_id": key, "description": about}
        for name, kind, key, about in SHORTCUTS
    ]
    command = {
        "command": "/" + config.get("command", "desk"),
        "description": "Find, claim, close and hold tickets; who is on call",
        "usage_hint": "[queue | mine | find words | claim 42 | oncall]",
        "should_escape": True,
        **address,
    }
    request = {} if socket else {"request_url": url}
    body: dict[str, Any] = {
        "display_information": {"name": "Switchboard", "background_color": "#0b5e6f"},
        "features": {
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "bot_user": {"display_name": "switchboard", "always_online": True},
            "shortcuts": shortcuts,
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": list(BOT_SCOPES)}},
        "settings": {
            "event_subscriptions": {**request, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request},
            "socket_mode_enabled": socket,
        },
    }
    return json.dumps(body, indent=2)
