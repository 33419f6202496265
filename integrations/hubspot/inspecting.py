"""`manage.py inspect hubspot`: what the product reads in a webhook's body."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from inbox.channels.contract import ChannelConfig, ChannelError, RawRequest
from integrations.hubspot import events, inbound

CONFIG = ChannelConfig(kind="hubspot", key="inspect")


def inspect(file: str, raw: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """The events one by one, and why nothing follows from those that are ignored.

    Words are not in it: HubSpot is asked for them when a delivery is read.
    """
    request = RawRequest(headers=headers, body=raw)
    try:
        read = events.read(request, CONFIG)
        reason = "" if read.events else inbound.parse(request, CONFIG, None).ignored
    except ChannelError as error:
        return {"file": file, "error": f"{type(error).__name__}: {error}"}
    rows = [{**asdict(event), "at": event.at.isoformat()} for event in read.events]
    return {
        "file": file,
        "error": None,
        "events": rows,
        "ignored": reason or "; ".join(read.ignored),
        "unknown": list(read.unknown),
        "broken": read.broken,
    }
