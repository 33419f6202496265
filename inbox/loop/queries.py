"""Reading the loop: drafts, who waits for which version, who was told."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from inbox.accounts.models import User
from inbox.loop.items import UNFIXED
from inbox.loop.models import Item, Link, LoopNotice
from inbox.loop.notices import NEVER_TOLD
from inbox.outbox.models import HeldReason, OutgoingState
from inbox.tickets import queries as tickets
from inbox.tickets.models import LIVE, Resolution, Status, Thread, Ticket

MOST_ITEMS, MOST_TOLD = 100, 40
ABOUT = ("release", "item", "contact", "channel", "outgoing__thread__ticket")


@dataclass(kw_only=True)
class ItemRow:
    """An item and the tickets of those who wait for it."""

    item: Item
    tickets: list[Ticket] = field(default_factory=list)


def drafts(user: User) -> QuerySet[LoopNotice]:
    """What waits for approval, newest release first."""
    rows = visible_to(user).filter(
        outgoing__state=OutgoingState.HELD, outgoing__held_reason=HeldReason.APPROVAL
    )
    rows = rows.exclude(outgoing__thread__ticket__status__in=NEVER_TOLD)
    return rows.order_by("-release__published_at", "release_id", "pk")


def told(user: User) -> QuerySet[LoopNotice]:
    """Who was told lately, or will be in a moment, and whether they have answered."""
    rows = visible_to(user).exclude(outgoing__state=OutgoingState.HELD)
    moment = Coalesce("outgoing__sent_at", "outgoing__not_before")
    return rows.order_by(moment.desc(), "-pk")[:MOST_TOLD]


def visible_to(user: User) -> QuerySet[LoopNotice]:
    """Notices of conversations that somebody may see, wherever a merge has brought them."""
    rows = LoopNotice.objects.filter(outgoing__thread__ticket__in=tickets.visible_to(user))
    return rows.select_related(*ABOUT)


def unreleased(user: User) -> list[ItemRow]:
    """What has ended and is in no release so far, with those who wait."""
    ended = Item.objects.filter(released_in=None).exclude(state="open").exclude(kind="pull")
    return _with_tickets(user, ended.exclude(reason__in=UNFIXED), with_own=True)


def still_open(user: User) -> list[ItemRow]:
    """What is open and has tickets elsewhere that wait for it."""
    linked = Item.objects.filter(state="open", links__isnull=False).distinct()
    return _with_tickets(user, linked, with_own=False)


def _with_tickets(user: User, rows: QuerySet[Item], *, with_own: bool) -> list[ItemRow]:
    found = {item.pk: ItemRow(item=item) for item in rows.order_by("-at", "-pk")[:MOST_ITEMS]}
    waiting = tickets.visible_to(user).filter(status__in=[*LIVE, Status.CLOSED])
    waiting = waiting.exclude(resolution=Resolution.DOCS_GAP)
    links = Link.objects.filter(item__in=found, ticket__in=waiting)
    pairs = [(link.item_id, link.ticket) for link in links.select_related(*_of("ticket__"))]
    if with_own:
        pairs += _own(found.values(), waiting)
    for item_id, ticket in pairs:
        row = found[item_id or 0]
        if ticket not in row.tickets:
            row.tickets.append(ticket)
    return [row for row in found.values() if row.tickets]


def _own(rows: Iterable[ItemRow], waiting: QuerySet[Ticket]) -> list[tuple[int, Ticket]]:
    """The tickets that the items themselves are, unless one of us began them."""
    keys = {(row.item.channel_id, row.item.key): row.item.pk for row in rows if row.item.key}
    threads = Thread.objects.filter(
        thread_key__in={key for _, key in keys}, ticket__in=waiting.filter(opener_role="asker")
    )
    found = threads.select_related(*_of("ticket__"))
    return [
        (keys[thread.channel_id, thread.thread_key], thread.ticket)
        for thread in found
        if (thread.channel_id, thread.thread_key) in keys
    ]


def _of(prefix: str) -> tuple[str, ...]:
    return tuple(f"{prefix}{name}" for name in ("channel", "asker"))
