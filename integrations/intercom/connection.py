"""Connecting to a workspace: consent, who the token is, whether it works, and ending it.

https://developers.intercom.com/docs/build-an-integration/learn-more/authentication
"""

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode

from inbox.channels.contract import ChannelConfig
from inbox.channels.ports import Consent, OAuth, Scope
from integrations.intercom import client
from integrations.intercom.client import IntercomError
from integrations.intercom.payloads import app_url, inner, key_of

# Permissions are ticked in the Developer Hub; the consent page asks for those of the app.
SCOPES = (
    Scope(name="Read conversations", reason="to read what customers and teammates write"),
    Scope(name="Write conversations", reason="to answer, note, assign, close and open"),
    Scope(name="Read one user and one company", reason="to know who writes: name and address"),
    Scope(name="Read admins", reason="to know teammates by their addresses, and who has what"),
)


def _authorize(config: ChannelConfig, consent: Consent) -> str:
    """Intercom documents no PKCE.

    https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/setting-up-oauth
    """
    own = {"client_id": config.get("client_id")}
    query = {**own, "state": consent.state, "redirect_uri": consent.back}
    return f"{app_url(config)}/oauth?{urlencode(query)}"


def _exchange(config: ChannelConfig, consent: Consent, code: str) -> Mapping[str, str]:
    """A code is good once. The token does not end until the app is uninstalled."""
    given = {
        "code": code,
        "client_id": config.get("client_id"),
        "client_secret": config.get("client_secret"),
    }
    found = client.call(config, "POST", "/auth/eagle/token", form=given)
    token = str(found.get("access_token") or found.get("token") or "")
    if not token:
        raise IntercomError("Intercom gave no token; try to connect again", permanent=True)
    return {"access_token": token}


OAUTH = OAuth(authorize=_authorize, exchange=_exchange)


def revoke(config: ChannelConfig) -> None:
    """Uninstall the app in the workspace, which ends its token. Raises `IntercomError`.

    https://developers.intercom.com/docs/build-an-integration/learn-more/authentication/installing-uninstalling-apps
    """
    if not config.get("access_token"):
        return
    try:
        client.call(config, "POST", "/auth/uninstall")
    except IntercomError as error:
        if error.status != 401:  # then it was ended before
            raise


def ends_alone(before: ChannelConfig, after: ChannelConfig) -> bool:
    """Uninstalling ends every token of the app in a workspace, so only in another one."""
    workspaces = before.get("app_id"), after.get("app_id")
    return all(workspaces) and len(set(workspaces)) == len(workspaces)


def discover(config: ChannelConfig) -> Mapping[str, str]:
    """The workspace, and the teammate to whom the token belongs; {} when nobody says.

    https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io/admins/identifyadmin
    """
    found: dict[str, object] = {}
    if config.get("access_token"):
        with suppress(IntercomError):
            found = client.call(config, "GET", "/me")
    app = inner(found, "app")
    learned = {
        "app_id": key_of(app.get("id_code")),
        "app_name": str(app.get("name") or "")[:80],
        "token_admin_id": key_of(found.get("id")),
    }
    return {name: value for name, value in learned.items() if value}


def check(config: ChannelConfig) -> str:
    """Begins with "ok" when everything answers, else says what does not. Never raises."""
    try:
        me = client.call(config, "GET", "/me")
        rows = client.call(config, "GET", "/admins").get("admins")
    except IntercomError as error:
        return error.text
    names = {
        key_of(row.get("id")): str(row.get("name") or "?")
        for row in rows or []
        if isinstance(row, dict)
    }
    speaker = config.get("admin_id") or key_of(me.get("id"))
    if speaker not in names:
        return f"there is no teammate {speaker} who could speak for the desk; change admin_id"
    if not config.get("client_secret"):
        return "nothing comes in yet: client_secret, which checks the webhook, is missing"
    app = str(inner(me, "app").get("name") or "Intercom")
    return f"ok: {app}, {names[speaker]} speaks for the desk"
