"""Live chat's entry in the registry."""

import re
from datetime import date

from inbox.channels.contract import (
    IDENTITY_BEFORE,
    Capability,
    ChannelConfig,
    ChannelKind,
    ConfigError,
    SettingSpec,
)
from integrations.livechat import inbound, outbound

ORIGIN = re.compile(r"^https?://[a-z0-9.\-]+(:[0-9]{1,5})?$")
PURPOSES = ("support", "leads")
ASKED = ("off", "optional", "required")
PROOF = ("off", "auto", "always")
CHOICES = {
    "purpose": PURPOSES,
    "ask_name": ASKED,
    "ask_email": ASKED,
    "ask_topic": ASKED,
    "proof": PROOF,
    "without_origin": ("no", "yes"),
}
MOST_TOPIC = 80


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
    for name in ("identity_secret", "identity_secret_previous"):
        if config.get(name) and len(config.get(name)) < 16:
            raise ConfigError(f"{name}: at least 16 characters")
    for name, choices in CHOICES.items():
        if config.get(name, choices[0]) not in choices:
            raise ConfigError(f"{name} is one of: {', '.join(choices)}")
    _validate_topics(config)
    _validate_day(config)
    if config.get("invite_url") and not config.get("invite_url").startswith("https://"):
        raise ConfigError("invite_url is an address like https://…")


def _validate_topics(config: ChannelConfig) -> None:
    topics = [part.strip() for part in config.get("topics").split(",") if part.strip()]
    if any(len(topic) > MOST_TOPIC for topic in topics):
        raise ConfigError(f"topics: at most {MOST_TOPIC} characters each")
    if config.get("ask_topic", "off") != "off" and not topics:
        raise ConfigError("ask_topic needs topics to choose from")


def _validate_day(config: ChannelConfig) -> None:
    day = config.get("identity_previous_until")
    try:
        if day and date.fromisoformat(day).isoformat() != day:
            raise ValueError(day)
    except ValueError as error:
        raise ConfigError("identity_previous_until is a day like 2026-12-31") from error


def _check(config: ChannelConfig) -> str:
    allowed = _origins(config)
    if not allowed:
        return "no site may show the widget yet: set origins"
    return f"ok: shown on {', '.join(allowed)}"


def _has_secret(config: ChannelConfig) -> bool:
    return bool(config.get("identity_secret"))


ASKING = "off, optional or required"
LIVECHAT = ChannelKind(
    kind="livechat",
    label="Live chat",
    settings=(
        SettingSpec(name="site_name", help="what visitors see, and where a chat comes from"),
        SettingSpec(
            name="origins", help="sites that may show it, like https://example.com, with commas"
        ),
        SettingSpec(
            name="identity_secret",
            secret=True,
            help="with it your server proves who is signed in",
            previous=IDENTITY_BEFORE,
        ),
        SettingSpec(
            name="identity_secret_previous",
            secret=True,
            help="the secret before it; kept when you change it, so that both count for a while",
        ),
        SettingSpec(
            name="identity_previous_until",
            help="the last day on which the previous secret counts; empty it to end that now",
        ),
        SettingSpec(name="ask_name", default="off", help="before the first line: " + ASKING),
        SettingSpec(name="ask_email", default="optional", help="before the first line: " + ASKING),
        SettingSpec(name="ask_topic", default="off", help="before the first line: " + ASKING),
        SettingSpec(name="topics", help="what visitors choose from, with commas"),
        SettingSpec(
            name="proof",
            default="auto",
            help="whether a stranger's browser works before it may write: off, auto (under attack)"
            " or always",
        ),
        SettingSpec(
            name="without_origin",
            default="no",
            help="yes: apps that are no browser and send no Origin may ask, too",
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
