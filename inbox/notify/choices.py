"""What somebody is told of, and where: their choices over the shipped ones. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BROWSER, MAIL, CHAT = "browser", "mail", "chat"
MEDIA = {BROWSER: "On the desk", MAIL: "By mail", CHAT: "Direct message"}


@dataclass(frozen=True)
class Event:
    """Something that people choose about; `kinds` are the notices that it stands for."""

    key: str
    label: str
    kinds: tuple[str, ...]
    shipped: tuple[str, ...] = (BROWSER, CHAT)


EVENTS = (
    Event("assigned", "A ticket is given to me", ("assigned", "handover")),
    Event("mention", "Somebody names me in a note", ("mention",)),
    Event("reply", "There is an answer in a ticket of mine", ("reply",), ()),
    Event("warning", "An SLA of mine is due soon", ("due_warning",)),
    Event("breach", "An SLA is breached", ("breached", "missed", "escalated")),
    Event("secret", "Nobody has confirmed a secret that was sent to us", ("secret",)),
    Event("cover", "Cover or a swap is asked for", ("swap",)),
    Event("digest", "The sweep, in the morning and before I leave", ("digest",)),
    Event("playbook", "A step of a playbook is mine to do", ("playbook",)),
    Event("other", "Everything else: error spikes, releases", ()),
)
_OF_KIND = {kind: event for event in EVENTS for kind in event.kinds}


def event_of(kind: str) -> Event:
    """The event that a notice of this kind is told as."""
    return _OF_KIND.get(kind, EVENTS[-1])


def chosen(told: Mapping[str, Sequence[str]], event: Event) -> frozenset[str]:
    """Where somebody with these choices is told of an event; empty means not at all."""
    return frozenset(told.get(event.key, event.shipped))


def media(told: Mapping[str, Sequence[str]], kind: str) -> frozenset[str]:
    """The same for a notice of this kind."""
    return chosen(told, event_of(kind))
