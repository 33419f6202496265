"""Intercom's entry in the registry."""

from inbox.channels.contract import (
    Capability,
    ChannelConfig,
    ChannelKind,
    ConfigError,
    SettingSpec,
)
from integrations.intercom import (
    client,
    connection,
    effects,
    history,
    inbound,
    inspecting,
    outbound,
)

BODY_LIMIT_BYTES = 5_000_000
CHOICES = {"purpose": ("support", "leads"), "speak_as": ("desk", "people")}
ADDRESSES = ("api_url", "app_url", "invite_url")


def _realm(config: ChannelConfig) -> str:
    # by the connection, not the workspace: that one is known only after the first answer
    return f"intercom:{config.key}"


def _address(config: ChannelConfig) -> str:
    return config.get("app_name") or "Intercom"


def _validate(config: ChannelConfig) -> None:
    for name, choices in CHOICES.items():
        if config.get(name, choices[0]) not in choices:
            raise ConfigError(f"{name} is one of: {', '.join(choices)}")
    for name in ADDRESSES:
        if config.get(name) and not config.get(name).startswith(("https://", "http://")):
            raise ConfigError(f"{name} is an address like https://…")
    if not config.get("history_days", "0").isdigit():
        raise ConfigError("history_days is a number of days, like 7")
    if config.get("admin_id") and not config.get("admin_id").isdigit():
        raise ConfigError("admin_id is a number, as in the teammate's address at Intercom")


def _signed(config: ChannelConfig) -> bool:
    return bool(config.get("client_secret"))


INTERCOM = ChannelKind(
    kind="intercom",
    label="Intercom",
    settings=(
        SettingSpec(name="client_id", help="Developer Hub → Basic information; for “Connect”"),
        SettingSpec(
            name="client_secret", secret=True, help="beside it; it also checks the webhook"
        ),
        SettingSpec(
            name="access_token",
            secret=True,
            help="Developer Hub → Authentication; “Connect” fills it in",
        ),
        SettingSpec(
            name="admin_id",
            help="the teammate who speaks for the desk, best one of its own; none: the token's",
        ),
        SettingSpec(
            name="speak_as",
            default="desk",
            help="desk, or people: who is known at Intercom answers under their own name there",
        ),
        SettingSpec(
            name="purpose",
            default="support",
            help="support, or leads: what rules and reports make of new conversations",
        ),
        SettingSpec(
            name="invite_url", help="how people join the community's Slack, for saved answers"
        ),
        SettingSpec(
            name="history_days",
            default="0",
            help="how far back a new connection looks, in days; 0: from now on",
        ),
        SettingSpec(
            name="api_url",
            default=client.API_URL,
            help="by region: https://api.eu.intercom.io, https://api.au.intercom.io",
        ),
        SettingSpec(name="app_url", help="Intercom's own pages, where they differ from the region"),
        SettingSpec(
            name="file_hosts", help="more hosts from which files may be fetched, with commas"
        ),
    ),
    capabilities=frozenset(
        {
            Capability.REPLY,
            Capability.ATTACHMENTS,
            Capability.DELETE,
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
    complete=inbound.complete,
    parse=inbound.parse,
    send=outbound.send,
    find_sent=outbound.find_sent,
    effect=effects.effect,
    fetch=client.fetch,
    poll=history.backfill,
    can_poll=history.has_work,
    oauth=connection.OAUTH,
    scopes=connection.SCOPES,
    revoke=connection.revoke,
    ends_alone=connection.ends_alone,
    discover=connection.discover,
    check=connection.check,
    validate=_validate,
    inspect=inspecting.inspect,
    body_limit_bytes=BODY_LIMIT_BYTES,
    has_signed_webhook=_signed,
)
