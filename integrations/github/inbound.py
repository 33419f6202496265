"""What GitHub sends: signatures, keys, and deliveries as values of our vocabulary.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries ·
https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    InboundBatch,
    InboundTrouble,
    MalformedBody,
    RawRequest,
    UnknownEvent,
    WrongType,
)
from integrations.github import events
from integrations.github.payloads import repository_of

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """`sha256=` HMAC over the raw body, no timestamp. Raises `BadSignature`, `WrongType`."""
    secret = config.get("webhook_secret")
    if not secret:
        raise BadSignature("no webhook secret is set")
    wanted = "sha256=" + hmac.new(secret.encode(), raw.body, sha256).hexdigest()
    given = raw.headers.get("x-hub-signature-256", "")
    if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
        raise BadSignature("the signature does not match")
    kind = raw.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (FORM, JSON):
        raise WrongType(kind)


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The delivery's id: the same when it is delivered again."""
    guid = raw.headers.get("x-github-delivery", "").strip()
    return f"delivery:{guid}"[:250] if guid else "sha256:" + sha256(raw.body).hexdigest()


def body_of(raw: RawRequest) -> dict[str, Any]:
    """The payload, sent as JSON or as a form. Raises `MalformedBody`."""
    if raw.headers.get("content-type", "").lower().startswith(FORM):
        fields = parse_qs(raw.body.decode("utf-8", "replace"), max_num_fields=20)
        text = (fields.get("payload") or [""])[0]
        raw = RawRequest(headers=raw.headers, body=text.encode())
    found = raw.json()
    if not isinstance(found, dict):
        raise MalformedBody("the payload is no object")
    return found


# What is known and makes no message; whatever else GitHub invents is recorded as unknown.
IGNORED = frozenset(
    "branch_protection_configuration branch_protection_rule check_run check_suite "
    "code_scanning_alert commit_comment content_reference create custom_property "
    "custom_property_values delete dependabot_alert deploy_key deployment "
    "deployment_protection_rule deployment_review deployment_status fork "
    "github_app_authorization gollum installation "
    "installation_repositories installation_target integration_installation "
    "integration_installation_repositories issue_dependencies label marketplace_purchase "
    "member membership merge_group merge_queue_entry meta milestone org_block organization package "
    "page_build personal_access_token_request ping project project_card project_column projects_v2 "
    "projects_v2_item projects_v2_status_update public pull_request_review_thread push "
    "registry_package release repository repository_advisory repository_dispatch repository_import "
    "repository_ruleset repository_vulnerability_alert secret_scanning_alert "
    "secret_scanning_alert_location secret_scanning_scan security_advisory security_and_analysis "
    "sponsorship star status sub_issues team team_add user watch workflow_dispatch workflow_job "
    "workflow_run cache_sync enterprise exemption_request_push_ruleset "
    "bypass_request_push_ruleset bypass_request_secret_scanning".split()
)


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """One delivery. Raises `UnknownEvent`, `MalformedBody`."""
    body = body_of(raw)
    name = raw.headers.get("x-github-event", "").strip().lower()
    if not name or set(name) - WORD:
        raise MalformedBody("no X-GitHub-Event says what it is")
    read = events.READERS.get(name)
    if read is not None:
        batch: InboundBatch = read(body, config)
        return batch
    about_us = _about_us(name, body, config)
    if about_us is not None:
        return about_us
    if name in IGNORED:
        return InboundBatch(ignored=f"{name}: nothing to answer")
    raise UnknownEvent(name[:100])


# ------------------------------------------------------------------ the connection itself

# What happens to a repository and is for admins to know.
REPOSITORY = {
    "archived": "{} was archived: nobody can comment there",
    "deleted": "{} was deleted",
    "privatized": "{} is private now: check that the connection may still see it",
}


REMOVED = (
    "the GitHub App was removed or suspended; install it again and connect with the new "
    "installation_id, or lift the suspension, then make the channel active again"
)


def _about_us(name: str, body: Mapping[str, Any], config: ChannelConfig) -> InboundBatch | None:
    """What happened to the App, the webhook or a repository; None when nothing follows.

    An App posts what happens to all its installations to one address; only ours concerns us.
    """
    action, own = body.get("action"), config.get("installation_id")
    text, pauses = "", False
    if own and name.startswith("installation") and str(_inside(body, "installation", "id")) != own:
        return InboundBatch(ignored="another installation of the App")
    if name == "installation" and action in ("deleted", "suspend"):
        text, pauses = REMOVED, True
    elif name == "meta" and action == "deleted":
        text = "the webhook was deleted at GitHub, so nothing comes from there; add it again"
    elif name == "installation_repositories" and action == "removed":
        rows = body.get("repositories_removed") or []
        gone = ", ".join(str(row.get("full_name")) for row in rows if isinstance(row, dict))
        text = f"the GitHub App may no longer see {gone or 'some repositories'}"
    elif name == "repository" and action in ("renamed", "transferred"):
        return InboundBatch(renamed=((_old_name(body), repository_of(body)[1]),))
    elif name == "repository" and action in REPOSITORY:
        text = REPOSITORY[action].format(repository_of(body)[1])
    return InboundBatch(trouble=InboundTrouble(text=text, pauses=pauses)) if text else None


def _old_name(body: Mapping[str, Any]) -> str:
    """What a repository was called before it was renamed or given to somebody else."""
    owner, _, name = repository_of(body)[1].partition("/")
    changes = body.get("changes")
    changes = changes if isinstance(changes, dict) else {}
    old_name = _inside(changes, "repository", "name", "from")
    before = _inside(changes, "owner", "from")
    for kind in ("user", "organization"):
        owner = _inside(before, kind, "login") or owner
    return f"{owner}/{old_name or name}"


def _inside(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
