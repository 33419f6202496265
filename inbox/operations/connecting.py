"""`connect`: make or change a connection, from the command line, a page or a consent."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from inbox.audit import services as audit
from inbox.channels import directory, registry
from inbox.channels.contract import Capability, ChannelKind, ConfigError, SettingSpec
from inbox.channels.health import WELL, ill
from inbox.channels.models import Channel
from inbox.mirrors import services as mirrors
from inbox.operations import disconnecting
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.sla.models import Policy

COMMUNITY = "community"  # the policy of channels that are connected later: 24 business hours
CHAT = "live-chat"  # and of those where somebody waits in front of a screen: minutes


def connect(
    kind_name: str,
    key: str,
    given: Mapping[str, str],
    *,
    by: audit.By = audit.COMMAND,
    request: HttpRequest | None = None,
) -> dict[str, Any]:
    """Create or change a channel and say what a live check found.

    What is not named is kept; an empty value removes a setting. Credentials that others replace
    end at the vendor's once those work. One that was disconnected is
    connected again, and its threads go on. Raises `ConfigError`.
    """
    kind, known = _specs(kind_name, given)
    with transaction.atomic():
        before = Channel.objects.filter(kind=kind_name, key=key).first()
        channel = _changed(kind_name, key, given, known)
        missing = [n for n, s in known.items() if s.required and not channel.config.get(n)]
        if missing:
            raise ConfigError(f"{missing[0]} is needed")
        kind.validate(channel.config)
        is_new = before is None or before.disconnected_at is not None
        if channel.disconnected_at is not None:
            channel.active, channel.disconnected_at = True, None
            channel.revoke_at, channel.revoke_attempts, channel.revoke_error = None, 0, ""
        channel.save()
        what = "channel.connected" if is_new else "channel.changed"
        old, new = _told(before, channel, known)
        if is_new or old or new:
            audit.record(by, what, str(channel), old=old, new=new, request=request)
    _learn(channel)
    mirrors.sync(channel)
    found = kind.check(channel.config)
    works = found.startswith("ok")
    if works:
        mended(channel)
    if before is not None:
        found += disconnecting.end_replaced(before, channel, works=works, by=by, request=request)
    directory.forget()
    return {
        "kind": kind_name,
        "key": key,
        "webhook_url": channel.config.webhook_url,
        "check": found,
    }


def _specs(kind_name: str, given: Mapping[str, str]) -> tuple[ChannelKind, dict[str, SettingSpec]]:
    """The kind and its settings by name. Raises `ConfigError` for a name that it has not."""
    try:
        kind = registry.get(kind_name)
    except registry.UnknownKind as error:
        raise ConfigError(str(error)) from error
    known = {spec.name: spec for spec in kind.all_settings}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigError(f"{kind_name} has no setting “{unknown[0]}”; it has {', '.join(known)}")
    return kind, known


def prepare(
    kind_name: str,
    key: str,
    given: Mapping[str, str],
    *,
    by: audit.By,
    request: HttpRequest | None = None,
) -> Channel:
    """Keep what a consent needs to be asked for; the connection itself waits for the consent.

    A connection that works goes on meanwhile. Raises `ConfigError`.
    """
    kind, known = _specs(kind_name, given)
    with transaction.atomic():
        before = Channel.objects.filter(kind=kind_name, key=key).first()
        channel = _changed(kind_name, key, given, known)
        missing = [n for n in (kind.oauth.needs if kind.oauth else ()) if not channel.config.get(n)]
        if missing:
            raise ConfigError(f"{missing[0]} is needed before {kind.label} can be asked")
        if before is None:
            channel.active, channel.disconnected_at = False, timezone.now()
        channel.save()
        old, new = _told(before, channel, known)
        if before is None or old or new:
            audit.record(by, "channel.prepared", str(channel), old=old, new=new, request=request)
    directory.forget()
    return channel


def look(channel: Channel) -> str:
    """Ask the vendor now whether the connection works; its health says what was found."""
    found = channel.type.check(channel.config)
    if found.startswith("ok"):
        mended(channel)
    elif not found.startswith("not checked"):
        Channel.objects.filter(pk=channel.pk).update(**ill(found))
    directory.forget()
    return found


def _told(
    before: Channel | None, after: Channel, known: Mapping[str, SettingSpec]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the audit log says: of a secret only that it is another one."""
    was = {**before.settings, **before.secrets} if before else {}
    differing = audit.differences(was, {**after.settings, **after.secrets})
    secret = {name for name, spec in known.items() if spec.secret}
    old, new = ({n: audit.HIDDEN if n in secret else v for n, v in d.items()} for d in differing)
    return old, new


def mended(channel: Channel) -> None:
    """What was paused by trouble works again; what waited for it leaves now."""
    if channel.health in mirrors.TROUBLE:
        channel.active = True
        for name, value in WELL.items():
            setattr(channel, name, value)
        channel.save(update_fields=["active", *WELL])
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
