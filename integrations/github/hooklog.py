"""The log of webhook deliveries: what did not arrive is delivered again, at our request.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries ·
https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from inbox.channels.contract import ChannelConfig
from inbox.channels.jsontext import moment
from integrations.github import client, connection
from integrations.github.client import GitHubError
from integrations.github.payloads import EPOCH

Row = dict[str, Any]
KEPT = timedelta(days=3)
MOST_REPEATS = 3  # of one delivery; more would not help it
MOST_PAGES = 100
REFUSED = {403, 404}
NEXT = re.compile(r"[?&]cursor=([^&>]+)[^>]*>;\s*rel=\"next\"")


def repair(config: ChannelConfig, since: datetime) -> str:
    """Have everything repeated that failed since then; why the log cannot be read, or "".

    A delivery that is repeated keeps its id, so that it is never taken twice. Raises
    `GitHubError`.
    """
    try:
        hooks = list(_hooks(config))
        for asker, path in hooks:
            for key in _failed(list(_deliveries(asker, path, since))):
                client.call(asker, "POST", f"{path}/deliveries/{key}/attempts")
    except GitHubError as error:
        if error.status not in REFUSED or error.retry_after_seconds is not None:
            raise
        return "the log of webhook deliveries cannot be read with these rights"
    return "" if hooks else "no repository has a webhook to here"


def _hooks(config: ChannelConfig) -> Iterator[tuple[ChannelConfig, str]]:
    """The App's own webhook, or those of the repositories that post to us."""
    if connection.is_app(config):
        yield connection.as_app(config), "/app/hook"
        return
    for name in connection.repositories(config):
        hook = connection.hook_of(config, name)
        if hook is not None:
            yield config, f"/repos/{name}/hooks/{hook['id']}"


def _deliveries(config: ChannelConfig, path: str, since: datetime) -> Iterator[Row]:
    """Newest first, until they are older."""
    query: dict[str, Any] = {"per_page": 100}
    for _ in range(MOST_PAGES):
        rows, headers = client.call(config, "GET", f"{path}/deliveries", query=query)
        for row in rows:
            if (moment(row.get("delivered_at")) or EPOCH) < since:
                return
            yield row
        more = NEXT.search(headers.get("link", ""))
        if not more:
            return
        query["cursor"] = more[1]


def _failed(rows: list[Row]) -> list[int]:
    """One delivery of each id that never arrived, oldest first."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get("guid")), []).append(row)
    return [
        int(group[0]["id"])
        for group in reversed(groups.values())
        if not any(_arrived(row) for row in group)
        and sum(bool(row.get("redelivery")) for row in group) < MOST_REPEATS
    ]


def _arrived(row: Row) -> bool:
    return row.get("status") == "OK" or 200 <= int(row.get("status_code") or 0) < 300
