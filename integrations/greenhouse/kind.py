"""Greenhouse's entry in the registry: a job board, no conversations."""

import re

from inbox.channels.contract import ChannelConfig, ChannelKind, ConfigError, SettingSpec
from inbox.channels.ports import JobBoard
from integrations.greenhouse import board, inbound

TOKEN = re.compile(r"[A-Za-z0-9_-]{1,100}")


def _realm(config: ChannelConfig) -> str:
    return f"greenhouse:{config.get('board') or config.key}"


def _address(config: ChannelConfig) -> str:
    return config.get("board") or "Greenhouse"


def _has_secret(config: ChannelConfig) -> bool:
    return bool(config.get("webhook_secret"))


def _validate(config: ChannelConfig) -> None:
    if not TOKEN.fullmatch(config.get("board")):
        raise ConfigError("board is the last part of boards.greenhouse.io/…, like “example”")


GREENHOUSE = ChannelKind(
    kind="greenhouse",
    label="Greenhouse",
    settings=(
        SettingSpec(
            name="board",
            required=True,
            help="the job board's name, the last part of its address boards.greenhouse.io/…",
        ),
        SettingSpec(
            name="generic_role",
            help="number or title of the role that takes everybody; posts for prospects are found",
        ),
        SettingSpec(
            name="webhook_secret",
            secret=True,
            help="of a webhook on jobs and job posts; without one the board is read half-hourly",
        ),
        SettingSpec(name="api_url", default=board.API_URL, help="the Job Board API"),
    ),
    capabilities=frozenset(),
    realm=_realm,
    address=_address,
    verify=inbound.verify,
    dedupe_key=inbound.dedupe_key,
    parse=inbound.parse,
    kept=inbound.kept,
    check=board.check,
    validate=_validate,
    job_board=JobBoard(roles=board.roles),
    has_signed_webhook=_has_secret,
)
