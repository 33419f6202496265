"""Live chat's entry in the registry."""

import re

from inbox.channels.contract import (
    Capability,
    ChannelConfig,
    ChannelKind,
    ConfigError,
    SettingSpec,
)
from integrations.livechat import inbound, outbound

ORIGIN = re.compile(r"^https?://[a-z0-9.\-]+(:[0-9]{1,5})?$")
PURPOSES = ("support", "leads")


def _origins(config: ChannelConfig) -> list[str]:
    return [part.strip() for part in config.get("origins").split(",") if part.strip()]


def _realm(config: ChannelConfig) -> str:
    # with the kind before it: a channel may be called like another realm
    return f"livechat:{config.key}"


def _address(config: ChannelConfig) -> str:
    return config.get("site_name") or config.key


def _validate(config: ChannelConfig) -> None:
    for origin in _origins(config):
        if not ORIGIN.match(origin):
            raise ConfigError(f"“{origin}” is no origin; it looks like https://example.com")
    secret = config.get("identity_secret")
    if secret and len(secret) < 16:
        raise ConfigError("identity_secret: at least 16 characters")
    if config.get("purpose", "support") not in PURPOSES:
        raise ConfigError("purpose is support or leads")
    if config.get("invite_url") and not config.get("invite_url").startswith("https://"):
        raise ConfigError("invite_url is an address like https://…")


def _check(config: ChannelConfig) -> str:
    allowed = _origins(config)
    if not allowed:
        return "no site may show the widget yet: set origins"
    return f"ok: shown on {', '.join(allowed)}"


def _has_secret(config: ChannelConfig) -> bool:
    return bool(config.get("identity_secret"))


LIVECHAT = ChannelKind(
    kind="livechat",
    label="Live chat",
    settings=(
        SettingSpec(name="site_name", help="what visitors see, and where a chat comes from"),
        SettingSpec(
            name="origins", help="sites that may show it, like https://example.com, with commas"
        ),
        SettingSpec(
            name="identity_secret", secret=True, help="with it your server proves who is signed in"
        ),
        SettingSpec(name="greeting", help="the first line in an empty chat"),
        SettingSpec(
            name="invite_url",
            help="how people join the community's Slack, shown below the greeting",
        ),
        SettingSpec(
            name="purpose", default="support", help="support, or leads: chats become leads"
        ),
        SettingSpec(
            name="mail_channel",
            help="the mailbox that answers who has left, like email/support; else SYSTEM_CHANNEL",
        ),
    ),
    capabilities=frozenset(
        {
            Capability.REPLY,
            Capability.LIVE,
            Capability.EDIT,
            Capability.DELETE,
            Capability.ATTACHMENTS,
        }
    ),
    realm=_realm,
    address=_address,
    verify=inbound.verify,
    dedupe_key=inbound.dedupe_key,
    parse=inbound.parse,
    send=outbound.send,
    find_sent=outbound.send,
    effect=outbound.effect,
    check=_check,
    validate=_validate,
    body_limit_bytes=15_000_000,
    has_signed_webhook=_has_secret,
)
