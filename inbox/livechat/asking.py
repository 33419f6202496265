"""What a visitor is asked before the first line: name, address, topic; each off, or required."""

from typing import Any

from inbox.channels.models import Channel
from inbox.livechat.models import Conversation

OFF, OPTIONAL, REQUIRED = "off", "optional", "required"
DEFAULTS = {"name": OFF, "email": OPTIONAL, "topic": OFF}


def fields(channel: Channel) -> dict[str, str]:
    """Field to off, optional or required."""
    given: dict[str, Any] = channel.settings
    return {name: str(given.get(f"ask_{name}") or usual) for name, usual in DEFAULTS.items()}


def topics(channel: Channel) -> list[str]:
    """What can be chosen as the topic."""
    given = str(channel.settings.get("topics", "")).split(",")
    return [*dict.fromkeys(topic.strip() for topic in given if topic.strip())]


def missing(conversation: Conversation) -> list[str]:
    """What has to be answered before the first line, and is not."""
    if conversation.thread_id is not None:
        return []
    known = {
        "name": conversation.visitor.name,
        "email": conversation.email,
        "topic": conversation.topic,
    }
    asked = fields(conversation.channel)
    return [name for name, value in known.items() if asked[name] == REQUIRED and not value]
