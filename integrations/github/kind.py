"""GitHub's entry in the registry."""

from urllib.parse import urlsplit

from inbox.channels.contract import (
    Capability,
    ChannelConfig,
    ChannelKind,
    ConfigError,
    SettingSpec,
)
from integrations.github import (
    client,
    connection,
    effects,
    history,
    inbound,
    inspecting,
    outbound,
    tracker,
    upkeep,
)

BODY_LIMIT_BYTES = 25_000_000


def _realm(config: ChannelConfig) -> str:
    """The host: github.com, or an Enterprise Server."""
    host = urlsplit(config.get("api_url", client.API_URL)).hostname or "github.com"
    return "github.com" if host == "api.github.com" else host


def _address(config: ChannelConfig) -> str:
    return config.get("repos") or "GitHub"


def _validate(config: ChannelConfig) -> None:
    if not config.get("api_url", client.API_URL).startswith(("https://", "http://")):
        raise ConfigError("api_url is an address like https://api.github.com")
    for name in config.get("repos").split(","):
        if name.strip() and name.strip().count("/") != 1:
            raise ConfigError(f"“{name.strip()}” is no repository; it looks like owner/name")
    if not config.get("history_days", "0").isdigit():
        raise ConfigError("history_days is a number of days, like 7")


def _lane(thread_key: str) -> str:
    """One write a second, all of them one after the other."""
    return "writes"


def _mention(external_id: str, name: str, handle: str) -> str:
    return f"@{handle or name}"


def _signed(config: ChannelConfig) -> bool:
    return bool(config.get("webhook_secret"))


GITHUB = ChannelKind(
    kind="github",
    label="GitHub",
    settings=(
        SettingSpec(
            name="webhook_secret", secret=True, help="of the App's or repository's webhook"
        ),
        SettingSpec(name="token", secret=True, help="a fine-grained token, or the three below"),
        SettingSpec(name="app_id", help="the App's id"),
        SettingSpec(name="private_key", secret=True, help="the App's private key (PEM)"),
        SettingSpec(name="installation_id", help="the App's installation"),
        SettingSpec(name="repos", help="owner/name, with commas; for looking up what was missed"),
        SettingSpec(
            name="history_days", default="7", help="how far back a new connection looks, in days"
        ),
        SettingSpec(name="api_url", default=client.API_URL, help="Enterprise Server differs"),
    ),
    capabilities=frozenset(
        {
            Capability.REPLY,
            Capability.OPEN,
            Capability.FORUM,
            Capability.EDIT,
            Capability.DELETE,
            Capability.LABEL,
            Capability.CLOSE,
            Capability.POLL,
        }
    ),
    realm=_realm,
    address=_address,
    verify=inbound.verify,
    dedupe_key=inbound.dedupe_key,
    parse=inbound.parse,
    send=outbound.send,
    find_sent=outbound.find_sent,
    effect=effects.effect,
    lane=_lane,
    lane_seconds=1.0,
    mention=_mention,
    poll=history.backfill,
    can_poll=history.has_work,
    check=connection.check,
    discover=connection.discover,
    inspect=inspecting.inspect,
    places_setting="repos",
    list_places=connection.places,
    validate=_validate,
    body_limit_bytes=BODY_LIMIT_BYTES,
    has_signed_webhook=_signed,
    tracker=tracker.TRACKER,
    upkeep=upkeep.UPKEEP,
)
