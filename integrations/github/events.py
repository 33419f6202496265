"""Issues, pull requests, discussions and what is said on them, as our values; pure.

A comment carries its whole issue, so whichever comes first opens the ticket. Versions are GitHub's
`updated_at`: of two the later one counts.
"""

from dataclasses import replace
from typing import Any

from inbox.channels.contract import (
    ChannelConfig,
    InboundBatch,
    InboundDelete,
    InboundMessage,
    InboundMove,
    InboundReview,
    InboundThread,
)
from inbox.channels.jsontext import moment
from inbox.channels.tracker import TrackedItem
from integrations.github import items
from integrations.github.payloads import (
    EPOCH,
    Body,
    author_of,
    changed_at,
    is_ours,
    labels_of,
    repository_of,
    thread_key,
    version_of,
)

# ------------------------------------------------------------------ the thing itself


def issues(body: Body, config: ChannelConfig) -> InboundBatch:
    """`issues`."""
    return _thing(body, config, "issue")


def pull_request(body: Body, config: ChannelConfig) -> InboundBatch:
    """`pull_request`, `pull_request_target`."""
    return _thing(body, config, "pull_request")


def discussion(body: Body, config: ChannelConfig) -> InboundBatch:
    """`discussion`."""
    return _thing(body, config, "discussion")


def _thing(body: Body, config: ChannelConfig, kind: str) -> InboundBatch:
    row = body.get(kind)
    if not isinstance(row, dict):
        return InboundBatch(ignored=f"no {kind} in it")
    action = str(body.get("action") or "")
    if action == "transferred":
        return InboundBatch(moves=(_move(body, row, kind, "new"),))
    if action == "deleted":
        key = opener_key(body, row, kind)
        at = moment(row.get("updated_at")) or EPOCH
        return InboundBatch(deletes=(InboundDelete(message_key=key, at=at),))
    tracked = _tracked(body, row, kind)
    opener = _opener(body, row, kind, edited=action == "edited")
    state = _state(body, row, kind)
    if opener.author.is_bot:
        return InboundBatch(threads=(state,), items=tracked, ignored="opened by a bot")
    if isinstance(_changed(body, f"old_{kind}"), dict):
        # the other end of a transfer: whichever is told first moves the conversation
        opener, move = replace(opener, only_opens=True), _move(body, row, kind, "old")
        return InboundBatch(moves=(move,), messages=(opener,), threads=(state,), items=tracked)
    # an issue that a token's owner opened from here is no question of theirs
    messages = () if is_ours(row, config) else (opener,)
    return InboundBatch(messages=messages, threads=(state,), items=tracked)


def _tracked(body: Body, row: Body, kind: str) -> tuple[TrackedItem, ...]:
    found = items.item_of(body, row, kind)
    return (found,) if found is not None else ()


def _changed(body: Body, name: str) -> Any:
    changes = body.get("changes")
    return changes.get(name) if isinstance(changes, dict) else None


def _move(body: Body, row: Body, kind: str, other: str) -> InboundMove:
    """A transfer, told by either end: `changes` names the other one."""
    there = {"repository": _changed(body, f"{other}_repository")}
    row_there = _changed(body, f"{other}_{kind}")
    ends = [(body, row), (there, row_there if isinstance(row_there, dict) else {})]
    (old, old_row), (new, new_row) = ends if other == "new" else reversed(ends)
    return InboundMove(
        thread_key=_key(old, old_row, kind),
        new_thread_key=_key(new, new_row, kind),
        message_key=opener_key(old, old_row, kind),
        new_message_key=opener_key(new, new_row, kind),
        place=repository_of(new)[1],
        permalink=str(new_row.get("html_url") or "")[:500],
    )


def _key(body: Body, row: Body, kind: str) -> str:
    space = "discussion" if kind == "discussion" else "issue"
    return thread_key(repository_of(body)[0], row.get("number"), space)


def opener_key(body: Body, row: Body, kind: str) -> str:
    """`issue/<id>`; a pull request is named by repository and number, which every payload has."""
    if kind == "pull_request" or row.get("pull_request"):
        return f"pull_request/{repository_of(body)[0]}.{row.get('number')}"
    return f"{kind}/{row.get('id')}"


def _opener(body: Body, row: Body, kind: str, *, edited: bool = False) -> InboundMessage:
    at = moment(row.get("created_at")) or EPOCH
    text = str(row.get("body") or "")
    changed = moment(row.get("updated_at"))
    return InboundMessage(
        **_common(body, row, kind, text),
        message_key=opener_key(body, row, kind),
        author=author_of(row),
        sent_at=at,
        subject=str(row.get("title") or "")[:250],
        edited_at=changed if edited else None,
        version=version_of(row),
        permalink=str(row.get("html_url") or "")[:500],
    )


