"""What e-mail is to the hub: its settings, its capabilities, its functions."""

import re
from collections.abc import Mapping
from typing import Any

from inbox.channels.contract import Capability, ChannelConfig, ChannelKind, ConfigError, SettingSpec
from integrations.email import client, inbound, outbound, providers
from integrations.email.composing import ADDRESS
from integrations.email.reading.answer import answer

SETTINGS = (
    SettingSpec(name="address", required=True, help="the mailbox's own address"),
    SettingSpec(name="imap_url", secret=True, help="imaps://user:password@host:993/INBOX"),
    SettingSpec(name="smtp_url", secret=True, help="smtp+starttls://user:password@host:587"),
    SettingSpec(name="sent_folder", help="the IMAP folder that keeps what was sent"),
    SettingSpec(name="authserv_id", help="the server whose Authentication-Results count"),
    SettingSpec(name="provider", help="mailgun, postmark, sendgrid or ses"),
    SettingSpec(name="webhook_secret", secret=True, help="the provider's signing key or password"),
    SettingSpec(name="label", help="the name that customers see beside the agent's"),
)


def validate(config: ChannelConfig) -> None:
    """Refuse settings that cannot work. Raises `ConfigError`."""
    if not ADDRESS.match(config.get("address")):
        raise ConfigError("address: an e-mail address is needed")
    if config.get("imap_url"):
        client.place_of(config.get("imap_url"), client.IMAP_PORTS)
    if config.get("smtp_url"):
        client.place_of(config.get("smtp_url"), client.SMTP_PORTS)
    provider = config.get("provider")
    if provider and provider not in providers.VERIFY:
        raise ConfigError(f"provider: one of {', '.join(providers.VERIFY)}")
    if provider and not config.get("webhook_secret"):
        raise ConfigError("webhook_secret: needed with a provider")
    if re.search(r"[\r\n]", config.get("label")):
        raise ConfigError("label: one line")


def inspect(file: str, raw: bytes, headers: Mapping[str, str]) -> Mapping[str, Any]:
    """What the product reads in a mail."""
    return answer(inbound.reader().read(raw), file)


EMAIL = ChannelKind(
    kind="email",
    label="E-mail",
    settings=SETTINGS,
    capabilities=frozenset(
        {
            Capability.REPLY,
            Capability.RECIPIENTS,
            Capability.FORWARD,
            Capability.OPEN,
            Capability.ATTACHMENTS,
            Capability.POLL,
            Capability.REPLY_TOKEN,
        }
    ),
    realm=lambda config: "mail",
    address=lambda config: config.get("address"),
    verify=inbound.verify,
    dedupe_key=inbound.dedupe_key,
    parse=inbound.parse,
    send=outbound.send,
    find_sent=outbound.find_sent,
    handshake=inbound.handshake,
    poll=client.poll,
    can_poll=lambda config: bool(config.get("imap_url")),
    check=client.check,
    validate=validate,
    new_external_id=outbound.new_external_id,
    inspect=inspect,
    inspect_name="mail",
    body_limit_bytes=30 * 1024 * 1024,
)
