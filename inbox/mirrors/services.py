"""Tickets shown where the team talks: a card per ticket, questions to the team, both with buttons.

What is said under a triage card is a note on the ticket and never reaches the customer (L12).
"""

from inbox.channels import directory
from inbox.channels.contract import Card, CardPart
from inbox.channels.models import Channel
from inbox.common import work
from inbox.common.text import literal
from inbox.common.versions import bump, kept
from inbox.mirrors import announcing, cards
from inbox.mirrors.cards import controls_of
from inbox.mirrors.models import MirrorTarget, Purpose
from inbox.outbox.effects import card_data, queue_effect
from inbox.tickets import kinds
from inbox.tickets.models import Message, Status, Ticket, TicketEvent, Visibility

SHOWN_AGAIN = {
    kinds.STATUS,
    kinds.ASSIGNED,
    kinds.CATEGORY,
    kinds.PRIORITY,
    kinds.CLOSED,
    kinds.REOPENED,
    kinds.HELD,
    kinds.RESTRICTED,
}
LONGEST_QUOTE = 600
TROUBLE = {"error", "blocked"}  # what a connection's health says when it waits for a repair


def on_event(event: TicketEvent) -> None:
    """A new ticket is announced and carded; its card follows it; a question goes to the team."""
    if work.current().historic:
        return
    if event.ticket.restricted_team_id:
        if event.kind == kinds.RESTRICTED:
            cards.conceal(event.ticket)
        return
    first = event.kind == kinds.MESSAGE_IN and event.data.get("first")
    if first and event.ticket.status == Status.SPAM:
        return
    if first:
        announcing.announce(event.ticket)
    found = targets()
    if found:
        _follow(event, found, first=bool(first))


def _follow(event: TicketEvent, found: list[MirrorTarget], *, first: bool) -> None:
    if first:
        _show_new(event.ticket, event.data["message"], found)
    elif event.kind in SHOWN_AGAIN:
        _show_again(event.ticket)
    elif event.kind == kinds.ASKED_TEAM:
        _ask(event, found)


def targets(purpose: str = "") -> list[MirrorTarget]:
    """The places of a purpose; all of them without one."""
    found = [target for target in kept("mirrors", _load) if purpose in ("", target.purpose)]
    return [target for target in found if _is_on(target)]


def _load() -> list[MirrorTarget]:
    return list(MirrorTarget.objects.select_related("channel").order_by("pk"))


def _is_on(target: MirrorTarget) -> bool:
    """Chats go on where a connection is only paused: their lines wait, and leave in order."""
    channel = directory.by_id(target.channel_id)
    return channel.active or (target.purpose == Purpose.BRIDGE and channel.health in TROUBLE)


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
    message = work.current().objects["message", message_id]
    for target in targets:
        every = target.channel.settings.get("triage", "every") == "every"
        if target.purpose == Purpose.TRIAGE and every:
            show(ticket, target, message)


def show(ticket: Ticket, target: MirrorTarget, message: Message) -> None:
    """Post a ticket's card, once per place."""
    card = card_of(ticket, message, mention=target.mention)
    cards.post(ticket, target, card, link_of=_link_of(message))


def _show_again(ticket: Ticket) -> None:
    if not ticket.version and ticket.message_count <= 1:
        return  # its first card is made at the end of this change anyway
    for known in ticket.cards.filter(purpose=Purpose.TRIAGE).select_related("outgoing"):
        first = ticket.messages.order_by("pk").first()
        cards.change(known, card_of(ticket, first), ticket=ticket, link_of=_link_of(first))


def _link_of(message: Message | None) -> str:
    """The message whose address the card shows, where its vendor knows addresses."""
    if message is None or message.external_id.count("/") != 2 or message.sender_key:
        return ""
    return message.external_id


def card_of(ticket: Ticket, message: Message | None, *, mention: str = "") -> Card:
    """What a ticket's card says."""
    who = literal(ticket.asker.label) if ticket.asker else "somebody"
    place = literal(str(ticket.source) if ticket.source else str(ticket.channel))
    owner = literal(ticket.owner.display_name) if ticket.owner else "nobody yet"
    state = literal(ticket.status_name)
    words = (message.new_text if message else "") or ""
    about = f"Status: **{state}** | Priority: {ticket.priority} | With: {owner}"
    if ticket.hold_reason and ticket.status == "on_hold":
        about += f" | {literal(ticket.hold_reason)}"
    fields = (("From", who), ("Source", place), ("Category", literal(ticket.category) or "none"))
    return Card(
        title=f"#{ticket.pk} {ticket.subject}",
        mention=mention,
        key=str(ticket.pk),
        parts=(
            CardPart(foreign=words[:LONGEST_QUOTE], fields=fields),
            CardPart(small=about, controls=controls_of(ticket)),
        ),
    )


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
