"""What every payload of GitHub's has: times, people, repositories, labels; pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from inbox.channels.contract import Author, ChannelConfig
from inbox.channels.jsontext import moment

Body = Mapping[str, Any]
MAINTAINERS = {"OWNER", "MEMBER", "COLLABORATOR"}
MARK = "<!-- desk:"  # begins the hidden last line of what we write
EPOCH = datetime(2008, 1, 1, tzinfo=UTC)  # before GitHub: a payload without a time


def stamp(at: datetime) -> str:
    """A moment as GitHub writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def changed_at(row: Body) -> datetime:
    """When an issue, a pull request or a comment was last changed."""
    return moment(row.get("updated_at")) or moment(row.get("created_at")) or EPOCH


def thread_key(repository: Any, number: Any, space: str = "issue") -> str:
    """`<repository id>:issue:<number>`; pull requests share the issues' numbers."""
    return f"{repository}:{space}:{number}"


def author_of(row: Body, *, field: str = "user") -> Author:
    """Who wrote it; deleted accounts are the ghost. The numeric id survives renames."""
    user = row.get(field)
    user = user if isinstance(user, dict) else {"login": "ghost", "id": 10137, "type": "User"}
    login = str(user.get("login") or "ghost")
    is_bot = user.get("type") == "Bot" or login.endswith("[bot]")
    association = str(row.get("author_association") or "")
    kind = "maintainer" if association in MAINTAINERS else "community" if association else ""
    return Author(
        external_id=str(user.get("id") or login),
        name=login,
        handle=login,
        member_kind="bot" if is_bot else kind,
        is_bot=is_bot,
        verified=True,
    )


def is_ours(row: Body, config: ChannelConfig) -> bool:
    """Whether it carries a mark of ours, and was written by the token's owner or by an App.

    Anybody may copy a mark; of everybody it is believed only while the token's owner is unknown.
    """
    if MARK not in str(row.get("body") or ""):
        return False
    author, own = author_of(row), config.get("user_id")
    if own:
        return author.external_id == own
    return author.is_bot or bool(config.get("token"))


def repository_of(body: Body) -> tuple[str, str]:
    """(numeric id, full name) of the repository."""
    row = body.get("repository")
    row = row if isinstance(row, dict) else {}
    name = str(row.get("full_name") or row.get("name") or "")
    return str(row.get("id") or name or "0"), name


def version_of(row: Body) -> str:
    """`updated_at`, which compares as text; nothing is older than everything."""
    at = moment(row.get("updated_at")) or moment(row.get("created_at"))
    return stamp(at) if at else "0"


def labels_of(row: Body) -> list[str]:
    """Exact names, emoji and all."""
    rows = row.get("labels")
    found = [r.get("name") if isinstance(r, dict) else r for r in rows or []]
    return [str(name)[:80] for name in found if name]
