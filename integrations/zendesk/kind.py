"""Zendesk's entry in the registry."""

from urllib.parse import urlsplit

from inbox.channels.contract import (
    Capability,
    ChannelConfig,
    ChannelKind,
    ConfigError,
    SettingSpec,
)
from inbox.channels.ports import Scope
from integrations.zendesk import (
    client,
    connection,
    effects,
    export,
    history,
    inbound,
    inspecting,
    outbound,
    reading,
)


def _realm(config: ChannelConfig) -> str:
    """The account: its subdomain, else the host that is asked."""
    return config.get("subdomain") or urlsplit(client.root(config)).netloc


def _address(config: ChannelConfig) -> str:
    return urlsplit(client.root(config)).netloc


def _validate(config: ChannelConfig) -> None:
    if not config.get("subdomain") and not config.get("api_url"):
        raise ConfigError("subdomain is the first part of your Zendesk address")
    name = config.get("subdomain")
    if name and not name.replace("-", "").isalnum():
        raise ConfigError(f"“{name}” is no subdomain; of example.zendesk.com it is example")
    if not config.get("api_url", "https://").startswith(("https://", "http://")):
        raise ConfigError("api_url is an address like https://example.zendesk.com")
    if not config.get("history_days", "0").isdigit():
        raise ConfigError("history_days is a number of days, like 7")
    if inbound.is_public_secret(config):
        raise ConfigError("webhook_secret is the public one of the test button; save the webhook")


def _signed(config: ChannelConfig) -> bool:
    return bool(config.get("webhook_secret"))


def _lane(thread_key: str) -> str:
    """What is done on one ticket happens in its order: `safe_update` refuses two at once."""
    return thread_key


SCOPES = (
    Scope(name="read", reason="tickets, comments, people, and the export of what was missed"),
    Scope(name="write", reason="answers, notes, files, who has a ticket and how it stands"),
)

ZENDESK = ChannelKind(
    kind="zendesk",
    label="Zendesk",
    settings=(
        SettingSpec(name="subdomain", help="of example.zendesk.com it is example"),
        SettingSpec(name="client_id", help="the OAuth client's identifier"),
        SettingSpec(name="client_secret", secret=True, help="the OAuth client's secret"),
        SettingSpec(name="email", help="only with an API token: the admin it belongs to"),
        SettingSpec(
            name="api_token", secret=True, help="until April 2027, in place of an OAuth client"
        ),
        SettingSpec(name="webhook_secret", secret=True, help="the webhook's signing secret"),
        SettingSpec(
            name="history_days", default="7", help="how far back a new connection looks, in days"
        ),
        SettingSpec(name="api_url", help="the account's address, where it is not zendesk.com"),
        SettingSpec(name="file_host", default=client.FILE_HOST, help="where attachments lie"),
    ),
    capabilities=frozenset(
        {
            Capability.REPLY,
            Capability.ATTACHMENTS,
            Capability.CLOSE,
            Capability.ASSIGN,
            Capability.NOTE,
            Capability.POLL,
        }
    ),
    realm=_realm,
    address=_address,
    verify=inbound.verify,
    dedupe_key=inbound.dedupe_key,
    parse=inbound.parse,
    complete=reading.complete,
    send=outbound.send,
    find_sent=outbound.find_sent,
    effect=effects.effect,
    lane=_lane,
    poll=history.backfill,
    importer=export.IMPORTER,
    can_poll=history.can_poll,
    check=connection.check,
    discover=connection.discover,
    manifest=connection.manifest,
    inspect=inspecting.inspect,
    scopes=SCOPES,
    fetch=client.fetch,
    validate=_validate,
    revoke=client.revoke,
    ends_alone=client.ends_alone,
    has_signed_webhook=_signed,
)
