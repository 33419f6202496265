"""Toybox's entry in the registry."""

from inbox.channels.contract import Capability, ChannelConfig, ChannelKind, SettingSpec
from inbox.channels.ports import OAuth, Scope
from rig.toy import client, connection, inbound, outbound


def _realm(config: ChannelConfig) -> str:
    return f"toy:{config.get('team') or config.key}"


def _address(config: ChannelConfig) -> str:
    return config.get("team") or "Toybox"


TOY = ChannelKind(
    kind="toy",
    label="Toybox",
    settings=(
        SettingSpec(name="client_id", required=True, help="of the app that you made at Toybox"),
        SettingSpec(name="client_secret", required=True, secret=True, help="of the same app"),
        SettingSpec(name="access_token", secret=True, help="given by Toybox when you agree"),
        SettingSpec(name="signing_secret", secret=True, help="proves webhooks; comes with it"),
        SettingSpec(name="team", help="the team; comes with it"),
        SettingSpec(name="api_url", default=client.API_URL, help="the API"),
    ),
    capabilities=frozenset({Capability.REPLY, Capability.CLOSE}),
    realm=_realm,
    address=_address,
    verify=inbound.verify,
    dedupe_key=inbound.dedupe_key,
    parse=inbound.parse,
    complete=client.complete,
    send=outbound.send,
    find_sent=outbound.find_sent,
    effect=outbound.effect,
    check=connection.check,
    oauth=OAuth(authorize=connection.authorize, exchange=connection.exchange),
    scopes=(Scope(name="talks", reason="to read questions and to answer in their talks"),),
    revoke=connection.revoke,
    ends_alone=connection.ends_alone,
)
