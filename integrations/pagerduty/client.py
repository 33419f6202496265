"""Asking PagerDuty who is on call.

https://developer.pagerduty.com/api-reference/3a6b910f11050-list-all-of-the-on-calls
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from inbox.channels.contract import ChannelConfig, DeliveryError, RosterEntry
from inbox.channels.wire import Headers, Line, Row, VendorError, seconds

API_URL = "https://api.pagerduty.com"
PAGE, MOST = 100, 10_000  # offset + limit may not pass 10,000


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
            raise LINE.unreadable()
        yield from rows
        if not page.get("more"):
            return


def _get(config: ChannelConfig, path: str, params: Mapping[str, Any]) -> Row:
    headers = {
        "Authorization": f"Token token={config.get('token')}",
        "Accept": "application/vnd.pagerduty+json;version=2",
    }
    url = config.get("api_url", API_URL).rstrip("/") + path
    answer = LINE.ask("GET", url, params=params, headers=headers, writes=False)
    return LINE.read_object(answer, writes=False)


def _refused(status: int, _: Row, __: Headers) -> VendorError:
    if status in (401, 403):
        return VendorError("PagerDuty refuses the token", status=status, permanent=True)
    if status == 404:
        text = "PagerDuty does not know the schedule; shift-based schedules are not visible here"
        return VendorError(text, status=status, permanent=True)
    return VendorError(f"PagerDuty answered {status}", status=status)


def _wait(_: Row, headers: Headers) -> float:
    return seconds(headers, "ratelimit-reset", usual=60.0)


LINE = Line(name="PagerDuty", error=VendorError, refused=_refused, wait=_wait)


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
        raise LINE.unreadable() from error
