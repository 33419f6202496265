"""The card of a live chat: who waits on which page, since when, who answers, how it stands."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from inbox.channels.contract import Capability, Card, CardPart
from inbox.common import presence, work
from inbox.common.text import literal
from inbox.mirrors import cards
from inbox.mirrors.models import MirrorCard, MirrorTarget, Purpose
from inbox.tickets import services as tickets
from inbox.tickets.models import LIVE, Direction, Message, Thread, ThreadRole, Ticket, WaitingOn

HINT = (
    "What the team writes in this thread goes to the visitor. `note:` in front, or a 🔒 anywhere, "
    "keeps a line among us."
)
CLOSING = "The visitor sees that the chat has ended."
LONGEST_QUOTE = 600
EVERY = timedelta(seconds=3)  # changes of one card are gathered for so long
SEEN_FOR = timedelta(seconds=presence.VISITOR_SECONDS)
HERE, GONE = "here:", "gone:"


def post(message: Message, target: MirrorTarget) -> MirrorCard:
    """The card of the chat that a message belongs to, once per place."""
    card, mark = _card(message.ticket, message.thread)
    return cards.post(message.ticket, target, card, thread=message.thread, mark=mark)


def refresh(ticket: Ticket) -> None:
    """Every chat of a ticket has a card that says how it stands."""
    threads = ticket.threads.filter(role=ThreadRole.CUSTOMER).select_related("channel")
    chats = [row for row in threads if Capability.LIVE in row.channel.type.capabilities]
    if not chats:
        return
    homes = {cards.home_of(thread): thread for thread in chats}
    rows = MirrorCard.objects.filter(ticket__in=homes, purpose=Purpose.BRIDGE)
    for known in rows.select_related("outgoing", "channel"):
        card, mark = _card(ticket, homes[known.ticket_id])
        cards.change(known, card, ticket=ticket, delay=EVERY, mark=mark)


def stale_ids(now: datetime) -> list[int]:
    """Tickets whose visitor has come or gone since their card was changed."""
    seen, since = "ticket__threads__conversation__seen_at", now - SEEN_FOR
    away = Q(**{f"{seen}__isnull": True}) | Q(**{f"{seen}__lte": since})
    # of tickets that were merged: only the chat whose card it is
    mine = Q(ticket__threads__conversation__isnull=False, ticket__threads__moved_from=[])
    news = Q(shown__startswith=HERE) & away | Q(shown__startswith=GONE, **{f"{seen}__gt": since})
    rows = MirrorCard.objects.filter(
        mine, news, purpose=Purpose.BRIDGE, ticket__status__in=LIVE
    ).values_list("ticket", "ticket__threads__conversation", "shown")
    found = list(rows)
    there = presence.at(*(presence.chat(chat) for _, chat, _ in found))
    # a page that only waits asks the database for nothing; its stream says that it is open
    stale = [
        number
        for (number, _, shown), pages in zip(found, there, strict=True)
        if not (shown.startswith(HERE) and pages)
    ]
    return list(dict.fromkeys(stale))[:200]


def freshen(pk: int, now: datetime) -> bool:
    """Say that the visitor has come or gone."""
    ticket = tickets.lock(pk)
    if ticket.restricted_team_id is None:
        refresh(ticket)
    return True


def _card(ticket: Ticket, thread: Thread) -> tuple[Card, str]:
    """The card, and the mark of whether it says that the visitor is here."""
    chat = getattr(thread, "conversation", None)  # a part that was split off has none
    here = chat is not None and _is_here(chat)
    first = thread.messages.filter(direction=Direction.IN, deleted_at=None).order_by("pk").first()
    fields = [("Visitor", _visitor(ticket, chat))]
    page = chat.page if chat is not None else ticket.permalink
    if page:
        fields.append(("Page", literal(page)))
    fields.append(("Where", _where(here=here, chat=chat)))
    fields += [("State", _state(ticket)), ("With", _owner(ticket))]
    card = Card(
        title=f"#{ticket.pk} {ticket.subject}",
        key=str(ticket.pk),
        parts=(
            CardPart(
                foreign=(first.new_text if first else "")[:LONGEST_QUOTE], fields=tuple(fields)
            ),
            CardPart(small=HINT, controls=cards.controls_of(ticket, told=CLOSING)),
        ),
    )
    return card, HERE if here else GONE


def _is_here(chat: Any) -> bool:
    seen = chat.seen_at
    lately = seen is not None and work.current().now - seen < SEEN_FOR
    return lately or bool(presence.at(presence.chat(chat.pk))[0])


def _visitor(ticket: Ticket, chat: Any) -> str:
    """The name, and what it is worth: the site proves the person, not always their name."""
    name = chat.visitor.name if chat is not None else ticket.asker and ticket.asker.label
    if chat is None or not name:
        return literal(name or "") or "no name given"
    proof = "signed in on the site" if chat.visitor.verified else "their own word"
    return f"{literal(name)} ({proof})"


def _where(*, here: bool, chat: Any) -> str:
    if here:
        return "on the page now"
    return "gone; answers go by mail" if chat is not None and chat.email else "gone"


def _state(ticket: Ticket) -> str:
    """Waiting, answered, on hold or closed, and since when."""
    since = _at(ticket.waiting_since or ticket.created_at)
    if not ticket.is_live:
        return f"{literal(ticket.status_name)} since {since}"
    if ticket.status == "on_hold":
        return f"{literal(ticket.status_name)} since {since}: {literal(ticket.hold_reason)}"
    if ticket.waiting_on == WaitingOn.US:
        return f"**Waiting** since {since}"
    word = "Being looked into" if ticket.waiting_on == WaitingOn.RESEARCH else "Answered"
    return f"{word} since {since}"


def _owner(ticket: Ticket) -> str:
    return literal(ticket.owner.display_name) if ticket.owner else "nobody yet"


def _at(moment: datetime) -> str:
    """A moment that the place shows in each reader's own zone."""
    return f"[{moment.astimezone(UTC):%d %b %H:%M} UTC](at:{int(moment.timestamp())})"
