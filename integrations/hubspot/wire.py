"""One request to HubSpot as it goes over the line, and what its errors mean.

https://developers.hubspot.com/docs/api-reference/error-handling ·
https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
"""

from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig
from inbox.channels.wire import Answer, Headers, Line, Row, VendorError, seconds

API_URL = "https://api.hubapi.com"
ROLLING_SECONDS, DAILY_SECONDS = 10.0, 3600.0
# how long to wait where HubSpot names no time; a day's limit ends at the account's midnight
POLICIES = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": ROLLING_SECONDS, "DAILY": DAILY_SECONDS}
REFUSED = "HubSpot refuses the token; connect again"


class HubSpotError(VendorError):
    """What HubSpot answered."""


def _refused(status: int, found: Row, _: Headers) -> HubSpotError:
    if status == 401:
        return HubSpotError(REFUSED, status=status, permanent=True, blocked=True)
    if status == 403:
        return HubSpotError(_missing(found), status=status, permanent=True, blocked=True)
    if status == 404:
        return HubSpotError("HubSpot knows nothing there", status=status, permanent=True)
    said = str(found.get("message") or found.get("category") or "")
    return HubSpotError(f"HubSpot answered {status}: {said}"[:200], status=status, permanent=True)


def _missing(found: Row) -> str:
    """Which scopes are missing, by their names."""
    context = found.get("context")
    names = context.get("missingScopes") if isinstance(context, dict) else None
    rows = found.get("errors")
    for row in rows if isinstance(rows, list) else []:
        inner = row.get("context") if isinstance(row, dict) else None
        names = names or (inner.get("requiredScopes") if isinstance(inner, dict) else None)
    if isinstance(names, list) and names:
        wanted = ", ".join(str(name) for name in names)
        return f"HubSpot wants the scope {wanted}; add it to the app and connect again"[:200]
    return "HubSpot does not allow this; look at the app's scopes"


def _wait(found: Row, headers: Headers) -> float:
    """Seconds: what is asked for, else what the limit's name means."""
    usual = POLICIES.get(str(found.get("policyName")), ROLLING_SECONDS)
    return seconds(headers, "retry-after", usual=usual)


LINE = Line(name="HubSpot", error=HubSpotError, refused=_refused, wait=_wait)


def base(config: ChannelConfig) -> str:
    """The API's address, without a slash at its end."""
    return config.get("api_url", API_URL).rstrip("/")


def ask(
    config: ChannelConfig,
    method: str,
    path: str,
    given: Mapping[str, Any],
    *,
    bearer: str = "",
    writes: bool,
) -> Answer:
    """The bare answer. Raises `HubSpotError` when there is none."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return LINE.ask(method, base(config) + path, headers=headers, writes=writes, **given)
