"""Comments on issues, pull requests and discussions, found again by a hidden mark.

https://docs.github.com/en/rest/issues/comments · discussions only by GraphQL:
https://docs.github.com/en/graphql/guides/using-the-graphql-api-for-discussions
"""

from datetime import timedelta
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    DeliveryError,
    OutboundEffect,
    OutboundMessage,
    SendReceipt,
)
from integrations.github import client
from integrations.github.events import MARK

LOOK_BACK = timedelta(seconds=60)
LONGEST = 65_000


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """Comment as the token's owner or as the App. Raises `DeliveryError`."""
    repository, space, number = message.thread_key.split(":")
    if space == "discussion":
        raise DeliveryError("discussions cannot be answered from here yet", permanent=True)
    path = f"/repositories/{repository}/issues/{number}/comments"
    found, _ = client.call(config, "POST", path, {"body": body_of(message)})
    return _receipt(found)


def body_of(message: OutboundMessage) -> str:
    """The words and the hidden mark; a text that is too long is refused before it is sent."""
    if len(message.text) > LONGEST:
        raise DeliveryError("GitHub takes no comment of that length", permanent=True)
    return f"{message.text.rstrip()}\n\n{MARK}{message.idempotency_key} -->"


def _receipt(row: Any) -> SendReceipt:
    return SendReceipt(
        external_id=f"issue_comment/{row.get('id')}", data={"url": row.get("html_url")}
    )


def find_sent(message: OutboundMessage, config: ChannelConfig) -> SendReceipt | None:
    """Ask by our mark whether a comment is there. Raises `DeliveryError`."""
    repository, _, number = message.thread_key.split(":")
    query: dict[str, Any] = {"per_page": 100}
    if message.created_at is not None:
        query["since"] = f"{message.created_at - LOOK_BACK:%Y-%m-%dT%H:%M:%SZ}"
    path = f"/repositories/{repository}/issues/{number}/comments"
    mark = f"{MARK}{message.idempotency_key} -->"
    for row in client.pages(config, path, query):
        if mark in str(row.get("body") or ""):
            return _receipt(row)
    return None


def effect(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """Change or delete one of our comments. Raises `DeliveryError`."""
    kind, _, number = str(wanted.data.get("target") or "").partition("/")
    repository = str(wanted.data.get("thread_key") or "").partition(":")[0]
    if kind != "issue_comment" or wanted.kind not in ("edit", "delete") or not repository:
        raise DeliveryError(f"GitHub cannot “{wanted.kind}” that", permanent=True)
    path = f"/repositories/{repository}/issues/comments/{number}"
    if wanted.kind == "delete":
        client.call(config, "DELETE", path)
    else:
        client.call(config, "PATCH", path, {"body": str(wanted.data["text"])})
    return SendReceipt(external_id="")
