"""Whether a connection works, who we are there, and what an admin has to paste at Zendesk's."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

from inbox.channels.contract import ChannelConfig
from integrations.zendesk import client
from integrations.zendesk.client import ZendeskError
from integrations.zendesk.hints import EVENT, TICKET

API_TOKENS_END = date(2027, 4, 30)
EXPORT_LAG = timedelta(minutes=5)  # the export leaves out the last minute
EVENTS = (
    "created", "comment_added", "comment_made_private", "comment_redacted",
    "attachment_redacted_from_comment", "status_changed", "agent_assignment_changed",
    "requester_changed", "subject_changed", "tags_changed", "merged", "marked_as_spam",
    "soft_deleted", "permanently_deleted", "undeleted",
)  # fmt: skip
TEMPLATE = '{"ticket_id": "{{ticket.id}}", "updated_at": "{{ticket.updated_at_with_timestamp}}"}'


def discover(config: ChannelConfig) -> Mapping[str, str]:
    """Our own user's id, by which our own words are known; nothing while nobody says.

    https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
    """
    found: Any = None
    with suppress(ZendeskError):
        found = client.call(config, "GET", "/users/me")
    key = _user(found).get("id")
    return {"user_id": str(key)} if key else {}


def _user(found: Any) -> Mapping[str, Any]:
    user = found.get("user") if isinstance(found, dict) else None
    return user if isinstance(user, dict) else {}


def check(config: ChannelConfig) -> str:
    """Begins with "ok" when everything answers, else says what does not. Never raises."""
    try:
        user = _user(client.call(config, "GET", "/users/me"))
        role = str(user.get("role") or "nobody")
        if role not in ("agent", "admin"):
            return "Zendesk knows these credentials as no agent; connect as an admin"
        exports = role == "admin" and _exports(config)
    except ZendeskError as error:
        return error.text
    parts = [f"Zendesk knows us as {user.get('name')}, {role}"]
    if not exports:
        parts.append("what is missed cannot be looked up: the export is for admins")
    if client.uses_api_token(config):
        parts.append(_token_warning(datetime.now(UTC).date()))
    if not config.get("webhook_secret"):
        parts.append("without a webhook_secret changes are looked up every five minutes")
    return "ok: " + "; ".join(parts)


def _exports(config: ChannelConfig) -> bool:
    """Whether the export may be read; its own limit does not mean that it may not."""
    start = int((datetime.now(UTC) - EXPORT_LAG).timestamp())
    try:
        client.export(config, start_at=start, size=1)
    except ZendeskError as error:
        if error.status in (401, 403):
            return False
        if error.retry_after_seconds is None:
            raise
    return True


def _token_warning(today: date) -> str:
    days = (API_TOKENS_END - today).days
    if days < 0:
        return "API tokens ended in April 2027: connect with an OAuth client"
    return f"API tokens end in April 2027, in {days} days at most: connect with an OAuth client"


def manifest(config: ChannelConfig) -> str:
    """What to enter at Zendesk: an OAuth client, and a webhook of events or of triggers."""
    names = "\n".join(f"   {EVENT}{TICKET}{name}" for name in EVENTS)
    return f"""\
1. OAuth client (Admin Center → Apps and integrations → APIs → OAuth clients)
   Kind: confidential · Scopes: {client.SCOPES} · owned by an admin who is no colleague's own login
   Its identifier is client_id here, its secret client_secret.

2. Webhook (Admin Center → Apps and integrations → Webhooks → Create webhook)
   Endpoint URL: {config.webhook_url}
   Request method: POST · Request format: JSON · Authentication: none
   Its signing secret ("Reveal secret", after it is saved) is webhook_secret here. The test button
   of a webhook that is not saved yet signs with a secret that everybody knows: it is refused.

   Connect it to these Zendesk events:
{names}

   Or, where events cannot be chosen, connect it to a trigger (Objects and rules → Triggers)
   with the condition "Ticket | is | Created" or "Ticket | is | Updated" and this JSON body:
   {TEMPLATE}
"""
