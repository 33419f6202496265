"""What a connection reaches: the account, its inboxes, its scopes; and connecting by consent.

https://developers.hubspot.com/docs/apps/legacy-apps/authentication/working-with-oauth
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from inbox.channels.contract import ChannelConfig, ConfigError
from inbox.channels.ports import Consent, OAuth, Scope
from integrations.hubspot import client, tokens, wire
from integrations.hubspot.wire import HubSpotError

APP_URL = "https://app.hubspot.com"
SCOPES = (
    Scope(name="oauth", reason="to connect at all; HubSpot wants it of every app"),
    Scope(name="conversations.read", reason="reads inboxes, conversations and who writes in them"),
    Scope(name="conversations.write", reason="sends answers and notes, closes, opens and assigns"),
    Scope(name="crm.objects.contacts.read", reason="finds the contact of somebody who asks"),
    Scope(
        name="crm.objects.contacts.write", reason="keeps a note on a contact when you ask for it"
    ),
    Scope(name="files", reason="fetches files that came, and sends yours"),
)
SETTINGS = {"portal": "portal_id", "app": "app_id"}


def inboxes(config: ChannelConfig) -> list[tuple[str, str]]:
    """Every inbox by id and name. Raises `HubSpotError`."""
    rows = client.pages(config, client.conversations(config, "/inboxes"), {})
    return [(str(row.get("id")), str(row.get("name") or row.get("id"))) for row in rows]


def is_named(inbox: str, config: ChannelConfig) -> bool:
    """Whether the settings take this inbox; none named means all of them."""
    named = [part.strip() for part in config.get("inboxes").split(",") if part.strip()]
    return not named or inbox in named


def discover(config: ChannelConfig) -> Mapping[str, str]:
    """The account, our app, its user and the inboxes' names; {} when nobody says."""
    if not (config.get("token") or config.get("refresh_token")):
        return {}
    try:
        about = tokens.about(config)
        names = inboxes(config)
    except HubSpotError:
        return {}
    found = {setting: about[name] for name, setting in SETTINGS.items() if about[name]}
    found["inbox_names"] = "\n".join(f"{key}={name}" for key, name in names)
    if not config.get("sender_actor") and about["user"]:
        found["sender_actor"] = f"A-{about['user']}"
    return found


def check(config: ChannelConfig) -> str:
    """Begins with "ok" when everything answers, else says what does not. Never raises."""
    try:
        about = tokens.about(config)
        missing = [s.name for s in SCOPES if s.name not in about["scopes"]]
        if config.get("token"):  # a private app has no consent page
            missing = [name for name in missing if name != "oauth"]
        if missing:
            return f"the app lacks the scope {', '.join(missing)}"
        found = inboxes(config)
    except HubSpotError as error:
        return error.text
    named = config.get("inboxes")
    known = {key for key, _ in found}
    unknown = [part.strip() for part in named.split(",") if part.strip() not in {"", *known}]
    if unknown:
        return f"HubSpot has no inbox {unknown[0]}; it has {', '.join(sorted(known))}"
    if not config.get("client_secret"):
        return "ok, but without the client secret no webhook is taken; it asks every minute"
    return f"ok: account {about['portal']}, inboxes {', '.join(name for _, name in found)}"


def validate(config: ChannelConfig) -> None:
    """Settings that cannot work. Raises `ConfigError`."""
    for name in ("api_url", "app_url"):
        if not config.get(name, "https://").startswith(("https://", "http://")):
            raise ConfigError(f"{name} is an address like {wire.API_URL}")
    if config.get("legacy_signatures", "no") not in ("yes", "no"):
        raise ConfigError("legacy_signatures is yes or no")
    sender = config.get("sender_actor")
    if sender and not (sender.startswith("A-") and sender[2:].isalnum()):
        raise ConfigError("sender_actor is a HubSpot user like A-123")
    for part in config.get("inboxes").split(","):
        if part.strip() and not part.strip().isdigit():
            raise ConfigError(f"“{part.strip()}” is no inbox; inboxes are numbers, with commas")
    try:
        float(config.get("history_days", "7"))
    except ValueError as error:
        raise ConfigError("history_days is a number") from error


# ------------------------------------------------------------------ consent


def _authorize(config: ChannelConfig, consent: Consent) -> str:
    """HubSpot documents no PKCE for apps of this kind."""
    given = {
        "client_id": config.get("client_id"),
        "redirect_uri": consent.back,
        "scope": " ".join(scope.name for scope in SCOPES),
        "state": consent.state,
    }
    address = config.get("app_url", APP_URL).rstrip("/")
    return f"{address}/oauth/authorize?{urlencode(given)}"


OAUTH = OAuth(authorize=_authorize, exchange=tokens.exchange)
