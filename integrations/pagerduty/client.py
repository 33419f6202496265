"""Asking PagerDuty who is on call.

https://developer.pagerduty.com/api-reference/3a6b910f11050-list-all-of-the-on-calls
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from inbox.channels.contract import ChannelConfig, DeliveryError, RosterEntry
from inbox.common import http

API_URL = "https://api.pagerduty.com"
PAGE, MOST = 100, 10_000  # offset + limit may not pass 10,000
TIMEOUT_SECONDS = (5, 15)


def roster(config: ChannelConfig, since: datetime, until: datetime) -> list[RosterEntry]:
    """Shifts of the first escalation level. Raises `DeliveryError`, whatever went wrong."""
    rows = _oncalls(config, since, until)
    return [_entry(row, since) for row in rows if row.get("escalation_level") == 1]


def check(config: ChannelConfig) -> str:
    """What a live check says."""
    now = datetime.now(UTC)
    try:
        entries = roster(config, now, now)
    except DeliveryError as error:
        return error.text
    names = ", ".join(entry.name for entry in entries) or "nobody"
    return f"ok: on call now: {names}"


def _oncalls(
    config: ChannelConfig, since: datetime, until: datetime
) -> Iterator[Mapping[str, Any]]:
    schedules = [part.strip() for part in config.get("schedule").split(",") if part.strip()]
    params: dict[str, Any] = {"include[]": ["users"], "time_zone": "UTC", "limit": PAGE}
    params |= {"since": since.isoformat(), "until": until.isoformat()} if until > since else {}
    if schedules:
        params["schedule_ids[]"] = schedules
    for offset in range(0, MOST, PAGE):
        page = _get(config, "/oncalls", {**params, "offset": offset})
        rows = page.get("oncalls")
        if not isinstance(rows, list):
            raise DeliveryError("PagerDuty's answer cannot be read")
        yield from rows
        if not page.get("more"):
            return


def _get(config: ChannelConfig, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
    url = config.get("api_url", API_URL).rstrip("/") + path
    headers = {
        "Authorization": f"Token token={config.get('token')}",
        "Accept": "application/vnd.pagerduty+json;version=2",
    }
    try:
        with http.session() as session:
            answer = session.get(
                url, params=params, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
            )
    except (requests.RequestException, OSError) as error:
        raise DeliveryError("PagerDuty cannot be reached") from error
    if answer.status_code == 429:
        wait = answer.headers.get("ratelimit-reset", "")
        seconds = float(wait) if wait.isdigit() else 60.0
        raise DeliveryError("PagerDuty asks us to wait", retry_after_seconds=seconds)
    if answer.status_code in (401, 403):
        raise DeliveryError("PagerDuty refuses the token", permanent=True)
    if answer.status_code == 404:
        raise DeliveryError(
            "PagerDuty does not know the schedule; shift-based schedules are not visible here",
            permanent=True,
        )
    if answer.status_code != 200:
        raise DeliveryError(f"PagerDuty answered {answer.status_code}")
    try:
        found = answer.json()
    except ValueError as error:
        raise DeliveryError("PagerDuty's answer cannot be read") from error
    return found if isinstance(found, dict) else {}


def _entry(row: Mapping[str, Any], since: datetime) -> RosterEntry:
    user = row.get("user") or {}
    try:
        begin, end = row.get("start"), row.get("end")
        return RosterEntry(
            external_id=str(user["id"]),
            name=str(user.get("name") or user.get("summary") or ""),
            email=str(user.get("email") or "").lower(),
            starts_at=datetime.fromisoformat(begin) if begin else since,
            ends_at=datetime.fromisoformat(end) if end else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DeliveryError("PagerDuty's answer cannot be read") from error
