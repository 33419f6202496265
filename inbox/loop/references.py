"""Addresses in what people write: an issue named on a ticket, a ticket named in an issue (S61)."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from inbox.channels import directory, sources
from inbox.channels.models import Channel
from inbox.channels.tracker import ItemRef
from inbox.common import work
from inbox.loop.models import Item
from inbox.tickets.models import Message, Ticket

ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`]+")
MOST = 20


def addresses(text: str) -> list[str]:
    """Web addresses in a text, each once, without the full stop behind them."""
    found = (match.rstrip(".,;:!?*_") for match in ADDRESS.findall(text))
    return list(dict.fromkeys(found))[:MOST]


def located(url: str) -> tuple[Channel, ItemRef] | None:
    """The item that an address shows, and the channel that tracks it.

    A channel knows its places; of an address on its own host it also knows those not met so far.
    """
    host = urlsplit(url).hostname
    near: tuple[Channel, ItemRef] | None = None
    for channel in directory.active():
        tracker = channel.type.tracker
        ref = tracker.locate(url) if tracker else None
        if ref is None:
            continue
        if sources.of(channel, ref.place) is not None:
            return channel, ref
        near = near or ((channel, ref) if host == channel.realm else None)
    return near


def item_at(url: str) -> Item | None:
    """The item that an address shows, made on first sight; the tracker is asked about it later."""
    found = located(url)
    if found is None:
        return None
    channel, ref = found
    item, _ = Item.objects.get_or_create(
        channel=channel,
        place=ref.place,
        number=ref.number,
        defaults={
            "kind": ref.kind,
            "url": url.partition("#")[0].partition("?")[0][:500],
            "due_at": work.current().now,
        },
    )
    return item


def tickets_named(message: Message, *, by_team: bool) -> Iterator[Ticket]:
    """Tickets whose address a message has: their page on the desk, or where they began.

    The desk's pages are named by the team only: others could guess their numbers.
    """
    desk = re.compile(re.escape(settings.BASE_URL.rstrip("/")) + r"/tickets/(\d{1,18})")
    urls = addresses(message.new_text or message.body_text)
    numbers = [int(found[1]) for url in urls if by_team and (found := desk.match(url))]
    others = Ticket.objects.exclude(pk=message.ticket_id)
    yield from others.filter(pk__in=numbers)
    yield from others.filter(permalink__in=urls).exclude(pk__in=numbers)
