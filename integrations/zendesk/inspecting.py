"""`manage.py inspect zendesk`: what the product reads in a webhook's body, or in the API's rows."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from inbox.channels.contract import ChannelConfig, ChannelError, InboundBatch, RawRequest
from integrations.zendesk import inbound
from integrations.zendesk.hints import Hint, hint_of

CONFIG = ChannelConfig(kind="zendesk", key="inspect", settings={"subdomain": "example"})


def inspect(file: str, raw: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """The delivery as our values; an answer of the API's is read as if it had been asked for."""
    request = RawRequest(headers=dict(headers), body=raw)
    about: Mapping[str, Any] = {}
    try:
        batch, about = _read(request)
    except ChannelError as error:
        return {"file": file, "error": f"{type(error).__name__}: {error}"}
    read = {name: value for name, value in asdict(batch).items() if value}
    return {"file": file, "error": None, **about, **json.loads(json.dumps(read, default=str))}


def _read(request: RawRequest) -> tuple[InboundBatch, Mapping[str, Any]]:
    body = request.json()
    if isinstance(body, dict) and ("ticket" in body or "comments" in body):
        row = body.get("ticket")
        completed = {**body, "ticket": row if isinstance(row, dict) else {"id": 0}}
        return inbound.batch_of(completed, CONFIG, Hint()), {"event": "answer of the API"}
    hint = hint_of(request)
    about = {"event": hint.what, "ticket": hint.number, "comment": hint.comment}
    return inbound.parse(request, CONFIG, None), {k: v for k, v in about.items() if v}
