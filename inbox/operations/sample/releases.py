"""The demo community's releases: who waits to be told, who was told, and what is not out yet."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels.models import Channel
from inbox.channels.tracker import TrackedItem, TrackedRelease
from inbox.common.work import Actor
from inbox.loop import items, notices
from inbox.loop import services as loop
from inbox.loop.models import Item, Link, LoopNotice
from inbox.operations.sample.issues import HOST
from inbox.outbox import deciding
from inbox.tickets.models import Ticket

PLACE = "millrace/core"
# number, title, the release with its fix and its age in days
FIXED = (
    (371, "A job that was cancelled is shown as running", "v3.4.0", 12),
    (388, "The scheduler skips a run after a change of the clocks", "v3.5.0", 1),
    (396, "State is lost when two runs end in the same second", "", 0),
)


def make(agent: User, asked: list[Ticket], now: datetime) -> None:
    """Somebody was told of the last release and answered, two wait to be told of the new one.

    `asked`: five tickets, the first one's asker has written again since.
    """
    channel = Channel.objects.get(kind="github", key="millrace")
    told, *rest = asked
    for (number, title, tag, days), mine in zip(FIXED, ([told], rest[:2], rest[2:]), strict=True):
        at = now - timedelta(days=days, hours=2)
        item = _fixed(channel, number, title, at - timedelta(days=1))
        for ticket in mine:
            _act(agent, at, partial(loop.add_link, ticket, url=item.url))
        if tag:
            _act(None, at, partial(_release, item, tag, at))
    notice = LoopNotice.objects.get(ticket=told)
    at = now - timedelta(days=11)
    _act(agent, at, partial(deciding.approve, notice.outgoing))
    LoopNotice.objects.filter(pk=notice.pk).update(answered_at=at + timedelta(hours=5))
    for link in Link.objects.filter(item__at=None).select_related("item", "ticket"):
        if link.item is not None:  # nobody is there to be asked
            link.item.title, link.item.at = link.ticket.subject[:250], link.created_at
            link.item.save(update_fields=["title", "at"])
    Item.objects.filter(channel=channel).update(due_at=None)


def _act(agent: User | None, at: datetime, verb: Callable[[], object]) -> None:
    with pipeline.change(Actor.user(agent) if agent else Actor.system("sample"), now=at):
        verb()


def _fixed(channel: Channel, number: int, title: str, at: datetime) -> Item:
    found = TrackedItem(
        key=f"{sum(PLACE.encode())}:issue:{number}",
        kind="issue",
        place=PLACE,
        number=number,
        url=f"{HOST}/{PLACE}/issues/{number}",
        title=title,
        state="closed",
        at=at,
        ended_at=at,
    )
    _act(None, at, partial(items.file_item, found, channel))
    return Item.objects.get(channel=channel, place=PLACE, number=number)


def _release(item: Item, tag: str, at: datetime) -> None:
    url = f"{HOST}/{PLACE}/releases/tag/{tag}"
    found = TrackedRelease(place=PLACE, tag=tag, name=tag, url=url, at=at, published_at=at)
    item.released_in = items.keep_release(found, item.channel)
    item.save(update_fields=["released_in"])
    item.links.update(released_in=tag)
    notices.draft_release(item, item.released_in)
