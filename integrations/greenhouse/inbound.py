"""Greenhouse webhooks: what concerns roles has the board asked again; candidates are not kept.

https://developers.greenhouse.io/webhooks.html
"""

import hmac
import json
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
from inbox.channels.jsontext import loads

SCHEME = "sha256"
LONGEST_ACTION = 100
ROLES = frozenset(
    """job_created job_updated job_deleted job_approved job_interview_stage_deleted
    job_post_created job_post_updated job_post_deleted""".split()
)
CANDIDATES = "candidates are Greenhouse's own; nothing about them is kept here"
IGNORED = {
    "ping": "a greeting from Greenhouse",
    **dict.fromkeys(
        """new_candidate_application new_prospect_application application_updated prospect_updated
        delete_application candidate_stage_change hire_candidate unhire_candidate reject_candidate
        unreject_candidate delete_candidate merge_candidate update_candidate candidate_anonymized
        interview_deleted scorecard_deleted candidate_tag_added candidate_tag_removed
        offer_created offer_updated offer_approved offer_deleted""".split(),
        CANDIDATES,
    ),
    **dict.fromkeys(
        """department_deleted office_deleted generate_new_sourcing_tracking_link
        organization_created organization_updated""".split(),
        "nothing in it changes which roles are open",
    ),
}


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """`Signature: sha256 <hex>` over the body as it came. Raises `BadSignature`."""
    secret = config.get("webhook_secret")
    if not secret:
        raise BadSignature("no webhook secret is set")
    scheme, _, given = raw.headers.get("signature", "").partition(" ")
    wanted = hmac.new(secret.encode(), raw.body, sha256).hexdigest()
    if scheme != SCHEME or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise BadSignature("the signature does not match")


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The same on all of the seven tries."""
    given = raw.headers.get("greenhouse-event-id", "")
    return f"event:{given[:200]}" if given else "sha256:" + sha256(raw.body).hexdigest()


def kept(body: bytes) -> bytes:
    """Only which action it was: the payload names candidates, or people of the hiring team."""
    try:
        action = _action(loads(body))
    except (ValueError, RecursionError, MalformedBody):
        return b""
    return json.dumps({"action": action, "payload": {}}).encode()


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """What happened, by its name alone. Raises `UnknownEvent`, `MalformedBody`."""
    action = _action(raw.json())
    if action in ROLES:
        return InboundBatch(refresh=True)
    if action in IGNORED:
        return InboundBatch(ignored=f"{action}: {IGNORED[action]}")
    raise UnknownEvent(action)


def _action(body: Any) -> str:
    action = body.get("action") if isinstance(body, dict) else None
    if not isinstance(action, str) or not action:
        raise MalformedBody("there is no action in it")
    return action[:LONGEST_ACTION]
