"""What was missed: when it is looked for, and how far the last look came.

GitHub repeats nothing by itself. So everything is looked through after a pause of the desk, once
a day, and when somebody asks (`since`); where the log of webhook deliveries cannot be read, every
hour; where there is no webhook, all the time. Deletions leave no trace in lists: they are found
only by the webhook and its log.
"""

import time
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.channels.contract import ChannelConfig, Store
from inbox.channels.jsontext import moment
from integrations.github import connection, hooklog
from integrations.github.client import GitHubError
from integrations.github.lists import Asking, Place, Spent

PAUSE = timedelta(minutes=10)  # the desk was away
DAILY, HOURLY, ALWAYS = timedelta(days=1), timedelta(hours=1), timedelta(minutes=5)
BUDGET_SECONDS = 200.0  # a poll's lease is five minutes
HISTORY_DAYS = 7

Cursor = dict[str, Any]


def backfill(config: ChannelConfig, cursor: Mapping[str, Any], store: Store) -> Mapping[str, Any]:
    """Store what changed in the repositories; the new cursor. Raises `GitHubError`.

    A limit, or the end of the time that one poll may take, keeps how far each list was read.
    """
    now = datetime.now(UTC)
    state: Cursor = {**deepcopy(dict(cursor)), "asked": False, "seen_at": now.isoformat()}
    wait = moment(cursor.get("wait_until"))
    if wait is not None and now < wait:
        return state
    state.pop("wait_until", None)
    passing: list[str] = []
    try:
        if _pass_is_due(config, cursor, now):
            state["asked"] = True
            _pass(config, state, store, now)
        if _is_over(cursor.get("log_at"), HOURLY, now):
            state["asked"] = True
            _log(config, state, now)
    except Spent:
        pass
    except GitHubError as error:
        if error.retry_after_seconds is None and _reach(state) == _reach(cursor):
            raise
        if error.retry_after_seconds is None:
            passing = [error.text]
        else:
            again = now + timedelta(seconds=error.retry_after_seconds)
            state["wait_until"] = again.isoformat()
    return {**state, "trouble": "; ".join([*passing, *(state.get("said") or [])])[:250]}


def _reach(cursor: Mapping[str, Any]) -> list[Any]:
    """How far everything was read: what a poll that failed has at least achieved."""
    marks = [
        (place, name, mark.get("at"))
        for place, rows in (cursor.get("lists") or {}).items()
        for name, mark in rows.items()
        if mark.get("at")
    ]
    return [marks, cursor.get("done") or []]


def has_work(config: ChannelConfig) -> bool:
    """Set up for asking: repositories are named, or an App knows its own."""
    return bool(config.get("repos") and config.get("token")) or connection.is_app(config)


def _is_over(text: Any, length: timedelta, now: datetime) -> bool:
    at = moment(text)
    return at is None or now - at >= length


def _pass_is_due(config: ChannelConfig, cursor: Mapping[str, Any], now: datetime) -> bool:
    if cursor.get("since") or "done" in cursor or _is_over(cursor.get("seen_at"), PAUSE, now):
        return True
    every = HOURLY if cursor.get("log") else DAILY
    if not config.get("webhook_secret"):
        every = ALWAYS
    return _is_over(cursor.get("passed_at"), every, now)


def _pass(config: ChannelConfig, state: Cursor, store: Store, now: datetime) -> None:
    """Every repository once; a pass that was interrupted goes on where it was."""
    if state.get("only") and not state.get("anew"):  # once, however many polls the pass takes
        state.update(anew=True, done=[], said=[], begin=now.isoformat())
        state.get("lists", {}).pop(state["only"], None)
    asking = Asking(config=config, until=time.monotonic() + BUDGET_SECONDS)
    begin = state.setdefault("begin", now.isoformat())
    if "done" not in state:
        state["done"], state["said"] = [], []
    days = timedelta(days=float(config.get("history_days", str(HISTORY_DAYS))))
    floor = moment(state.get("since")) or (moment(begin) or now) - days
    lists, only = state.setdefault("lists", {}), state.get("only")
    for name in connection.repositories(config):
        if name in state["done"] or only not in (None, name):
            continue
        marks = lists.setdefault(name, {})
        place = Place(asking=asking, store=store, name=name, floor=floor, begin=begin, marks=marks)
        state["said"] += place.read()
        state["done"].append(name)
    if not only:
        state["passed_at"] = now.isoformat()
    for name in ("done", "since", "begin", "only", "anew"):
        state.pop(name, None)


def _log(config: ChannelConfig, state: Cursor, now: datetime) -> None:
    """Ask GitHub to repeat what did not arrive; kept is why its log cannot be read, if so."""
    since = (moment(state.get("log_at")) or now - hooklog.KEPT) - HOURLY
    state["log"] = hooklog.repair(config, since)
    state["log_at"] = now.isoformat()
