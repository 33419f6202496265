"""Who waits for an item, and the words by which they are told; a person approves each of them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from inbox.channels import sources
from inbox.channels.contract import Capability
from inbox.common import work
from inbox.common.config import setting
from inbox.loop.models import Item, LoopNotice, Release
from inbox.outbox import deciding, drafts
from inbox.outbox.models import OutgoingState
from inbox.people import services as people
from inbox.people.models import Identity
from inbox.people.standing import parts_of
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import (
    AuthorRole,
    Direction,
    Message,
    Resolution,
    Status,
    Thread,
    ThreadRole,
    Ticket,
    Visibility,
)

FRESH = timedelta(days=30)  # nobody wants to hear of a release of last year
NEVER_TOLD = (Status.SPAM, Status.TRASHED)
MOST_STEPS = 4
MOST_AT_ONCE = 50  # tickets in one change


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Somebody who asked, and the conversation in which they are told."""

    ticket: Ticket
    thread: Thread
    person: Identity


def waiting_for(item: Item) -> Iterator[Waiting]:
    """Everybody who asked on a ticket that leads to an item, each conversation once."""
    for ticket in _tickets(item):
        if ticket.status in NEVER_TOLD:
            continue
        threads = ticket.threads.filter(role=ThreadRole.CUSTOMER).select_related("channel")
        for thread in threads.order_by("pk"):
            person = _asker(thread)
            if person is not None and Capability.REPLY in thread.channel.type.capabilities:
                yield Waiting(ticket=ticket, thread=thread, person=person)


def _tickets(item: Item) -> list[Ticket]:
    """Tickets linked to the item, its own, and those linked to the items of these in turn (S62)."""
    found: dict[int, Ticket] = {}
    edge, seen = [item], {item.pk}
    for _ in range(MOST_STEPS):
        fresh = [t for i in edge for t in _of(i, with_own=i.kind != "pull") if t.pk not in found]
        found.update({ticket.pk: ticket for ticket in fresh})
        keys = Thread.objects.filter(ticket__in=fresh).values("thread_key")
        edge = list(Item.objects.filter(key__in=keys).exclude(pk__in=seen).exclude(kind="pull"))
        seen |= {i.pk for i in edge}
        if not edge:
            break
    return sorted(found.values(), key=lambda ticket: ticket.pk)


def _of(item: Item, *, with_own: bool) -> Iterator[Ticket]:
    linked = Ticket.objects.filter(links__item=item)
    own = Ticket.objects.filter(threads__thread_key=item.key, threads__channel=item.channel_id)
    for ticket in (linked | own if with_own and item.key else linked).distinct():
        yield _survivor(ticket)


def _survivor(ticket: Ticket) -> Ticket:
    """Where a merged ticket went."""
    while ticket.merged_into is not None:
        ticket = ticket.merged_into
    return ticket


def _asker(thread: Thread) -> Identity | None:
    """Who began a conversation, unless it was one of us or a robot."""
    asked = Message.objects.filter(
        thread=thread,
        direction=Direction.IN,
        visibility=Visibility.PUBLIC,
        deleted_at__isnull=True,
        message_class="normal",
        role__in=[AuthorRole.ASKER, AuthorRole.COMMUNITY],
        author__isnull=False,
    )
    first = asked.select_related("author__contact").order_by("sent_at", "pk").first()
    author = first.author if first else None
    return None if author is None or people.is_team(author) else author


# ------------------------------------------------------------------ drafts


def draft_release(item: Item, release: Release) -> None:
    """A draft for everybody who waits, once per release, person and channel.

    Of very many the rest has its turn when the item is looked up again, in a change of its own.
    """
    now = work.current().now
    if release.published_at is None or release.published_at < now - FRESH:
        return
    news = {"version": release.tag, "url": item.url}
    fresh = 0
    for one in waiting_for(item):
        heard = one.ticket.events.filter(
            kind=kinds.RELEASED, data__version=release.tag, data__url=item.url
        )
        if not heard.exists():
            if fresh == MOST_AT_ONCE:
                Item.objects.filter(pk=item.pk).update(due_at=now)
                return
            fresh += 1
            tickets.record(tickets.lock(one.ticket.pk), kinds.RELEASED, **news)
        if one.ticket.resolution != Resolution.DOCS_GAP:  # told when the page was there
            _draft(item, one, release, setting("release_text"))


def draft_page(item: Item) -> None:
    """What was missing in the docs is there: a draft for everybody who missed it (S9)."""
    for one in waiting_for(item):
        if one.ticket.resolution == Resolution.DOCS_GAP:
            _draft(item, one, None, setting("page_text"))


def _draft(item: Item, one: Waiting, release: Release | None, words: str) -> None:
    contact, channel = one.person.contact, one.thread.channel
    told = LoopNotice.objects.filter(parts_of(contact), release=release, channel=channel)
    if (told if release else told.filter(item=item)).exists():
        return
    row = drafts.write(
        one.ticket,
        one.thread,
        text=_filled(words, item, one, release),
        key=f"notice:{uuid.uuid4().hex}",
    )
    LoopNotice.objects.create(
        release=release,
        item=item,
        ticket=one.ticket,
        contact=contact,
        channel=channel,
        outgoing=row,
        created_at=work.current().now,
    )


def _filled(words: str, item: Item, one: Waiting, release: Release | None) -> str:
    person, kind = one.person, one.thread.channel.type
    name = kind.mention(person.external_id, person.name, person.handle)
    place = release.place if release else item.place
    upgrade = sources.settings_of(item.channel, place).get("upgrade") or setting("upgrade_text")
    version = release.tag if release else ""
    values = {
        "{upgrade}": upgrade,
        "{name}": name or "there",
        "{version}": version,
        "{place}": place.rpartition("/")[2],
        "{notes}": (release.url if release else "") or item.url,
        "{link}": item.url,
        "{subject}": one.ticket.subject,
    }
    for mark, value in values.items():
        words = words.replace(mark, value)
    return words


def undo(notice: LoopNotice) -> None:
    """What was approved and has not left, or was dropped, waits for approval again."""
    if drafts.is_unsaid(notice.outgoing):
        deciding.retry(notice.outgoing)
        return
    notice.outgoing = drafts.take_back(notice.outgoing)
    notice.save(update_fields=["outgoing"])


def withdraw(item: Item) -> None:
    """Forget drafts of an item that nobody has approved: its release has changed."""
    held = item.notices.filter(release__isnull=False, outgoing__state=OutgoingState.HELD)
    for notice in held.select_related("outgoing"):
        deciding.discard(notice.outgoing)
        notice.delete()


def note_answer(thread_id: int) -> None:
    """Somebody who was told has answered."""
    told = LoopNotice.objects.filter(outgoing__thread=thread_id, outgoing__state=OutgoingState.SENT)
    told.filter(answered_at__isnull=True).update(answered_at=work.current().now)
