"""`connect`: make or change a channel from the command line."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from inbox.channels import directory, registry
from inbox.channels.contract import Capability, ConfigError, SettingSpec
from inbox.channels.models import Channel
from inbox.mirrors import services as mirrors
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.sla.models import Policy

COMMUNITY = "community"  # the policy of channels that are connected later: 24 business hours
CHAT = "live-chat"  # and of those where somebody waits in front of a screen: minutes


def connect(kind_name: str, key: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Create or change a channel and say what a live check found.

    What is not named is kept; an empty value removes a setting. Raises `ConfigError`.
    """
    try:
        kind = registry.get(kind_name)
    except registry.UnknownKind as error:
        raise ConfigError(str(error)) from error
    known = {spec.name: spec for spec in kind.settings}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigError(f"{kind_name} has no setting “{unknown[0]}”; it has {', '.join(known)}")
    with transaction.atomic():
        channel = _changed(kind_name, key, given, known)
        missing = [n for n, s in known.items() if s.required and not channel.config.get(n)]
        if missing:
            raise ConfigError(f"{missing[0]} is needed")
        kind.validate(channel.config)
        channel.save()
    _learn(channel)
    mirrors.sync(channel)
    found = kind.check(channel.config)
    if found.startswith("ok"):
        _mended(channel)
    directory.forget()
    return {
        "kind": kind_name,
        "key": key,
        "webhook_url": channel.config.webhook_url,
        "check": found,
    }


def _mended(channel: Channel) -> None:
    """What was paused by trouble works again; what waited for it leaves now."""
    if channel.health in mirrors.TROUBLE:
        channel.active, channel.health, channel.health_text = True, "ok", ""
        channel.save(update_fields=["active", "health", "health_text"])
        waiting = Outgoing.objects.filter(channel=channel, state=OutgoingState.QUEUED)
        waiting.exclude(error="").update(not_before=timezone.now())


def _learn(channel: Channel) -> None:
    """Keep what the vendor says about the connection, outside the transaction."""
    learned = dict(channel.type.discover(channel.config))
    if learned:
        channel.settings = {**channel.settings, **learned}
        channel.save(update_fields=["settings"])


def _fresh(kind: str, key: str) -> Channel:
    """A new channel; a live chat goes to who is on duty until the handbook names somebody (S16)."""
    live = Capability.LIVE in registry.get(kind).capabilities
    policies = {row.key: row for row in Policy.objects.filter(key__in=(COMMUNITY, CHAT))}
    policy = (policies.get(CHAT) if live else None) or policies.get(COMMUNITY)
    return Channel(kind=kind, key=key, label=key.capitalize(), policy=policy, owner_on_duty=live)


def _changed(
    kind: str, key: str, given: Mapping[str, str], known: Mapping[str, SettingSpec]
) -> Channel:
    channel = Channel.objects.filter(kind=kind, key=key).first() or _fresh(kind, key)
    settings, secrets = dict(channel.settings), channel.secrets
    stored = {**settings, **secrets}
    said = {name: value for name, value in given.items() if value != stored.get(name, "")}
    for name, value in {**_previous(secrets, said, known), **said}.items():
        place = secrets if known[name].secret else settings
        if value:
            place[name] = value
        else:
            place.pop(name, None)
    channel.settings, channel.secrets_text = settings, json.dumps(secrets)
    return channel


def _previous(
    secrets: Mapping[str, str], given: Mapping[str, str], known: Mapping[str, SettingSpec]
) -> dict[str, str]:
    """A secret that another one replaces counts on for some days; one that is taken away does not.

    What the admin says of the secret before it, in the same breath, wins.
    """
    found: dict[str, str] = {}
    for name, value in given.items():
        old, kept = secrets.get(name, ""), known[name].previous
        if kept is None or old in ("", value):
            continue
        last_day = (timezone.now() + timedelta(days=kept.days)).date().isoformat()
        found[kept.name] = old if value else ""
        found[kept.until] = last_day if value else ""
    return found
