"""Talking to Toybox: one way out, one translation of what can go wrong."""

from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig, RawRequest
from inbox.channels.wire import Headers, Line, Row, VendorError

API_URL = "https://api.toybox.example.com"


def url_of(config: ChannelConfig, path: str) -> str:
    """An address of the vendor; the host is a setting."""
    return config.get("api_url", API_URL).rstrip("/") + path


def call(
    config: ChannelConfig, method: str, path: str, *, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One request with the connection's token. Raises `DeliveryError`."""
    headers = {"Authorization": f"Bearer {config.get('access_token')}"}
    return _asked(config, method, path, headers=headers, json=body)


def post_form(config: ChannelConfig, path: str, form: Mapping[str, str]) -> dict[str, Any]:
    """One request as the app itself. Raises `DeliveryError`."""
    own = {"client_id": config.get("client_id"), "client_secret": config.get("client_secret")}
    return _asked(config, "POST", path, data={**own, **form})


def _asked(config: ChannelConfig, method: str, path: str, **sent: Any) -> Row:
    # a write that broke off may have happened: nobody can tell
    writes = method != "GET"
    return LINE.read_object(
        LINE.ask(method, url_of(config, path), writes=writes, **sent), writes=writes
    )


def _refused(status: int, found: Row, _: Headers) -> VendorError:
    if status in (401, 403):
        text = "Toybox refuses the token; connect again"
        return VendorError(text, status=status, permanent=True, blocked=True)
    return VendorError(f"Toybox refused it ({status})", status=status, permanent=True)


LINE = Line(name="Toybox", error=VendorError, refused=_refused)


def complete(raw: RawRequest, config: ChannelConfig) -> Mapping[str, Any] | None:
    """The line that an event only names, and its talk's title. Raises `DeliveryError`."""
    event = raw.json()
    if not isinstance(event, dict) or event.get("type") != "line.created":
        return None
    lines = call(config, "GET", f"/talks/{event.get('talk')}/lines").get("lines") or []
    return next((line for line in lines if line.get("id") == event.get("id")), {})
