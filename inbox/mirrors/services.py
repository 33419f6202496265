"""Tickets shown where the team talks: a card per ticket, questions to the team, both with buttons.

What is said under a card is a note on the ticket and never reaches the customer (L12).
"""

from hashlib import sha256

from django.conf import settings

from inbox.channels.contract import Button, Capability, Card, CardPart
from inbox.channels.models import Channel
from inbox.common import work
from inbox.common.versions import bump, kept
from inbox.mirrors import announcing
from inbox.mirrors.models import MirrorCard, MirrorTarget, Purpose
from inbox.outbox.effects import card_data, queue_effect
from inbox.tickets import kinds
from inbox.tickets.models import Message, ThreadRole, Ticket, TicketEvent, Visibility

SHOWN_AGAIN = {
    kinds.STATUS,
    kinds.ASSIGNED,
    kinds.CATEGORY,
    kinds.PRIORITY,
    kinds.CLOSED,
    kinds.REOPENED,
    kinds.HELD,
}
LONGEST_QUOTE = 600
ROLES: dict[str, str] = {Purpose.BRIDGE: ThreadRole.BRIDGE}  # what the thread under a card is
FOLLOWING = (Purpose.TRIAGE, Purpose.BRIDGE)  # cards that change with their ticket


def on_event(event: TicketEvent) -> None:
    """A new ticket is announced and carded; its card follows it; a question goes to the team."""
    if work.current().historic or event.ticket.restricted_team_id:
        return
    first = event.kind == kinds.MESSAGE_IN and event.data.get("first")
    if first:
        announcing.announce(event.ticket)
    found = targets()
    if not found:
        return
    if first:
        _show_new(event.ticket, event.data["message"], found)
    elif event.kind in SHOWN_AGAIN:
        _show_again(event.ticket)
    elif event.kind == kinds.ASKED_TEAM:
        _ask(event, found)


def targets(purpose: str = "") -> list[MirrorTarget]:
    """The places of a purpose; all of them without one."""
    found = kept("mirrors", _load)
    return [target for target in found if purpose in ("", target.purpose)]


def _load() -> list[MirrorTarget]:
    rows = MirrorTarget.objects.filter(channel__active=True).select_related("channel")
    return list(rows.order_by("pk"))


def sync(channel: Channel) -> None:
    """Take over the places that a connection's settings name."""
    wanted = channel.type.places(channel.config)
    mine = MirrorTarget.objects.filter(channel=channel, topic="")
    mine.exclude(purpose__in=wanted).delete()
    for purpose, place in wanted.items():
        mine.update_or_create(channel=channel, purpose=purpose, topic="", defaults={"place": place})
    bump("mirrors")


# ------------------------------------------------------------------ triage cards


def _show_new(ticket: Ticket, message_id: int, targets: list[MirrorTarget]) -> None:
    if not ticket.is_live or ticket.opener_class == "robot":
        return
    message = work.current().objects.get(("message", message_id))
    for target in targets:
        every = target.channel.settings.get("triage", "every") == "every"
        if target.purpose == Purpose.TRIAGE and every:
            show(ticket, target, message)


def show(ticket: Ticket, target: MirrorTarget, message: Message | None) -> None:
    """Post a ticket's card, once per place."""
    if MirrorCard.objects.filter(
        ticket=ticket, channel=target.channel, purpose=target.purpose
    ).exists():
        return
    card = card_of(ticket, message, mention=target.mention)
    row = queue_effect(
        target.channel,
        "card",
        data={
            "place": target.place,
            "card": card_data(card),
            "thread_role": ROLES.get(target.purpose, ThreadRole.TRIAGE),
            "link_of": _link_of(message),
        },
        ticket=ticket,
        repeatable=False,
        lane=f"{target.channel_id}:{target.place}",
    )
    MirrorCard.objects.create(
        ticket=ticket,
        channel=target.channel,
        purpose=target.purpose,
        place=target.place,
        outgoing=row,
        shown=_hash(card),
    )


