"""The token of a connection: a private app's own, or one that a refresh token gives.

https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide
"""

from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import ChannelConfig
from inbox.channels.ports import Consent
from inbox.channels.tokens import Token
from integrations.hubspot import wire
from integrations.hubspot.wire import LINE, HubSpotError


def bearer(config: ChannelConfig) -> str:
    """The token that counts now. Raises `HubSpotError`."""
    given = config.get("token")
    if given:
        return given
    if not config.get("refresh_token"):
        raise HubSpotError("HubSpot is not connected", permanent=True, blocked=True)
    return _token(config).get(lambda: _renewed(config))


def _token(config: ChannelConfig) -> Token:
    words = (wire.base(config), config.get("client_id"), config.get("refresh_token"))
    return Token(("hubspot", *words))


def refused(config: ChannelConfig, token: str) -> bool:
    """Whether a token that was refused may be replaced by another one."""
    if config.get("token"):
        return False
    _token(config).drop(token)
    return True


def exchange(config: ChannelConfig, consent: Consent, code: str) -> Mapping[str, str]:
    """The refresh token to keep, in place of a private app's token. Raises `HubSpotError`."""
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": consent.back}
    found = _ask(config, given)
    refresh = str(found.get("refresh_token") or "")
    if not refresh:
        raise HubSpotError("HubSpot gave no refresh token", permanent=True)
    return {"refresh_token": refresh, "token": ""}


def revoke(config: ChannelConfig) -> None:
    """End the refresh token at HubSpot; a private app's token ends only in its own settings.

    https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide#delete-a-refresh-token
    """
    token = config.get("refresh_token")
    _token(config).forget()
    if not token:
        return
    path = f"/oauth/v1/refresh-tokens/{token}"
    answer = wire.ask(config, "DELETE", path, {}, writes=False)
    if answer.status != 404:  # what is not there any more is as good as ended
        LINE.read_object(answer, writes=False)


def ends_alone(before: ChannelConfig, after: ChannelConfig) -> bool:
    """Every consent gives a refresh token of its own."""
    return before.get("refresh_token") not in ("", after.get("refresh_token"))


def about(config: ChannelConfig) -> dict[str, Any]:
    """Portal, app, user and scopes of the token, under one set of names. Raises `HubSpotError`.

    https://developers.hubspot.com/docs/api-reference/auth-oauth-v1/guide
    """
    token = bearer(config)
    if config.get("token"):
        path, given = "/oauth/v2/private-apps/get/access-token-info", {"json": {"tokenKey": token}}
        answer = wire.ask(config, "POST", path, given, writes=False)
    else:
        answer = wire.ask(config, "GET", f"/oauth/v1/access-tokens/{token}", {}, writes=False)
    if answer.status in (400, 404):  # HubSpot does not know its own token any more
        raise HubSpotError(wire.REFUSED, status=401, permanent=True, blocked=True)
    found = LINE.read_object(answer, writes=False)
    return {
        "portal": str(found.get("hub_id") or found.get("hubId") or ""),
        "app": str(found.get("app_id") or found.get("appId") or ""),
        "user": str(found.get("user_id") or found.get("userId") or ""),
        "scopes": [str(name) for name in found.get("scopes") or []],
    }


def _renewed(config: ChannelConfig) -> tuple[str, float]:
    """(token, seconds that it lasts)."""
    given = {"grant_type": "refresh_token", "refresh_token": config.get("refresh_token")}
    found = _ask(config, given)
    token = str(found.get("access_token") or "")
    if not token:
        raise HubSpotError("HubSpot gave no token")
    return token, float(found.get("expires_in") or 0)


def _ask(config: ChannelConfig, given: Mapping[str, str]) -> dict[str, Any]:
    whole = {
        **given,
        "client_id": config.get("client_id"),
        "client_secret": config.get("client_secret"),
    }
    # a token too many harms nobody: nothing here is uncertain
    answer = wire.ask(config, "POST", "/oauth/v1/token", {"data": whole}, writes=False)
    if answer.status in (400, 401, 403):
        raise HubSpotError(wire.REFUSED, status=401, permanent=True, blocked=True)
    return LINE.read_object(answer, writes=False)
