"""Common Room's entry in the registry: a source of people, no conversations."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    ChannelKind,
    InboundBatch,
    MalformedBody,
    RawRequest,
    SettingSpec,
)
from inbox.channels.ports import PeoplePages
from integrations.commonroom import client, people


def _realm(config: ChannelConfig) -> str:
    return f"commonroom:{config.key}"


def _address(config: ChannelConfig) -> str:
    return config.get("community") or "Common Room"


def _verify(raw: RawRequest, config: ChannelConfig) -> None:
    """Common Room is asked and tells nothing by itself, so nothing that comes is from there."""
    raise BadSignature("Common Room posts nothing here")


def _dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    return "sha256:" + sha256(raw.body).hexdigest()


def _parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    raise MalformedBody("Common Room posts nothing here")


def _no_webhook(config: ChannelConfig) -> bool:
    return False


COMMONROOM = ChannelKind(
    kind=people.KEY,
    label="Common Room",
    settings=(
        SettingSpec(
            name="token",
            required=True,
            secret=True,
            help="an API token; admins of the room make one under Settings, API tokens",
        ),
        SettingSpec(name="community", help="the community's name; comes with the token"),
        SettingSpec(name="api_url", default=client.API_URL, help="the API, without its version"),
    ),
    capabilities=frozenset(),
    realm=_realm,
    address=_address,
    verify=_verify,
    dedupe_key=_dedupe_key,
    parse=_parse,
    check=client.check,
    discover=client.discover,
    people=PeoplePages(page=people.page),
    has_signed_webhook=_no_webhook,
)
