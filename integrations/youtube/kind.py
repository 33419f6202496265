"""YouTube's entry in the registry: streams, no conversations."""

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
from integrations.youtube import access, streams


def _realm(config: ChannelConfig) -> str:
    return f"youtube:{config.key}"


def _address(config: ChannelConfig) -> str:
    return "YouTube"


def _verify(raw: RawRequest, config: ChannelConfig) -> None:
    """YouTube tells us nothing by itself, so nothing that comes is from there."""
    raise BadSignature("YouTube posts nothing here")


def _dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    return "sha256:" + sha256(raw.body).hexdigest()


def _parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    raise MalformedBody("YouTube posts nothing here")


def _no_webhook(config: ChannelConfig) -> bool:
    return False


YOUTUBE = ChannelKind(
    kind="youtube",
    label="YouTube",
    settings=(
        SettingSpec(name="client_id", required=True, help="of an OAuth client in Google Cloud"),
        SettingSpec(
            name="client_secret", secret=True, required=True, help="of the same OAuth client"
        ),
        SettingSpec(
            name="refresh_token",
            secret=True,
            help="the consent of the channel's owner, for the scope youtube.force-ssl",
        ),
        SettingSpec(name="api_url", default=streams.API_URL, help="the YouTube Data API"),
        SettingSpec(name="auth_url", default=access.AUTH_URL, help="where the owner consents"),
        SettingSpec(name="token_url", default=access.TOKEN_URL, help="where tokens are given"),
        SettingSpec(name="revoke_url", default=access.REVOKE_URL, help="where consent is ended"),
    ),
    capabilities=frozenset(),
    realm=_realm,
    address=_address,
    verify=_verify,
    dedupe_key=_dedupe_key,
    parse=_parse,
    check=streams.check,
    broadcast=streams.BROADCAST,
    oauth=access.OAUTH,
    scopes=access.SCOPES,
    # no `ends_alone`: with one token Google ends all that its owner has consented to
    revoke=access.revoke,
    has_signed_webhook=_no_webhook,
)
