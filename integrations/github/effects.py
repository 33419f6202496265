"""What is done at GitHub and is no message: edits, labels, closing.

https://docs.github.com/en/rest/issues
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from inbox.channels.contract import ChannelConfig, DeliveryError, OutboundEffect, SendReceipt
from integrations.github import client, discussions, upkeep
from integrations.github.client import GitHubError
from integrations.github.outbound import marked, repository, spot

# our resolutions to `state_reason`; whatever is not here was completed
STATE_REASONS = {
    "duplicate": "duplicate",
    "no_reply": "not_planned",
    "spam": "not_planned",
    "moved_to_dm": "not_planned",
    "not_planned": "not_planned",
}


def effect(wanted: OutboundEffect, config: ChannelConfig) -> SendReceipt:
    """An edit, labels, an end. What is done already counts as done. Raises `DeliveryError`."""
    do = EFFECTS.get(wanted.kind)
    if do is None:
        raise DeliveryError(f"GitHub cannot “{wanted.kind}”", permanent=True)
    do(wanted, config)
    return SendReceipt(external_id="")


def _place(wanted: OutboundEffect) -> str:
    return str(wanted.data.get("place") or "")


def _thread(wanted: OutboundEffect) -> tuple[str, str]:
    return spot(str(wanted.data.get("thread_key") or ""))


def _target(wanted: OutboundEffect) -> tuple[str, str, str]:
    """(kind, id, path) of one of our messages; no path where REST cannot reach it."""
    kind, _, key = str(wanted.data.get("target") or "").partition("/")
    number = _thread(wanted)[1]
    paths = {
        "issue": f"/issues/{number}",
        "issue_comment": f"/issues/comments/{key}",
        "review_comment": f"/pulls/comments/{key}",
        "review": f"/pulls/{number}/reviews/{key}",
    }
    return kind, key, repository(_place(wanted)) + paths[kind] if kind in paths else ""


def _edit(wanted: OutboundEffect, config: ChannelConfig) -> None:
    kind, key, path = _target(wanted)
    body = marked(str(wanted.data["text"]), wanted.idempotency_key)
    if kind == "discussion_comment":
        number = int(_thread(wanted)[1])
        discussions.change(config, _place(wanted), number, int(key), body)
    elif path:
        client.call(config, "PUT" if kind == "review" else "PATCH", path, {"body": body})
    else:
        raise DeliveryError("GitHub cannot change that", permanent=True)


def _delete(wanted: OutboundEffect, config: ChannelConfig) -> None:
    kind, key, path = _target(wanted)
    if kind == "discussion_comment":
        discussions.remove(config, _place(wanted), int(_thread(wanted)[1]), int(key))
    elif kind in ("issue_comment", "review_comment"):
        _gone(config, path)
    else:
        raise DeliveryError("GitHub lets nobody delete that from outside", permanent=True)


def _gone(config: ChannelConfig, path: str) -> None:
    try:
        client.call(config, "DELETE", path)
    except GitHubError as error:
        if error.status != 404:
            raise


def _label(wanted: OutboundEffect, config: ChannelConfig) -> None:
    """https://docs.github.com/en/rest/issues/labels"""
    space, number = _thread(wanted)
    if space == "discussion":
        raise DeliveryError("labels of discussions cannot be set from here", permanent=True)
    path = f"{repository(_place(wanted))}/issues/{number}/labels"
    added = [str(name) for name in wanted.data.get("add") or ()]
    if added:
        client.call(config, "POST", path, {"labels": added})
    for name in wanted.data.get("remove") or ():
        # a path ending in dots would mean all labels
        if str(name) not in (".", ".."):
            _gone(config, f"{path}/{quote(str(name), safe='')}")


def _close(wanted: OutboundEffect, config: ChannelConfig) -> None:
    reason = STATE_REASONS.get(str(wanted.data.get("reason") or ""), "completed")
    space, number = _thread(wanted)
    if space == "discussion":
        discussions.close(config, _place(wanted), int(number), reason)
    else:
        _state(wanted, config, {"state": "closed", "state_reason": reason})


def _reopen(wanted: OutboundEffect, config: ChannelConfig) -> None:
    space, number = _thread(wanted)
    if space == "discussion":
        discussions.reopen(config, _place(wanted), int(number))
    else:
        _state(wanted, config, {"state": "open", "state_reason": "reopened"})


def _state(wanted: OutboundEffect, config: ChannelConfig, body: Mapping[str, str]) -> None:
    path = f"{repository(_place(wanted))}/issues/{_thread(wanted)[1]}"
    client.call(config, "PATCH", path, body)


EFFECTS: dict[str, Callable[[OutboundEffect, ChannelConfig], None]] = {
    "edit": _edit,
    "delete": _delete,
    "label": _label,
    "close": _close,
    "reopen": _reopen,
    "mask": upkeep.mask,
    "erase": upkeep.erase,
}
