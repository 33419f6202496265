"""How a connection to Toybox is made, looked at and ended."""

from collections.abc import Mapping
from urllib.parse import urlencode

from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.channels.ports import Consent
from rig.toy import client

GIVEN = ("access_token", "signing_secret", "team")


def check(config: ChannelConfig) -> str:
    """Whose token it is, or what is wrong with it; never raises."""
    try:
        return f"ok: {client.call(config, 'GET', '/me').get('name', 'a team')}"
    except DeliveryError as error:
        return error.text


def authorize(config: ChannelConfig, consent: Consent) -> str:
    """The consent page's address."""
    asked = {
        "client_id": config.get("client_id"),
        "redirect_uri": consent.back,
        "state": consent.state,
        "code_challenge": consent.challenge,
        "code_challenge_method": "S256",
        "response_type": "code",
        "scope": "talks",
    }
    return client.url_of(config, f"/oauth/authorize?{urlencode(asked)}")


def exchange(config: ChannelConfig, consent: Consent, code: str) -> Mapping[str, str]:
    """What a code is worth: settings by their names. Raises `DeliveryError`."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": consent.back,
        "code_verifier": consent.verifier,
    }
    given = client.post_form(config, "/oauth/token", form)
    if not given.get("access_token"):
        raise DeliveryError("Toybox gave no token", permanent=True)
    return {name: str(given.get(name, "")) for name in GIVEN}


def revoke(config: ChannelConfig) -> None:
    """End the token at Toybox (RFC 7009). Raises `DeliveryError`."""
    client.post_form(config, "/oauth/revoke", {"token": config.get("access_token")})


def ends_alone(before: ChannelConfig, after: ChannelConfig) -> bool:
    """Each token is one of its own."""
    return before.get("access_token") not in ("", after.get("access_token"))
