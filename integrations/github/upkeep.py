"""What somebody else wrote, read where it stands, edited and deleted with write access.

https://docs.github.com/en/rest/issues/comments · https://docs.github.com/en/rest/pulls/comments
"""

from typing import Any

from inbox.channels.contract import ChannelConfig, DeliveryError, OutboundEffect
from inbox.channels.ports import Spot, Standing, Upkeep
from inbox.common.crypto import signature
from integrations.github import client
from integrations.github.client import GitHubError
from integrations.github.outbound import repository, spot

RIGHT = "the token may not change what others wrote; give it write access to issues and pulls"
COMMENTS = ("issue_comment", "review_comment")
OPENERS = ("issue", "pull_request")


def _path(at: Spot) -> tuple[str, str]:
    """(kind, path); no path where REST cannot reach it. Raises `DeliveryError`."""
    kind, _, key = at.target.partition("/")
    space, number = spot(at.thread_key)
    paths = {
        "issue": f"/issues/{number}",
        "pull_request": f"/issues/{number}",
        "issue_comment": f"/issues/comments/{key}",
        "review_comment": f"/pulls/comments/{key}",
        "review": f"/pulls/{number}/reviews/{key}",
    }
    known = kind in paths and space == "issue"
    return kind, repository(at.place) + paths[kind] if known else ""


def read(config: ChannelConfig, at: Spot) -> Standing | None:
    """An opening text, a comment or a review; None when it was deleted. Raises `GitHubError`."""
    kind, path = _path(at)
    if not path:
        raise GitHubError("discussions have to be looked at by hand", permanent=True)
    try:
        row, _ = client.call(config, "GET", path)
    except GitHubError as error:
        if error.status == 410 or (error.status == 404 and _is_seen(config, at)):
            return None
        raise
    return _standing(kind, row if isinstance(row, dict) else {})


def _is_seen(config: ChannelConfig, at: Spot) -> bool:
    """Whether the repository can be read at all: else nobody knows what is in it."""
    try:
        client.call(config, "GET", repository(at.place))
    except GitHubError as error:
        if error.status == 404:
            return False
        raise
    return True


def _standing(kind: str, row: dict[str, Any]) -> Standing:
    subject = str(row.get("title") or "") if kind in OPENERS else ""
    return Standing(text=str(row.get("body") or ""), subject=subject)


def mask(wanted: OutboundEffect, config: ChannelConfig) -> None:
    """Write the masked words, unless somebody has changed it since. Raises `DeliveryError`."""
    at = _of(wanted)
    there = read(config, at)
    masked = Standing(text=str(wanted.data["text"]), subject=str(wanted.data["subject"]))
    if there is None or there == masked:
        return
    if signature("standing", there.whole) != wanted.data["was"]:
        raise DeliveryError("it was edited there meanwhile; look at it again", permanent=True)
    kind, path = _path(at)
    body = {"body": masked.text}
    if kind in OPENERS and masked.subject != there.subject:
        body["title"] = masked.subject
    _write(config, "PUT" if kind == "review" else "PATCH", path, body)


def erase(wanted: OutboundEffect, config: ChannelConfig) -> None:
    """Delete a comment; one that is gone is gone. Raises `DeliveryError`."""
    kind, path = _path(_of(wanted))
    if kind not in COMMENTS or not path:
        raise GitHubError("GitHub lets nobody delete that from outside", permanent=True)
    _write(config, "DELETE", path, None)


def _write(config: ChannelConfig, method: str, path: str, body: Any) -> None:
    try:
        client.call(config, method, path, body)
    except GitHubError as error:
        if method == "DELETE" and error.status in (404, 410):
            return
        if error.status == 403 and error.permanent:
            raise GitHubError(RIGHT, status=403, permanent=True) from error
        raise


def _of(wanted: OutboundEffect) -> Spot:
    data = wanted.data
    names = ("target", "thread_key", "place")
    return Spot(**{name: str(data.get(name) or "") for name in names})


def _can_write(config: ChannelConfig) -> bool:
    return bool(config.get("token") or config.get("installation_id"))


def _masks(config: ChannelConfig, at: Spot) -> bool:
    return _can_write(config) and bool(_path(at)[1])


def _erases(config: ChannelConfig, at: Spot) -> bool:
    kind, path = _path(at)
    return _can_write(config) and bool(path) and kind in COMMENTS


UPKEEP = Upkeep(
    read=read,
    masks=_masks,
    erases=_erases,
    traces="Whoever can read it can also open its earlier versions (“edited”) until they are "
    "deleted there: of a comment, deleting leaves less.",
    remedy="connect a token, or an App, with write access to issues and pull requests",
)
