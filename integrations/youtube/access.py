"""Google's OAuth: consent of the channel's owner, access tokens from the refresh token, revoking.

https://developers.google.com/youtube/v3/guides/auth/server-side-web-apps
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from inbox.channels.contract import ChannelConfig, DeliveryError
from inbox.channels.ports import Consent, OAuth, Scope
from inbox.channels.tokens import Token
from inbox.channels.wire import Headers, Line, Row, VendorError

AUTH_URL = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address, not a password
REVOKE_URL = "https://oauth2.googleapis.com/revoke"
SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"
SCOPES = (Scope(name=SCOPE, reason="find the live stream, and change who may see it"),)
EARLY_SECONDS = 120.0  # an access token is renewed so long before its end
CONNECT = "connect YouTube again"


class GoogleError(VendorError):
    """What Google answered; `code` is its own word (RFC 6749, section 5.2)."""


def _refused(status: int, found: Row, _: Headers) -> GoogleError:
    code = str(found.get("error") or "")
    said = f": {code[:80]}" if code else ""
    text, blocked = f"Google answered {status}{said}", True
    if code == "invalid_grant":
        text = f"Google says that the consent has ended: {CONNECT}"
    elif code in ("invalid_client", "unauthorized_client"):
        text = "Google refuses the client id or secret: check both"
    else:
        blocked = False
    return GoogleError(text, status=status, code=code, permanent=True, blocked=blocked)


LINE = Line(name="Google", error=GoogleError, refused=_refused)


def token(config: ChannelConfig) -> str:
    """An access token, renewed before its end.

    Raises `DeliveryError`; `blocked` when the channel's owner has to consent again.
    """
    if not config.get("refresh_token"):
        raise DeliveryError(f"YouTube is not connected: {CONNECT}", permanent=True, blocked=True)
    return _token(config).get(lambda: _renewed(config), early=EARLY_SECONDS)


def _renewed(config: ChannelConfig) -> tuple[str, float]:
    """(token, seconds that it lasts)."""
    form = {"grant_type": "refresh_token", "refresh_token": config.get("refresh_token")}
    found = _post(config.get("token_url", TOKEN_URL), {**_client(config), **form})
    fresh, lasts = str(found.get("access_token") or ""), found.get("expires_in")
    if not fresh:
        raise LINE.unreadable()
    return fresh, float(lasts) if isinstance(lasts, int | float) else 3600.0


def forget(config: ChannelConfig) -> None:
    """Drop the kept access token, because YouTube has refused it."""
    _token(config).forget()


def _token(config: ChannelConfig) -> Token:
    """By what the token is made from, so that another consent gets another token."""
    return Token(("youtube", *map(config.get, ("token_url", "client_id", "refresh_token"))))


def _client(config: ChannelConfig) -> dict[str, str]:
    return {name: config.get(name) for name in ("client_id", "client_secret")}


# ------------------------------------------------------------------ consent


def _authorize(config: ChannelConfig, consent: Consent) -> str:
    """Where the channel's owner consents; `prompt` has Google give a refresh token again.

    https://developers.google.com/identity/protocols/oauth2/native-app#step1-code-verifier
    """
    query = {
        "client_id": config.get("client_id"),
        "redirect_uri": consent.back,
        "response_type": "code",
        "scope": SCOPE,
        "access_type": "offline",
        "prompt": "consent",
        "state": consent.state,
        "code_challenge": consent.challenge,
        "code_challenge_method": "S256",
    }
    return f"{config.get('auth_url', AUTH_URL)}?{urlencode(query)}"


def _exchange(config: ChannelConfig, consent: Consent, code: str) -> Mapping[str, str]:
    """The refresh token to keep. Raises `DeliveryError`."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": consent.back,
        "code_verifier": consent.verifier,
    }
    found = _post(config.get("token_url", TOKEN_URL), {**_client(config), **form})
    refresh = str(found.get("refresh_token") or "")
    if not refresh:
        raise DeliveryError("Google gave no refresh token: consent once more", permanent=True)
    return {"refresh_token": refresh}


def revoke(config: ChannelConfig) -> None:
    """End the consent. One that has ended already is no error. Raises `DeliveryError`."""
    forget(config)
    if not config.get("refresh_token"):
        return
    try:
        _post(config.get("revoke_url", REVOKE_URL), {"token": config.get("refresh_token")})
    except GoogleError as error:
        if error.code != "invalid_token":
            raise


OAUTH = OAuth(authorize=_authorize, exchange=_exchange)


def _post(url: str, form: Mapping[str, str]) -> Row:
    # a token too many harms nobody: nothing here is uncertain
    return LINE.read_object(LINE.ask("POST", url, data=form, writes=False), writes=False)
