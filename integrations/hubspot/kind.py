"""HubSpot's entry in the registry."""

from inbox.channels.contract import Capability, ChannelConfig, ChannelKind, SettingSpec
from integrations.hubspot import (
    asking,
    client,
    connection,
    directory,
    effects,
    events,
    files,
    history,
    inbound,
    inspecting,
    outbound,
    signing,
    tokens,
    wire,
)


def _realm(config: ChannelConfig) -> str:
    return f"hubspot:{config.key}"


def _address(config: ChannelConfig) -> str:
    portal = config.get("portal_id")
    return f"HubSpot {portal}" if portal else "HubSpot"


def _signed(config: ChannelConfig) -> bool:
    return bool(config.get("client_secret"))


HUBSPOT = ChannelKind(
    kind="hubspot",
    label="HubSpot",
    settings=(
        SettingSpec(name="client_id", help="of the app, for connecting by consent"),
        SettingSpec(
            name="client_secret", secret=True, help="of the app; it also checks the webhooks"
        ),
        SettingSpec(name="token", secret=True, help="a private app's access token, instead"),
        SettingSpec(name="refresh_token", secret=True, help="comes by connecting with consent"),
        SettingSpec(
            name="sender_actor",
            help="the HubSpot user who answers where the writer has none there, like A-123",
        ),
        SettingSpec(name="inboxes", help="ids of inboxes, with commas; none means all of them"),
        SettingSpec(
            name="history_days", default="7", help="how far back a new connection looks, in days"
        ),
        SettingSpec(
            name="file_access",
            default="PRIVATE",
            help="who may open files that we send, in HubSpot's words; PUBLIC_NOT_INDEXABLE is by "
            "whoever has the address",
        ),
        SettingSpec(
            name="legacy_signatures",
            default="no",
            help="yes also takes webhooks signed by version 1 or 2, which never grow old",
        ),
        SettingSpec(name="api_url", default=wire.API_URL, help="the API"),
        SettingSpec(name="app_url", default=connection.APP_URL, help="where people sign in"),
        SettingSpec(
            name="conversations_path",
            default=client.PREFIX,
            help="where the conversations API begins; dated versions stand elsewhere",
        ),
        SettingSpec(
            name="assignee_path",
            default=effects.ASSIGNEE_PREFIX,
            help="where assigning begins, which HubSpot keeps elsewhere",
        ),
        SettingSpec(
            name="file_hosts", default=files.HOSTS, help="hosts that files may be fetched from"
        ),
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
    verify=signing.verify,
    dedupe_key=events.dedupe_key,
    complete=asking.complete,
    parse=inbound.parse,
    send=outbound.send,
    find_sent=outbound.find_sent,
    effect=effects.effect,
    fetch=files.fetch,
    poll=history.backfill,
    can_poll=history.has_work,
    check=connection.check,
    validate=connection.validate,
    discover=connection.discover,
    places_setting="inboxes",
    list_places=connection.inboxes,
    inspect=inspecting.inspect,
    directory=directory.DIRECTORY,
    oauth=connection.OAUTH,
    scopes=connection.SCOPES,
    revoke=tokens.revoke,
    ends_alone=tokens.ends_alone,
    has_signed_webhook=_signed,
)
