"""PagerDuty webhooks v3: checked and kept; nothing in them makes a ticket.

https://developer.pagerduty.com/docs/verifying-webhook-signatures
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    InboundBatch,
    MalformedBody,
    RawRequest,
    UnknownEvent,
)


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """`X-PagerDuty-Signature: v1=<hex>[,v1=<hex>]`, any one may match. Raises `BadSignature`."""
    secret = config.get("webhook_secret")
    if not secret:
        raise BadSignature("no webhook secret is set")
    wanted = hmac.new(secret.encode(), raw.body, sha256).hexdigest()
    given = raw.headers.get("x-pagerduty-signature", "")
    marks = [part.strip().removeprefix("v1=") for part in given.split(",")]
    if not any(hmac.compare_digest(wanted.encode(), mark.encode()) for mark in marks):
        raise BadSignature("the signature does not match")


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The same on every retry."""
    return raw.headers.get("x-webhook-id") or "sha256:" + sha256(raw.body).hexdigest()


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """Incidents are known and ignored. Raises `UnknownEvent`, `MalformedBody`."""
    event = raw.json().get("event") if isinstance(raw.json(), dict) else None
    if not isinstance(event, dict):
        raise MalformedBody("there is no event in it")
    kind = str(event.get("event_type", ""))
    if kind.startswith(("incident.", "service.", "pagey.")):
        return InboundBatch(ignored=f"{kind}: incidents are PagerDuty's own")
    raise UnknownEvent(kind[:100])
