"""Slack's entry in the registry."""

import re
from collections.abc import Mapping

from inbox.channels.contract import (
    Capability,
    ChannelConfig,
    ChannelKind,
    ConfigError,
    SettingSpec,
)
from integrations.slack import (
    asking,
    client,
    effects,
    history,
    inbound,
    manifest,
    outbound,
    socket,
    upkeep,
)
from integrations.slack.client import SlackError

TEAM = re.compile(r"^[TE][A-Z0-9]{1,20}$")
BODY_LIMIT_BYTES = 1_000_000


def _realm(config: ChannelConfig) -> str:
    return config.get("team_id") or f"slack:{config.key}"


def _address(config: ChannelConfig) -> str:
    return config.get("team_name") or config.get("team_id") or "Slack"


def _validate(config: ChannelConfig) -> None:
    team = config.get("team_id")
    if team and not TEAM.match(team):
        raise ConfigError(f"“{team}” is no workspace id; it looks like T024BE7LD")
    if config.get("triage", "every") not in ("every", "request"):
        raise ConfigError("triage is every or request")
    url = config.get("api_url", client.API_URL)
    if not url.startswith(("https://", "http://")):
        raise ConfigError("api_url is an address like https://slack.com/api/")


def _discover(config: ChannelConfig) -> Mapping[str, str]:
    """Who we are in the workspace, so that our own messages are known; {} when nobody says."""
    if not config.get("bot_token"):
        return {}
    try:
        found = client.call(config, "auth.test")
    except SlackError:
        return {}
    wanted = {"bot_user_id": "user_id", "bot_id": "bot_id", "team_name": "team", "app_id": "app_id"}
    return {name: str(found[word]) for name, word in wanted.items() if found.get(word)}


def _check(config: ChannelConfig) -> str:
    try:
        found = client.call(config, "auth.test")
    except SlackError as error:
        return error.text
    if config.get("team_id") not in ("", found.get("team_id")):
        return f"the token belongs to {found.get('team_id')}, not to {config.get('team_id')}"
    return f"ok: {found.get('user')} in {found.get('team')}"


def _lane(thread_key: str) -> str:
    """One post a second and channel."""
    return thread_key.partition("/")[0]


def _places(config: ChannelConfig) -> Mapping[str, str]:
    """The team's own channels."""
    named = {
        purpose: config.get(f"{purpose}_channel") for purpose in ("support", "triage", "bridge")
    }
    return {purpose: place for purpose, place in named.items() if place}


def _mention(external_id: str, name: str, handle: str) -> str:
    return f"[@{name or handle or external_id}](mention:{external_id})"


def _can_listen(config: ChannelConfig) -> bool:
    return bool(config.get("app_token"))


def _signed(config: ChannelConfig) -> bool:
    return bool(config.get("signing_secret"))


SLACK = ChannelKind(
    kind="slack",
    label="Slack",
    settings=(
        SettingSpec(name="signing_secret", secret=True, help="Basic Information → Signing Secret"),
        SettingSpec(name="bot_token", secret=True, help="OAuth & Permissions, begins with xoxb-"),
        SettingSpec(
            name="user_token", secret=True, help="begins with xoxp-; an admin's, to delete secrets"
        ),
        SettingSpec(name="app_token", secret=True, help="begins with xapp-, for Socket Mode"),
        SettingSpec(name="team_id", required=True, help="the workspace, like T024BE7LD"),
        SettingSpec(name="api_url", default=client.API_URL, help="GovSlack differs"),
        SettingSpec(
            name="watch", help="channels, like #help,#contributing; none: wherever the bot is"
        ),
        SettingSpec(name="opt_in", help="channels where only an emoji makes a ticket"),
        SettingSpec(name="opt_in_emoji", default="ticket", help="which emoji does"),
        SettingSpec(name="support_channel", help="where the wider team is asked"),
        SettingSpec(name="triage_channel", help="where a card per ticket is posted"),
        SettingSpec(name="triage", default="every", help="every ticket gets a card, or on request"),
        SettingSpec(name="bridge_channel", help="where live chats are bridged to"),
        SettingSpec(name="invite_url", help="how people join the workspace"),
        SettingSpec(
            name="group_seconds",
            default="120",
            help="first messages of one person this close are one ticket",
        ),
        SettingSpec(name="command", default="desk", help="the slash command's name"),
    ),
    capabilities=frozenset(
        {
            Capability.REPLY,
            Capability.FORUM,
            Capability.EDIT,
            Capability.DELETE,
            Capability.REACT,
            Capability.CARD,
            Capability.ATTACHMENTS,
            Capability.POLL,
            Capability.WHISPER,
        }
    ),
    realm=_realm,
    address=_address,
    verify=inbound.verify,
    handshake=inbound.handshake,
    dedupe_key=inbound.dedupe_key,
    complete=inbound.complete,
    parse=inbound.parse,
    parent=history.parent,
    send=outbound.send,
    find_sent=outbound.find_sent,
    effect=effects.effect,
    fetch=client.fetch,
    poll=history.backfill,
    can_poll=history.has_work,
    places=_places,
    manifest=manifest.manifest,
    places_setting="watch",
    list_places=history.places,
    listen=socket.listen,
    can_listen=_can_listen,
    lane=_lane,
    lane_seconds=1.0,
    mention=_mention,
    discover=_discover,
    check=_check,
    validate=_validate,
    action=asking.action,
    answer=asking.answer,
    open_form=asking.open_form,
    upkeep=upkeep.UPKEEP,
    body_limit_bytes=BODY_LIMIT_BYTES,
    has_signed_webhook=_signed,
)
