"""`manage.py inspect intercom`: what the product reads in a notification or in an API's answer."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from inbox.channels.contract import ChannelConfig, ChannelError, RawRequest
from integrations.intercom import inbound

CONFIG = ChannelConfig(kind="intercom", key="inspect")


def inspect(file: str, raw: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """The notification as our values; a conversation as the API gives it is read whole."""
    topic = ""
    try:
        body = RawRequest(headers={}, body=raw).json()
        if isinstance(body, dict) and body.get("type") == "conversation":
            body = {"topic": inbound.HISTORY, "data": {"item": body}}
        topic = str(body.get("topic") or "") if isinstance(body, dict) else ""
        content = json.dumps(body).encode()
        batch = inbound.parse(RawRequest(headers=dict(headers), body=content), CONFIG, None)
    except ChannelError as error:
        kind = type(error).__name__
        return {"file": file, "topic": topic, "error": f"{kind}: {error}"}
    read = {name: value for name, value in asdict(batch).items() if value}
    # a mapping of plain values: moments as text
    plain = json.loads(json.dumps(read, default=str))
    return {"file": file, "topic": topic, "error": None, **plain}
