"""Places inside a connection (a Slack channel, a repository), met when something comes from there.

A place that the handbook names by a pattern (`example/tap-*`) takes that pattern's group.
"""

from fnmatch import fnmatchcase

from inbox.channels.models import Channel, Source, SourceGroup
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
    source, made = Source.objects.select_related("group").get_or_create(
        channel=channel,
        external_key=key[:200],
        defaults={"label": label[:200], "group": _group_of(channel, key, label, known)},
    )
    if made:
        bump("sources")
    return source


def of(channel: Channel, key: str) -> Source | None:
    """A place that is known already."""
    return kept("sources", _load).get((channel.pk, key))


def _load() -> dict[Key, Source]:
    rows = Source.objects.select_related("group")
    return {(row.channel_id, row.external_key): row for row in rows}


def _group_of(
    channel: Channel, key: str, label: str, known: dict[Key, Source]
) -> SourceGroup | None:
    for (channel_id, pattern), source in known.items():
        if channel_id == channel.pk and source.group_id:
            names = (key, label, f"#{label}")
            if any(fnmatchcase(name.lower(), pattern.lower()) for name in names if name):
                return source.group
    return None
