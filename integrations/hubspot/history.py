"""What was missed: conversations with newer messages than the last look has seen, per inbox.

https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide

Looked for after a pause of the desk, every hour, when somebody asks (`since`), and each poll where
no webhooks come. A change of status alone leaves no trace in the list; webhooks tell it, and each
conversation with something new is asked how it stands.
"""

import json
import time
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.channels.contract import ChannelConfig, Polled, Store
from inbox.channels.jsontext import moment
from inbox.channels.wire import Row
from integrations.hubspot import client, connection, events
from integrations.hubspot.asking import WORDS
from integrations.hubspot.wire import HubSpotError

PAUSE = timedelta(minutes=10)  # the desk was away
HOURLY = timedelta(hours=1)
OVERLAP = timedelta(minutes=2)  # read twice, for clocks and lists that lag
BUDGET_SECONDS = 200.0  # a poll's lease is five minutes
HISTORY_DAYS = 7

Cursor = dict[str, Any]


class Spent(Exception):
    """The time that one poll may take is over; the next one goes on."""


def backfill(config: ChannelConfig, cursor: Mapping[str, Any], store: Store) -> Mapping[str, Any]:
    """Store what the inboxes have that is newer; the new cursor. Raises `HubSpotError`.

    A limit, or the end of the time that one poll may take, keeps how far each inbox was read.
    """
    now = datetime.now(UTC)
    state: Cursor = {**deepcopy(dict(cursor)), "asked": False, "seen_at": now.isoformat()}
    wait = moment(cursor.get("wait_until"))
    if wait is not None and now < wait:
        return state
    state.pop("wait_until", None)
    if not _is_due(config, cursor, now):
        return state
    state["asked"] = True
    try:
        _pass(config, state, store, now)
    except Spent:
        state["passed_at"] = None
    except HubSpotError as error:
        if error.retry_after_seconds is None:
            raise
        again = now + timedelta(seconds=error.retry_after_seconds)
        state.update(wait_until=again.isoformat(), passed_at=None)
    return state


def has_work(config: ChannelConfig) -> bool:
    """Set up for asking."""
    return bool(config.get("token") or config.get("refresh_token"))


def _is_due(config: ChannelConfig, cursor: Mapping[str, Any], now: datetime) -> bool:
    if cursor.get("since") or not config.get("client_secret"):
        return True
    seen, passed = moment(cursor.get("seen_at")), moment(cursor.get("passed_at"))
    return seen is None or passed is None or now - seen >= PAUSE or now - passed >= HOURLY


def _pass(config: ChannelConfig, state: Cursor, store: Store, now: datetime) -> None:
    days = timedelta(days=float(config.get("history_days", str(HISTORY_DAYS))))
    until = time.monotonic() + BUDGET_SECONDS
    begin = moment(state.pop("since", None))
    marks = {} if begin else state.setdefault("marks", {})
    state["marks"] = marks  # whoever asks for a time wants every inbox from then on
    for inbox, _ in connection.inboxes(config):
        if connection.is_named(inbox, config):
            floor = moment(marks.get(inbox)) or begin or now - days
            _inbox(config, inbox, floor, marks, store, until)
    state["passed_at"] = now.isoformat()


def _inbox(
    config: ChannelConfig,
    inbox: str,
    floor: datetime,
    marks: dict[str, str],
    store: Store,
    until: float,
) -> None:
    """One inbox from its mark on, the oldest first; the mark moves with each conversation."""
    marks.setdefault(inbox, floor.isoformat())
    query = {
        "inboxId": inbox,
        "sort": "latestMessageTimestamp",
        "latestMessageTimestampAfter": _text(floor - OVERLAP),
    }
    for thread in client.pages(config, client.conversations(config, "/threads"), query):
        if time.monotonic() > until:
            raise Spent
        latest = moment(thread.get("latestMessageTimestamp"))
        key = str(thread.get("id") or "")
        if latest is None or not key.isdigit():
            continue
        _thread(config, key, thread, floor - OVERLAP, store)
        marks[inbox] = max(marks[inbox], latest.astimezone(UTC).isoformat())


def _thread(config: ChannelConfig, key: str, thread: Row, floor: datetime, store: Store) -> None:
    """Each newer message as an event of its own, then how the conversation stands."""
    rows = client.pages(config, client.conversations(config, f"/threads/{key}/messages"), {})
    for row in sorted(rows, key=lambda row: str(row.get("createdAt"))):
        at, message = moment(row.get("createdAt")), str(row.get("id") or "")
        if at is None or at < floor or row.get("type") not in WORDS or not events.is_id(message):
            continue
        more = {"messageId": message, "messageType": row.get("type")}
        _store(config, store, events.MESSAGE, key, at, f"{key}/{message}", more)
    latest = moment(thread.get("latestMessageTimestamp")) or floor
    stands = "/".join(str(thread.get(name) or "") for name in ("status", "assignedTo", "closedAt"))
    what = f"{key}/{_text(latest)}/{stands}"
    _store(config, store, events.CHANGE, key, latest, what, {"propertyName": "status"})


def _store(
    config: ChannelConfig,
    store: Store,
    kind: str,
    thread: str,
    at: datetime,
    what: str,
    more: Mapping[str, Any],
) -> None:
    event = {
        "subscriptionType": kind,
        "objectId": int(thread),
        "occurredAt": int(at.timestamp() * 1000),
        **more,
    }
    for name, setting in (("portalId", "portal_id"), ("appId", "app_id")):
        if config.get(setting):
            event[name] = config.get(setting)
    body = json.dumps([event], sort_keys=True).encode()
    headers = {"content-type": "application/json"}
    store(Polled(body=body, headers=headers, dedupe_key=f"poll:{what}"[:250]))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
