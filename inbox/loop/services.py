"""Linking tickets to things outside."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from inbox.common import work
from inbox.loop.models import Link
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket, TicketEvent

KIND = re.compile(r"^[a-z][a-z0-9_]{1,29}$")


def on_event(event: TicketEvent) -> None:
    """The pipeline's step: what is said and done on tickets moves the loop."""


def add_link(ticket: Ticket, *, url: str, kind: str = "") -> Link:
    """Link a ticket to an address outside; the same address twice is one link."""
    try:
        URLValidator(schemes=["http", "https"])(url)
    except ValidationError as error:
        raise VerbError("A link needs a web address.", field="url") from error
    kind = kind or guess_kind(url)
    if not KIND.match(kind):
        raise VerbError(f"“{kind}” is not a kind of link.", field="kind")
    ticket = tickets.lock(ticket.pk)
    link, made = Link.objects.get_or_create(
        ticket=ticket, url=url[:500], defaults={"kind": kind, "created_at": work.current().now}
    )
    if made:
        tickets.record_link(ticket, kind=kind, url=url)
    return link


def guess_kind(url: str) -> str:
    """What an address looks like: an issue, a pull request, a discussion, or a page."""
    if re.search(r"/issues/\d+", url):
        return "github_issue"
    if re.search(r"/pull/\d+", url):
        return "github_pull"
    if re.search(r"/discussions/\d+", url):
        return "github_discussion"
    return "page"
