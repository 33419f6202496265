"""Comments and new issues, found again by a hidden mark.

https://docs.github.com/en/rest/issues · discussions, which REST does not know, stand in
`integrations.github.discussions`.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    DeliveryError,
    OutboundMessage,
    SendReceipt,
)
from integrations.github import client, discussions
from integrations.github.payloads import MARK, is_ours, stamp, thread_key

LOOK_BACK = timedelta(seconds=60)
LONGEST = 65_000


def send(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """Comment as the token's owner or as the App, or open an issue. Raises `DeliveryError`."""
    if not message.thread_key:
        return _open(message, config)
    space, number = spot(message.thread_key)
    if space == "discussion":
        row = discussions.comment(config, message.place, int(number), body_of(message))
        return _receipt("discussion_comment", row.get("databaseId"), row.get("url"))
    path = f"{repository(message.place)}/issues/{number}/comments"
    found, _ = client.call(config, "POST", path, {"body": body_of(message)})
    return _receipt("issue_comment", found.get("id"), found.get("html_url"))


def _open(message: OutboundMessage, config: ChannelConfig) -> SendReceipt:
    """A new issue: https://docs.github.com/en/rest/issues/issues#create-an-issue"""
    # asked before, so that nothing can fail once the issue is there
    key = _repository_id(message.place, config)
    body: dict[str, Any] = {"title": message.subject, "body": body_of(message)}
    if message.labels:
        body["labels"] = list(message.labels)
    found, _ = client.call(config, "POST", f"{repository(message.place)}/issues", body)
    return _opened(key, found)


def _repository_id(place: str, config: ChannelConfig) -> str:
    found, _ = client.call(config, "GET", repository(place))
    return str(found["id"])


def _opened(key: str, row: Mapping[str, Any]) -> SendReceipt:
    number = row.get("number")
    data = {
        "url": row.get("html_url"),
        "number": number,
        "thread_key": thread_key(key, number),
    }
    return SendReceipt(external_id=f"issue/{row.get('id')}", data=data)


def _receipt(kind: str, key: Any, url: Any) -> SendReceipt:
    return SendReceipt(external_id=f"{kind}/{key}", data={"url": url})


def body_of(message: OutboundMessage) -> str:
    """The words and the hidden mark; a text that is too long is refused before it is sent.

    A new issue quotes what it is about; an answer stands under what it answers.
    """
    text = message.text
    if message.quote_text and not message.thread_key:
        lines = neutral(message.quote_text).splitlines()
        text = "\n".join([text.rstrip(), "", *(f"> {line}".rstrip() for line in lines)])
    return marked(text, message.idempotency_key)


def marked(text: str, key: str) -> str:
    """Text with our mark, which nobody sees. Raises `DeliveryError` when it is too long."""
    if len(text) > LONGEST:
        raise DeliveryError("GitHub takes no comment of that length", permanent=True)
    return f"{text.rstrip()}\n\n{MARK}{key} -->"


def neutral(text: str) -> str:
    """Words of others, in which no `@name` calls anybody: a joiner parts the two."""
    return re.sub(r"(?<!\w)@(?=\w)", "@\u200d", text)


def repository(place: str) -> str:
    """The path of a repository by its full name. Raises `DeliveryError`."""
    # a name of dots would lead to another path
    if not re.fullmatch(r"(?!\.)[\w.-]+/(?!\.{1,2}$)[\w.-]+", place, re.ASCII):
        raise DeliveryError(f"“{place}” is no repository", permanent=True)
    return f"/repos/{place}"


def spot(thread_key: str) -> tuple[str, str]:
    """(issue or discussion, number) of a thread's key. Raises `DeliveryError`."""
    found = re.fullmatch(r"\w+:(issue|discussion):(\d+)", thread_key)
    if found is None:
        raise DeliveryError(f"“{thread_key}” is no thread of GitHub's", permanent=True)
    return found[1], found[2]


# ------------------------------------------------------------------ looking for it


def find_sent(message: OutboundMessage, config: ChannelConfig) -> SendReceipt | None:
    """Ask by our mark whether a comment or an issue is there. Raises `DeliveryError`."""
    key = message.idempotency_key
    query: dict[str, Any] = {"per_page": 100}
    if message.created_at is not None:
        query["since"] = stamp(message.created_at - LOOK_BACK)
    if not message.thread_key:
        path = f"{repository(message.place)}/issues"
        row = _ours(key, client.pages(config, path, {**query, "state": "all"}), config)
        return _opened(_repository_id(message.place, config), row) if row else None
    space, number = spot(message.thread_key)
    if space == "discussion":
        row = _ours(key, discussions.latest(config, message.place, int(number)), config)
        return _receipt("discussion_comment", row["id"], row["html_url"]) if row else None
    path = f"{repository(message.place)}/issues/{number}/comments"
    row = _ours(key, client.pages(config, path, query), config)
    return _receipt("issue_comment", row.get("id"), row.get("html_url")) if row else None


def _ours(key: str, rows: list[dict[str, Any]], config: ChannelConfig) -> dict[str, Any] | None:
    """The row that ends with this mark and is by us: marks can be guessed and quoted."""
    for row in rows:
        last = str(row.get("body") or "").rpartition(MARK)[2]
        if last.startswith(f"{key} -->") and is_ours(row, config):
            return row
    return None
