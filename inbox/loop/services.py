"""Linking tickets to things outside, by hand and by what is written."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from inbox.common import work
from inbox.loop import notices, references
from inbox.loop.models import Item, Link
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import AuthorRole, Message, Ticket, TicketEvent

KIND = re.compile(r"^[a-z][a-z0-9_]{1,29}$")
KINDS = {"issue": "github_issue", "pull": "github_pull", "discussion": "github_discussion"}
SAID = {kinds.MESSAGE_IN, kinds.MESSAGE_OUT, kinds.NOTE}


def on_event(event: TicketEvent) -> None:
    """The pipeline's step: what is written links tickets and items; answers are noted."""
    if event.kind not in SAID:
        return
    message = work.current().objects["message", event.data["message"]]
    if event.kind == kinds.MESSAGE_IN and not event.data.get("first"):
        notices.note_answer(event.ticket_id, message.thread_id)
    if "://" in message.body_text:
        _link_what_is_named(message)


def _link_what_is_named(message: Message) -> None:
    """An item that the team names on a ticket; a ticket that is named in an item's thread (S61)."""
    by_team = message.role == AuthorRole.TEAM
    own = Item.objects.filter(channel=message.thread.channel_id, key=message.thread.thread_key)
    mine = own.first() if message.thread.channel.type.tracker else None
    if mine is not None:
        for ticket in references.tickets_named(message, by_team=by_team):
            add_link(ticket, url=mine.url)
    elif by_team:
        for url in references.addresses(message.new_text or message.body_text):
            if references.located(url) is not None:
                add_link(tickets.lock(message.ticket_id), url=url)


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
    now = work.current().now
    known = {"kind": kind, "created_at": now, "item": item, "state": item.state if item else ""}
    link, made = Link.objects.get_or_create(ticket=ticket, url=url[:500], defaults=known)
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


def guess_kind(url: str) -> str:
    """What an address looks like: an issue, a pull request, a discussion, or a page."""
    for word, kind in (("issues", "issue"), ("pull", "pull"), ("discussions", "discussion")):
        if re.search(rf"/{word}/\d+", url):
            return KINDS[kind]
    return "page"
