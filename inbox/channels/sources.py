"""Places inside a connection (a Slack channel, a repository), met when something comes from there.

A place that the handbook names by a pattern (`example/tap-*`) takes that pattern's group.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from inbox.channels.models import Channel, Source
from inbox.common.versions import bump, kept

Key = tuple[int, str]


def resolve(channel: Channel, key: str, label: str) -> Source | None:
    """The place of this key, made on first sight; None for channels without places."""
    if not key:
        return None
    known = kept("sources", _load)
    found = known.get((channel.pk, key))
    if found is not None:
        if label and found.label != label:
            Source.objects.filter(pk=found.pk).update(label=label[:200])
            bump("sources")
        return found
    pattern = _pattern_of(channel, key, label, known)
    source, made = Source.objects.select_related("group").get_or_create(
        channel=channel,
        external_key=key[:200],
        defaults={"label": label[:200], "group": pattern.group if pattern else None},
    )
    if made:
        bump("sources")
    return source


def of(channel: Channel, key: str) -> Source | None:
    """A place that is known already."""
    return kept("sources", _load).get((channel.pk, key))


def settings_of(channel: Channel, key: str) -> dict[str, Any]:
    """What is set for a place: its own settings, over those of the pattern that takes it."""
    known = kept("sources", _load)
    own = known.get((channel.pk, key))
    pattern = _pattern_of(channel, key, own.label if own else "", known)
    return {**(pattern.settings if pattern else {}), **(own.settings if own else {})}


def check_settings(settings: Mapping[str, Any]) -> None:
    """What a place may set: `tags` of a monorepo, its `upgrade` line. Raises `ValueError`."""
    unknown = sorted(set(settings) - {"tags", "upgrade"})
    if unknown:
        raise ValueError(f"unknown setting “{unknown[0]}”; a place has tags and upgrade")
    if not isinstance(settings.get("upgrade", ""), str):
        raise ValueError("upgrade is a line of text")
    tags = settings.get("tags", {})
    if not isinstance(tags, Mapping):
        raise ValueError('tags are pairs of a tag and a folder, such as {"v*": "packages/core"}')
    for pattern, path in tags.items():
        if not isinstance(pattern, str) or not pattern.strip() or not isinstance(path, str):
            raise ValueError(f"tags: “{pattern}” needs a folder; an empty one is everything")


def _load() -> dict[Key, Source]:
    rows = Source.objects.select_related("group")
    return {(row.channel_id, row.external_key): row for row in rows}


def _pattern_of(channel: Channel, key: str, label: str, known: dict[Key, Source]) -> Source | None:
    for (channel_id, pattern), source in known.items():
        if channel_id == channel.pk and pattern != key and source.group_id:
            names = (key, label, f"#{label}")
            if any(fnmatchcase(name.lower(), pattern.lower()) for name in names if name):
                return source
    return None
