"""`manage.py inspect github`: what the product reads in a webhook's body."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from inbox.channels.contract import ChannelConfig, ChannelError, RawRequest
from integrations.github import events, inbound

CONFIG = ChannelConfig(kind="github", key="inspect")


def inspect(file: str, raw: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """The event as our values; without the header the file's name tells which event it is."""
    event = headers.get("x-github-event") or event_in(file)
    named = {"content-type": "application/json", **headers, "x-github-event": event}
    try:
        batch = inbound.parse(RawRequest(headers=named, body=raw), CONFIG, None)
    except ChannelError as error:
        kind = type(error).__name__
        return {"file": file, "event": event, "error": f"{kind}: {error}"}
    read = {name: value for name, value in asdict(batch).items() if value}
    # a mapping of plain values: moments as text
    return {
        "file": file,
        "event": event,
        "error": None,
        **json.loads(json.dumps(read, default=str)),
    }


def event_in(file: str) -> str:
    """The first part of a file's name, between double underscores, that is an event's name."""
    parts = PurePath(file).name.split(".json")[0].replace(".payload", "").split("__")
    known = (part.strip("_") for part in parts)
    return next((p for p in known if p in events.READERS or p in inbound.IGNORED), "")
