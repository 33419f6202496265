"""From a ticket to an issue, or to an issue out of a template.

What people wrote is quoted without their names and secrets; a person reads it before it leaves
by the outbox. Once it is out the ticket is linked to it, and closed if that was asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from django.db.models import Q

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.channels import directory
from inbox.channels.contract import Capability, DeliveryError
from inbox.channels.models import Channel, Source
from inbox.channels.tracker import IssueTemplate, TrackedItem
from inbox.common import work
from inbox.common.work import Actor
from inbox.loop import items
from inbox.loop.links import add_link
from inbox.loop.masking import SOMEBODY, anonymise, mask
from inbox.outbox import services as outbox
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import AuthorRole, Kind, Message, Ticket, TicketEvent, Visibility

ISSUE = "issue"
LONGEST_TITLE, LONGEST_TEXT = 250, 60_000
KEEP_TEMPLATES_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants to open, as they wrote it; secrets are taken out on the way."""

    source: Source
    title: str
    text: str
    labels: Sequence[str] = ()
    close: bool = False  # the ticket, as “became an issue”, once it is out
    confirmed: bool = False  # an admin says that a restricted ticket may become public
    token: str = ""  # one per form: pressing twice opens one issue


# ------------------------------------------------------------------ where


def places(*, last: int = 0) -> list[Source]:
    """Where an issue can be opened, by group and name; the one used last comes first."""
    rows = Source.objects.filter(channel__active=True).select_related("channel", "group")
    named = [row for row in rows if not set("*?[") & set(row.external_key)]
    found = [row for row in named if takes_issues(row.channel)]
    return sorted(
        found, key=lambda row: (row.pk != last, row.group is None, str(row.group or ""), str(row))
    )


def takes_issues(channel: Channel) -> bool:
    """Whether we can open an issue there."""
    return Capability.OPEN in channel.type.capabilities and channel.type.tracker is not None


def templates_of(source: Source) -> tuple[Sequence[IssueTemplate], str]:
    """The forms that a place offers, and why they are not known. Asks the vendor."""
    name = f"issue-templates:{source.pk}"
    known = cache.get(name)
    if known is None:
        channel = source.channel
        assert channel.type.tracker is not None  # noqa: S101 - `places` offers no others
        try:
            known = channel.type.tracker.templates(channel.config, source.external_key)
        except DeliveryError as error:
            return (), error.text
        cache.set(name, known, KEEP_TEMPLATES_SECONDS)
    return known, ""


# ------------------------------------------------------------------ the words


def quotable(ticket: Ticket) -> list[Message]:
    """What was said in public, oldest first."""
    said = ticket.messages.filter(visibility=Visibility.PUBLIC, deleted_at__isnull=True)
    return list(said.select_related("author__contact").order_by("sent_at", "pk"))


def names_of(ticket: Ticket, *, except_asker: bool = False) -> list[str]:
    """How the people of a conversation are called, the team set aside."""
    outside = ticket.messages.exclude(role__in=(AuthorRole.TEAM, AuthorRole.BOT))
    who = Q(contact__in=outside.values("author__contact"))
    asker = ticket.asker.contact_id if ticket.asker else None
    rows = Identity.objects.filter(who | Q(contact=asker)).select_related("contact")
    rows = rows.exclude(contact=asker) if except_asker else rows
    return sorted({n for r in rows for n in (r.contact.name, r.name, r.handle, r.external_id) if n})


def quote(ticket: Ticket, picked: Sequence[int], *, named: bool = False) -> str:
    """The chosen public messages as quotations; only an asker who agreed is named."""
    said = [message for message in quotable(ticket) if message.pk in picked]
    names = names_of(ticket, except_asker=named)
    parts = [_quoted(message, names, named=named) for message in said]
    source = f"From support ticket {ticket.pk}."
    if ticket.permalink and Capability.FORUM in ticket.channel.type.capabilities:
        source = f"The conversation: {ticket.permalink}"
    return mask("\n\n".join([*parts, source]))


