"""What was missed: tickets that changed since the last look, by the cursor export.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/

With a webhook it is looked every hour, without one every five minutes, and when somebody asks
(`since`). A ticket that is found is only a hint, like an event: what is known already is filed
once.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.channels.contract import ChannelConfig, Polled, Store
from inbox.channels.jsontext import moment
from integrations.zendesk import client
from integrations.zendesk.client import ZendeskError
from integrations.zendesk.hints import EXPORT
from integrations.zendesk.payloads import is_number

HOURLY, ALWAYS = timedelta(hours=1), timedelta(minutes=5)
OVERLAP = timedelta(minutes=2)
BUDGET_SECONDS = 200.0  # a poll's lease is five minutes
HISTORY_DAYS = 7

Cursor = dict[str, Any]


def backfill(config: ChannelConfig, cursor: Mapping[str, Any], store: Store) -> Mapping[str, Any]:
    """Store a hint for every ticket that changed; the new cursor. Raises `ZendeskError`.

    A limit, or the end of the time that one poll may take, keeps the cursor of the last page.
    """
    now = datetime.now(UTC)
    state: Cursor = {**cursor, "asked": False}
    wait = moment(cursor.get("wait_until"))
    if (wait is not None and now < wait) or not _is_due(config, cursor, now):
        return state
    state.pop("wait_until", None)
    state["asked"] = True
    if state.get("since"):  # somebody asked: from that moment, whatever was read
        state.pop("after", None)
        state["begin"] = state.pop("since")
    try:
        state["passing"] = not _pass(config, state, store, now)
    except ZendeskError as error:
        if error.retry_after_seconds is None:
            raise
        state["passing"] = True
        again = now + timedelta(seconds=error.retry_after_seconds)
        state["wait_until"] = again.isoformat()
    if not state["passing"]:
        state["passed_at"] = now.isoformat()
    return state


def can_poll(config: ChannelConfig) -> bool:
    """Set up for asking."""
    return bool(config.get("client_id") or config.get("api_token"))


def _is_due(config: ChannelConfig, cursor: Mapping[str, Any], now: datetime) -> bool:
    if cursor.get("since") or cursor.get("passing"):
        return True
    at = moment(cursor.get("passed_at"))
    every = HOURLY if config.get("webhook_secret") else ALWAYS
    return at is None or now - at >= every


def _pass(config: ChannelConfig, state: Cursor, store: Store, now: datetime) -> bool:
    """Page after page until the end; False when the time is over before it."""
    until = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < until:
        after = str(state.get("after") or "")
        found = client.export(config, cursor=after, start_at=_begin(config, state, now))
        for row in client.rows_of(found, "tickets"):
            _store(row, store)
        # after the commits: what is stored twice is known by its key
        given = str(found.get("after_cursor") or "")
        if found.get("end_of_stream", True) or given in ("", after):
            state["after"] = given or after
            return True
        state["after"] = given
    return False


def _begin(config: ChannelConfig, state: Cursor, now: datetime) -> int:
    days = timedelta(days=float(config.get("history_days", str(HISTORY_DAYS))))
    start = moment(state.get("begin")) or now - days
    return int(min(start, now - OVERLAP).timestamp())


def _store(row: Mapping[str, Any], store: Store) -> None:
    number, changed = row.get("id"), str(row.get("updated_at") or "")
    if not is_number(number):
        return
    what = "soft_deleted" if row.get("status") == "deleted" else EXPORT
    body = {"type": what, "ticket_id": str(number), "updated_at": changed}
    store(
        Polled(
            body=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
            dedupe_key=f"export:{number}:{changed}:{what}",
        )
    )
