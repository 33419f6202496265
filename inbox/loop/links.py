"""Links of tickets to things outside."""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from inbox.common import work
from inbox.loop import notices, references
from inbox.loop.models import Item, Link
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Resolution, Status, Ticket, TicketEvent

KIND = re.compile(r"^[a-z][a-z0-9_]{1,29}$")
KINDS = {"issue": "github_issue", "pull": "github_pull", "discussion": "github_discussion"}
NEED_ONE = (Resolution.BECAME_ISSUE, Resolution.DOCS_GAP)


def add_link(ticket: Ticket, *, url: str, kind: str = "") -> Link:
    """Link a ticket to an address outside; the same address twice is one link."""
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError as error:
        raise VerbError("A link needs a web address.", field="url") from error
    item = references.item_at(url)
    kind = kind or (KINDS[item.kind] if item else guess_kind(url))
    if not KIND.match(kind):
        raise VerbError(f"“{kind}” is not a kind of link.", field="kind")
    ticket = tickets.lock(ticket.pk)
    facts = {"kind": kind, "item": item, "state": item.state if item else ""}
    link, made = Link.objects.get_or_create(
        ticket=ticket, url=url[:500], defaults={**facts, "created_at": work.current().now}
    )
    if made:
        tickets.record_link(ticket, kind=kind, url=url)
        _catch_up(link, item)
    return link


def _catch_up(link: Link, item: Item | None) -> None:
    """A link to what has ended already: find out whether it is released."""
    if item is None or item.state == "open":
        return
    if item.released_in is None:
        Item.objects.filter(pk=item.pk).update(due_at=work.current().now, tries=0, trouble="")
        return
    link.released_in = item.released_in.tag
    link.save(update_fields=["released_in"])
    notices.draft_release(item, item.released_in)


def remove_link(ticket: Ticket, *, url: str) -> None:
    """Take a link off. Raises `NotAllowed` for the last one of a ticket whose end rests on it."""
    ticket = tickets.lock(ticket.pk)
    rests_on_it = ticket.status == Status.CLOSED and ticket.resolution in NEED_ONE
    if rests_on_it and not ticket.links.exclude(url=url).exists():
        raise NotAllowed("The ticket was closed because of this link. Reopen it, or add another.")
    link = ticket.links.filter(url=url).first()
    if link is not None:
        link.delete()
        tickets.record(ticket, kinds.UNLINKED, link_kind=link.kind, url=url)


def guess_kind(url: str) -> str:
    """What an address looks like: an issue, a pull request, a discussion, or a page."""
    for word, kind in (("issues", "issue"), ("pull", "pull"), ("discussions", "discussion")):
        if re.search(rf"/{word}/\d+", url):
            return KINDS[kind]
    return "page"


def carry_over(event: TicketEvent) -> None:
    """What was merged brings its links along; undoing the merge takes them off again."""
    source = event.data.get("source")
    if source is None:
        return
    if event.kind == kinds.MERGED:
        known = set(event.ticket.links.values_list("url", flat=True))
        known.add(f"{settings.BASE_URL.rstrip('/')}/tickets/{event.ticket_id}/")
        for link in Link.objects.filter(ticket=source).exclude(url__in=known).order_by("pk"):
            link.pk, link.ticket, link.created_at = None, event.ticket, event.at
            link.save(force_insert=True)
            tickets.record_link(event.ticket, kind=link.kind, url=link.url)
        return
    if event.ticket.status == Status.CLOSED and event.ticket.resolution in NEED_ONE:
        return  # its end rests on what came along
    merges = event.ticket.events.filter(kind=kinds.MERGED, data__source=source)
    merged = merges.order_by("-pk").first()
    if merged is None:
        return
    urls = list(Link.objects.filter(ticket=source).values_list("url", flat=True))
    for link in event.ticket.links.filter(created_at=merged.at, url__in=urls):
        link.delete()
        tickets.record(event.ticket, kinds.UNLINKED, link_kind=link.kind, url=link.url)