def _quoted(message: Message, names: Sequence[str], *, named: bool) -> str:
    by_asker = message.role == AuthorRole.ASKER
    who = "The team" if message.role in (AuthorRole.TEAM, AuthorRole.BOT) else SOMEBODY.capitalize()
    if by_asker and named:
        who = message.author_label
    words = anonymise((message.new_text or message.body_text).strip(), names)
    lines = "\n".join(f"> {line}".rstrip() for line in words.splitlines())
    return f"**{who}** wrote:\n\n{lines}"


# ------------------------------------------------------------------ opening it


def may_become_public(ticket: Ticket, user: User, *, confirmed: bool) -> str:
    """Why a ticket cannot become an issue yet, or ""."""
    if ticket.restricted_team_id is None and ticket.kind != Kind.SECURITY:
        return ""
    if not can(user, Right.MANAGE):
        return "Few people may see this ticket. Only an admin can make an issue of it."
    return "" if confirmed else "Few people may see this ticket. Confirm that it becomes public."


def open_issue(wanted: Wanted, *, user: User, ticket: Ticket | None, delay: timedelta) -> Outgoing:
    """Queue an issue. Raises `VerbError`, `NotAllowed`."""
    title, text = mask(wanted.title.strip()), mask(wanted.text.strip())
    if not title or len(title) > LONGEST_TITLE:
        raise VerbError(f"An issue needs a title of at most {LONGEST_TITLE} signs.", field="title")
    if len(text) > LONGEST_TEXT:
        raise VerbError("The text is too long for an issue. Quote less.", field="quote")
    if not takes_issues(wanted.source.channel):
        raise VerbError("No issue can be opened there.", field="place")
    if ticket is not None:
        ticket = tickets.lock(ticket.pk)
        refused = may_become_public(ticket, user, confirmed=wanted.confirmed)
        if refused:
            raise NotAllowed(refused, field="confirmed")
    row = outbox.open_conversation(
        wanted.source.channel,
        kind=ISSUE,
        key=f"issue:{wanted.token}"[:80],
        user=user,
        ticket=ticket,
        delay=delay,
        payload={
            "place": wanted.source.external_key,
            "subject": title,
            "text": text,
            "labels": list(wanted.labels),
            "close": wanted.close,
            "by": [user.pk, user.get_username()],
        },
    )
    if ticket is not None and row.created_at == work.current().now:
        place = wanted.source.external_key
        tickets.record(ticket, kinds.ISSUE_ASKED, outgoing=row.pk, place=place, title=title)
    return row


# ------------------------------------------------------------------ it is out


def on_event(event: TicketEvent) -> None:
    """An issue of ours is out: link it, and close the ticket if that was asked for."""
    if event.kind != kinds.SENT or event.data.get("message") is not None:
        return
    row = Outgoing.objects.filter(pk=event.data["outgoing"], kind=ISSUE).first()
    # by hand: a person says that it was sent, and links it
    if row is None or not row.receipt.get("url"):
        return
    ticket = event.ticket
    while ticket.merged_into_id is not None:
        ticket = tickets.lock(ticket.merged_into_id)
    pk, name = row.payload["by"]
    with work.current().acting_as(Actor(kind="user", label=name, user_id=pk)):
        _link(ticket, row)
        nothing_new = ticket.asked_at is None or ticket.asked_at <= row.created_at
        if row.payload["close"] and ticket.is_live and nothing_new:
            tickets.close(ticket, resolution="became_issue", why=row.receipt["url"])


def _link(ticket: Ticket, row: Outgoing) -> None:
    url, place, number = row.receipt["url"], row.payload["place"], int(row.receipt["number"])
    found = TrackedItem(
        key=row.receipt.get("thread_key", ""),
        kind="issue",
        place=place,
        number=number,
        url=url,
        at=row.created_at,  # before the vendor's own time, so that its word counts
        title=row.payload["subject"],
    )
    items.file_item(found, directory.by_id(row.channel_id))
    add_link(ticket, url=url)
    tickets.record(ticket, kinds.ISSUE_OPENED, url=url, name=f"{place}#{number}")
