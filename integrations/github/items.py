"""Issues, pull requests, discussions and releases of a payload, as what the loop follows; pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    InboundBatch,
    InboundReview,
)
from inbox.channels.jsontext import moment
from inbox.channels.tracker import TrackedItem, TrackedRelease
from integrations.github import tracker
from integrations.github.payloads import (
    MAINTAINERS,
    author_of,
    changed_at,
    repository_of,
    thread_key,
)

Body = Mapping[str, Any]
ASKS_REVIEW = {"opened", "reopened", "ready_for_review", "synchronize", "review_requested"}
GONE = {"deleted", "unpublished"}


def item_of(body: Body, row: Body, kind: str) -> TrackedItem | None:
    """The item that a payload shows whole; a comment shows a pull request only in part."""
    if kind == "pull_request" and "base" not in row:
        return None
    if kind == "pull_request":
        return _pull(body, row)
    repository, place = repository_of(body)
    space = "discussion" if kind == "discussion" else "issue"
    closed = row.get("state") == "closed" or bool(row.get("closed_at"))
    return TrackedItem(
        key=thread_key(repository, row.get("number"), space),
        kind=space,
        place=place,
        number=int(row.get("number") or 0),
        url=str(row.get("html_url") or ""),
        title=str(row.get("title") or ""),
        at=changed_at(row),
        ended_at=moment(row.get("closed_at")),
        state="closed" if closed else "open",
        reason=str(row.get("state_reason") or ""),
    )


def _pull(body: Body, row: Body) -> TrackedItem:
    base = row.get("base")
    base = base if isinstance(base, dict) else {}
    whole = {**row, "base": {**base, "repo": base.get("repo") or body.get("repository") or {}}}
    found = tracker.pull_of(whole)
    repository, place = repository_of(body)
    return replace(
        found,
        key=thread_key(repository, row.get("number")),
        place=place,
        review_asked_at=None if found.draft else _review_asked_at(body, row),
    )


def _review_asked_at(body: Body, row: Body) -> datetime | None:
    """When a contributor last gave us something to look at (S51); our own pull requests do not."""
    user = row.get("user") or {}
    ours = row.get("author_association") in MAINTAINERS or user.get("type") == "Bot"
    if ours or row.get("state") != "open":
        return None
    created = moment(row.get("created_at"))
    return changed_at(row) if body.get("action") in ASKS_REVIEW else created


def review_of(body: Body, thing: Body, row: Body) -> InboundReview:
    """A review, by whomever."""
    repository, _ = repository_of(body)
    at = moment(row.get("submitted_at")) or changed_at(thing)
    key = thread_key(repository, thing.get("number"))
    return InboundReview(thread_key=key, author=author_of(row), at=at)


def release(body: Body, config: ChannelConfig) -> InboundBatch:
    """`release`, whatever happened to it: its state is what counts."""
    row = body.get("release")
    _, place = repository_of(body)
    if not isinstance(row, dict) or not row.get("tag_name"):
        return InboundBatch(ignored="no release in it")
    found: TrackedRelease = tracker.release_of(row, place)
    return InboundBatch(releases=(replace(found, gone=body.get("action") in GONE),))
