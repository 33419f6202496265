"""Talking to HubSpot's API with the connection's token.

https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide
"""

from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig
from inbox.channels.wire import Row
from integrations.hubspot import tokens
from integrations.hubspot.wire import LINE, ask

PREFIX = "/conversations/v3/conversations"
PAGE, MOST_PAGES = 100, 50


def conversations(config: ChannelConfig, path: str) -> str:
    """A path of the conversations API, whose prefix is a setting because dated ones exist."""
    return config.get("conversations_path", PREFIX).rstrip("/") + path


def call(
    config: ChannelConfig,
    method: str,
    path: str,
    body: Any = None,
    *,
    query: Any = None,
    files: Any = None,
    writes: bool | None = None,
) -> Row:
    """One request with the connection's token, renewed once when it is refused.

    `writes`: repeating it could do something twice; else what is neither GET nor a search does.
    `files`: a form of several parts instead of JSON. Raises `HubSpotError`.
    """
    writes = method != "GET" if writes is None else writes
    given = {"json": body, "params": query, "files": files}
    bearer = tokens.bearer(config)
    answer = ask(config, method, path, given, bearer=bearer, writes=writes)
    if answer.status == 401 and tokens.refused(config, bearer):
        answer = ask(config, method, path, given, bearer=tokens.bearer(config), writes=writes)
    return LINE.read_object(answer, writes=writes)


def pages(
    config: ChannelConfig, path: str, query: Mapping[str, Any], *, most: int = MOST_PAGES
) -> list[Row]:
    """Every row of a list, by its `after`; never more than `most` pages. Raises `HubSpotError`."""
    rows: list[Row] = []
    after = ""
    for _ in range(most):
        given = {"limit": PAGE, **query, **({"after": after} if after else {})}
        found = call(config, "GET", path, query=given)
        results = found.get("results")
        rows += [row for row in results or [] if isinstance(row, dict)]
        after = next_page(found, after)
        if not after:
            break
    return rows


def next_page(found: Row, after: str) -> str:
    """Where the page after this one begins; "" behind the last."""
    following = str(((found.get("paging") or {}).get("next") or {}).get("after") or "")
    return "" if following == after else following
