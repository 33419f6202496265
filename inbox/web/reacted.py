"""Reactions under messages, as they came from a forum: the sign, and who or how many."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from inbox.channels.contract import Capability
from inbox.tickets.messages import Reaction
from inbox.tickets.models import Message

NAMED = 1  # so many are named, more are counted


@dataclass(frozen=True, kw_only=True)
class Reacted:
    """One sign on one message."""

    sign: str
    names: tuple[str, ...]

    @property
    def said(self) -> str:
        """Who, or how many."""
        return self.names[0].split()[0] if len(self.names) <= NAMED else str(len(self.names))


def reactions(messages: Sequence[Message]) -> dict[int, list[Reacted]]:
    """What stands under each of these messages; nothing is asked where nobody can react."""
    can = [m for m in messages if Capability.REACT in m.thread.channel.type.capabilities]
    if not can:
        return {}
    keys = {(m.realm, m.external_id[:250]): m.pk for m in can}
    rows = Reaction.objects.filter(
        realm__in={realm for realm, _ in keys},
        message_key__in={key for _, key in keys},
        active=True,
    )
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows.select_related("author").order_by("at", "pk"):
        if (row.realm, row.message_key) in keys:
            found[keys[row.realm, row.message_key]][sign(row.emoji)].append(row.author.label)
    return {
        pk: [Reacted(sign=shown, names=tuple(names)) for shown, names in on.items()]
        for pk, on in found.items()
    }


def sign(name: str) -> str:
    """The character of a short name, whatever the tone of its skin; else the name itself."""
    short = name.partition("::")[0]
    return _signs().get(short, f":{short}:")


@cache
def _signs() -> dict[str, str]:
    """The table that the composer completes from: written once, in its script."""
    words = (Path(settings.ROOT) / "static" / "js" / "emoji.js").read_text().split("`")[1].split()
    return dict(zip(words[::2], words[1::2], strict=True))