def _show_again(ticket: Ticket) -> None:
    if not ticket.version and ticket.message_count <= 1:
        return  # its first card is made at the end of this change anyway
    for known in ticket.cards.filter(purpose__in=FOLLOWING).select_related("channel"):
        first = ticket.messages.order_by("pk").first()
        card = card_of(ticket, first)
        if _hash(card) == known.shown:
            continue
        queue_effect(
            known.channel,
            "card",
            data={
                "card": card_data(card),
                "target_of": known.outgoing_id,
                "link_of": _link_of(first),
            },
            ticket=ticket,
            lane=f"{known.channel_id}:{known.place}",
        )
        MirrorCard.objects.filter(pk=known.pk).update(shown=_hash(card))


def _link_of(message: Message | None) -> str:
    """The message whose address the card shows, where its vendor knows addresses."""
    if message is None or message.external_id.count("/") != 2 or message.sender_key:
        return ""
    return message.external_id


def card_of(ticket: Ticket, message: Message | None, *, mention: str = "") -> Card:
    """What a ticket's card says."""
    who = ticket.asker.label if ticket.asker else "somebody"
    place = str(ticket.source) if ticket.source else str(ticket.channel)
    owner = ticket.owner.display_name if ticket.owner else "nobody yet"
    state = ticket.get_status_display()
    words = (message.new_text if message else "") or ""
    about = f"Status: **{state}** | Priority: {ticket.priority} | With: {owner}"
    if ticket.hold_reason and ticket.status == "on_hold":
        about += f" | {ticket.hold_reason}"
    fields: tuple[tuple[str, str], ...] = (
        ("From", who),
        ("Source", place),
        ("Category", ticket.category or "none"),
    )
    if ticket.permalink and Capability.LIVE in ticket.channel.type.capabilities:
        fields += (("Page", ticket.permalink),)
    controls = controls_of(ticket)
    return Card(
        title=f"#{ticket.pk} {ticket.subject}",
        mention=mention,
        key=str(ticket.pk),
        parts=(
            CardPart(foreign=words[:LONGEST_QUOTE], fields=fields),
            CardPart(small=about, controls=controls),
        ),
    )


def controls_of(ticket: Ticket) -> tuple[Button, ...]:
    """What can be pressed on a ticket's card."""
    number = str(ticket.pk)
    url = settings.BASE_URL.rstrip("/") + ticket.get_absolute_url()
    opened = Button(action="desk_open", label="Open in desk", url=url)
    if not ticket.is_live:
        return (Button(action="desk_reopen", label="Reopen", value=number), opened)
    claim = Button(action="desk_claim", label="Claim", value=number, style="primary")
    close = Button(
        action="desk_close",
        label="Close",
        value=number,
        style="danger",
        confirm="The requester sees a tick on the thread.",
    )
    hold = Button(action="desk_hold", label="Put on hold", value=number)
    free = (claim,) if ticket.owner_id is None else ()
    return (*free, close, hold, opened)


def _hash(card: Card) -> str:
    return sha256(repr(card).encode()).hexdigest()


# ------------------------------------------------------------------ asking the team


def _ask(event: TicketEvent, targets: list[MirrorTarget]) -> None:
    """The question with the thread's address, its title and the asker; the one who knows is called.

    By topic (the ticket's category), else the place's own fallback (S4, S6, S7).
    """
    ticket = event.ticket
    asked = [t for t in targets if t.purpose == Purpose.SUPPORT]
    mine = [t for t in asked if t.topic == ticket.category] or [t for t in asked if not t.topic]
    shown = ticket.messages.filter(visibility=Visibility.PUBLIC).order_by("pk").first()
    for target in mine[:1]:
        text = f"**{event.actor_label}** asks: {event.data.get('question', '')}"
        card = card_of(ticket, shown, mention=target.mention)
        parts = (CardPart(text=text), *card.parts)
        asked_card = Card(title=card.title, parts=parts, mention=card.mention, key=card.key)
        queue_effect(
            target.channel,
            "card",
            data={
                "place": target.place,
                "card": card_data(asked_card),
                "thread_role": "triage",
                "link_of": _link_of(shown),
            },
            ticket=ticket,
            repeatable=False,
            lane=f"{target.channel_id}:{target.place}",
        )
