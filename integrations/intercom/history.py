"""What was missed: conversations that changed, whole, as stored deliveries of their own.

Intercom repeats a notification once. So what changed is looked through after a pause of the desk,
every hour, and when somebody asks (`since`); where no webhook is set up, all the time.
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.channels.contract import ChannelConfig, Polled, Store
from integrations.intercom import client
from integrations.intercom.client import IntercomError
from integrations.intercom.inbound import HISTORY
from integrations.intercom.payloads import key_of, moment, version_of

PAUSE, HOURLY = timedelta(minutes=10), timedelta(hours=1)
OVERLAP = timedelta(seconds=60)  # clocks differ
BUDGET_SECONDS = 200.0  # a poll's lease is five minutes

Cursor = dict[str, Any]


def has_work(config: ChannelConfig) -> bool:
    """Set up for asking."""
    return bool(config.get("access_token"))


def backfill(config: ChannelConfig, cursor: Mapping[str, Any], store: Store) -> Mapping[str, Any]:
    """Store what changed since the last look; the new cursor. Raises `IntercomError`.

    A limit, or the end of the time that one poll may take, keeps the page that comes next.
    """
    now = datetime.now(UTC)
    state: Cursor = {**dict(cursor), "asked": False, "seen_at": now.isoformat()}
    wait = moment(cursor.get("wait_until"))
    if (wait is not None and now < wait) or not _is_due(config, cursor, now):
        return state
    state.pop("wait_until", None)
    state["asked"] = True
    if "begin" not in state:
        floor = moment(state.pop("since", None)) or moment(state.get("read_to"))
        days = timedelta(days=float(config.get("history_days", "0")))
        state |= {"begin": now.isoformat(), "floor": (floor or now - days).isoformat(), "after": ""}
    try:
        if not _pass(config, state, store):
            return state
    except IntercomError as error:
        if error.retry_after_seconds is None:
            raise
        again = now + timedelta(seconds=error.retry_after_seconds)
        return {**state, "wait_until": again.isoformat()}
    state["read_to"] = state["begin"]
    return {name: v for name, v in state.items() if name not in ("begin", "floor", "after")}


def _is_due(config: ChannelConfig, cursor: Mapping[str, Any], now: datetime) -> bool:
    if cursor.get("since") or cursor.get("begin") or not config.get("client_secret"):
        return True
    read_to, seen = moment(cursor.get("read_to")), moment(cursor.get("seen_at"))
    if read_to is None or seen is None:
        return True
    return now - seen >= PAUSE or now - read_to >= HOURLY


def _pass(config: ChannelConfig, state: Cursor, store: Store) -> bool:
    """Page after page; False when the time was over before the last one."""
    until = time.monotonic() + BUDGET_SECONDS
    since = int(((moment(state["floor"]) or datetime.now(UTC)) - OVERLAP).timestamp())
    for rows, after in client.changed_since(config, since, state["after"]):
        for row in rows:
            _keep(config, key_of(row.get("id")), store)
        state["after"] = after
        if after and time.monotonic() > until:
            return False
    return True


def _keep(config: ChannelConfig, key: str, store: Store) -> None:
    """One conversation as it stands now; a version of it that is stored already is not kept."""
    try:
        row = client.conversation(config, key)
    except IntercomError as error:
        if error.status == 404:  # deleted between the list and now
            return
        raise
    item = {"type": "notification_event_data", "item": row}
    body = {"type": "notification_event", "topic": HISTORY, "data": item}
    store(
        Polled(
            body=json.dumps(body).encode(),
            headers={"content-type": "application/json"},
            dedupe_key=f"history:{key}:{version_of(row)}"[:250],
        )
    )
