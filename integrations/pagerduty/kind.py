"""PagerDuty's entry in the registry: a roster, no conversations."""

from inbox.channels.contract import ChannelConfig, ChannelKind, SettingSpec
from integrations.pagerduty import client, inbound


def _realm(config: ChannelConfig) -> str:
    return f"pagerduty:{config.key}"


def _address(config: ChannelConfig) -> str:
    return config.get("schedule") or "PagerDuty"


def _has_secret(config: ChannelConfig) -> bool:
    return bool(config.get("webhook_secret"))


PAGERDUTY = ChannelKind(
    kind="pagerduty",
    label="PagerDuty",
    settings=(
        SettingSpec(name="token", secret=True, help="an API key that may read on-calls and users"),
        SettingSpec(name="schedule", help="schedule ids, with commas; none means all of them"),
        SettingSpec(name="webhook_secret", secret=True, help="checks the webhooks, if any come"),
        SettingSpec(name="api_url", default=client.API_URL, help="the API; EU accounts differ"),
    ),
    capabilities=frozenset(),
    realm=_realm,
    address=_address,
    verify=inbound.verify,
    dedupe_key=inbound.dedupe_key,
    parse=inbound.parse,
    check=client.check,
    roster=client.roster,
    has_signed_webhook=_has_secret,
)