def _common(body: Body, row: Body, kind: str, text: str) -> dict[str, Any]:
    _, name = repository_of(body)
    return {
        "thread_key": _key(body, row, kind),
        "text": text,
        "new_text": text,
        "source_key": name,
        "source_label": name,
        "facts": {"github_kind": kind, "labels": labels_of(row)},
    }


RESOLUTIONS = {"not_planned": "answered", "duplicate": "duplicate"}


def _state(body: Body, row: Body, kind: str) -> InboundThread:
    """How the thing stands: open or closed, its title and labels, and who said so."""
    closed = row.get("state") == "closed" or bool(row.get("closed_at"))
    return InboundThread(
        thread_key=_key(body, row, kind),
        author=author_of({**body, "author_association": ""}, field="sender"),
        at=changed_at(row),
        closed=closed,
        closed_at=moment(row.get("closed_at")),
        resolution=RESOLUTIONS.get(str(row.get("state_reason") or ""), "solved"),
        subject=str(row.get("title") or "")[:250],
        labels=tuple(labels_of(row)),
    )


# ------------------------------------------------------------------ what is said on it


def issue_comment(body: Body, config: ChannelConfig) -> InboundBatch:
    """`issue_comment`: on issues and in the conversation of pull requests."""
    row = body.get("issue")
    kind = "pull_request" if isinstance(row, dict) and row.get("pull_request") else "issue"
    return _said(body, config, of="issue", kind=kind, field="comment", name="issue_comment")


def review(body: Body, config: ChannelConfig) -> InboundBatch:
    """`pull_request_review`: a bare approval says nothing, but it is an answer."""
    return _said(
        body, config, of="pull_request", kind="pull_request", field="review", name="review"
    )


def review_comment(body: Body, config: ChannelConfig) -> InboundBatch:
    """`pull_request_review_comment`."""
    return _said(
        body, config, of="pull_request", kind="pull_request", field="comment", name="review_comment"
    )


def discussion_comment(body: Body, config: ChannelConfig) -> InboundBatch:
    """`discussion_comment`."""
    return _said(
        body, config, of="discussion", kind="discussion", field="comment", name="discussion_comment"
    )


def _said(
    body: Body, config: ChannelConfig, *, of: str, kind: str, field: str, name: str
) -> InboundBatch:
    thing, row = body.get(of), body.get(field)
    if not isinstance(thing, dict) or not isinstance(row, dict):
        return InboundBatch(ignored=f"no {field} in it")
    action, key = str(body.get("action") or ""), f"{name}/{row.get('id')}"
    at = moment(row.get("submitted_at")) or moment(row.get("created_at")) or EPOCH
    if action == "deleted":
        gone = moment(row.get("updated_at")) or at
        return InboundBatch(deletes=(InboundDelete(message_key=key, at=gone),))
    author, text = author_of(row), str(row.get("body") or "")
    tracked = _tracked(body, thing, kind)
    if author.is_bot:
        return InboundBatch(items=tracked, ignored="written by a bot")
    if is_ours(row, config):
        return InboundBatch(items=tracked, ignored="our own comment")
    reviews: tuple[InboundReview, ...] = ()
    if name == "review":
        reviews = (items.review_of(body, thing, row),)
        text = text if text.strip() else _verdict(row)
    if not text and reviews:
        why = "a review without words of its own"
        return InboundBatch(items=tracked, reviews=reviews, ignored=why)
    # a review does not say when it was edited; its pull request says when it was last touched
    untimed = action == "edited" and not row.get("updated_at")
    said = InboundMessage(
        **_common(body, thing, kind, text),
        message_key=key,
        author=author,
        sent_at=at,
        edited_at=moment(row.get("updated_at")) if action == "edited" else None,
        version=version_of(thing if untimed else row),
        permalink=str(row.get("html_url") or "")[:500],
    )
    opener = replace(_opener(body, thing, kind), only_opens=True)
    batch = InboundBatch(messages=(opener, said), items=tracked, reviews=reviews)
    return _unasked(batch) if opener.author.is_bot or is_ours(thing, config) else batch


def _unasked(batch: InboundBatch) -> InboundBatch:
    """Said on what a robot or the desk has opened: who of the community speaks there asks."""
    opener, said = batch.messages
    if said.author.member_kind != "community":
        why = "one of us on something that a bot or the desk has opened"
        return replace(batch, messages=(), ignored=why)
    return replace(batch, messages=(replace(said, subject=opener.subject),))


def _verdict(row: Body) -> str:
    """What a review without words says; its comments on lines come by themselves."""
    state = str(row.get("state") or "").lower()
    return "" if state == "commented" else state.replace("_", " ").capitalize()


READERS: dict[str, Any] = {
    "issues": issues,
    "pull_request": pull_request,
    "pull_request_target": pull_request,
    "discussion": discussion,
    "issue_comment": issue_comment,
    "pull_request_review": review,
    "pull_request_review_comment": review_comment,
    "discussion_comment": discussion_comment,
    "release": items.release,
}
