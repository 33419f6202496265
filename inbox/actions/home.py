"""The inbox at the vendor's: counts by SLA, mine or all, a line and buttons for each ticket."""

from dataclasses import replace
from datetime import datetime

from django.conf import settings

from inbox.accounts.models import User
from inbox.actions.asking import Ask
from inbox.channels.contract import (
    ActionAnswer,
    Button,
    Capability,
    Card,
    CardPart,
    InboundAction,
)
from inbox.channels.models import Channel
from inbox.common import work
from inbox.common.veiling import veil
from inbox.mirrors.cards import controls_of
from inbox.notify.services import zone_of
from inbox.oncall import services as oncall
from inbox.outbox.effects import card_data, queue_effect
from inbox.people import services as people
from inbox.people.models import Identity
from inbox.sla.explain import bounds, due_fuse
from inbox.tickets import naming, queries
from inbox.tickets.models import Ticket

LABELS = {
    "breach": "Breached",
    "hour": "Due within the hour",
    "today": "Today",
    "later": "Later",
    "none": "No SLA",
    "wait": "Waiting on them",
}
PER_GROUP = 8


def lists(user: User, now: datetime, *, mine: bool) -> list[tuple[str, list[Ticket]]]:
    """Tickets by SLA state, as on the desk's queue."""
    base = queries.visible_to(user).select_related("channel", "owner", "asker", "source")
    if mine:
        base = base.filter(owner=user)
    ranges = queries.group_filters(bounds(now, zone_of(user)))
    return [
        (
            naming.name("them") if state == "wait" else label,
            list(base.filter(ranges[state]).order_by("next_due_at", "number")[:PER_GROUP]),
        )
        for state, label in LABELS.items()
    ]


def line_of(ticket: Ticket) -> str:
    """One line about a ticket."""
    url = settings.BASE_URL.rstrip("/") + ticket.get_absolute_url()
    who = ticket.owner.display_name if ticket.owner else "nobody yet"
    subject = ticket.subject.replace("[", "(").replace("]", ")").replace("<", "‹")
    return f"[#{ticket.pk}]({url}) {subject} · {who}"


def show(ask: Ask) -> ActionAnswer:
    """Publish somebody's home view, as an outgoing row."""
    publish(ask.channel, ask.identity, ask.agent, ask.now, mine=False)
    return ActionAnswer()


def is_stale_after(channel: Channel, asked: InboundAction) -> bool:
    """Whether the view that somebody acted in shows something else now."""
    in_view = asked.place == "" and asked.kind in ("press", "submit")
    switched = asked.name in ("home_mine", "home_all")
    return in_view and not switched and Capability.CARD in channel.type.capabilities


def refresh(channel: Channel, asked: InboundAction) -> None:
    """Publish the view of whoever has acted in it, as it is after the act."""
    identity = people.resolve(channel.kind, channel.realm, asked.author)
    if people.is_team(identity) and identity.user is not None:
        publish(channel, identity, identity.user, work.current().now, mine=False)


def publish(channel: Channel, identity: Identity, user: User, now: datetime, *, mine: bool) -> None:
    """The view of one person."""
    card = card_for(user, now, mine=mine)
    queue_effect(channel, "home", data={"person": identity.external_id, "card": card_data(card)})


def card_for(user: User, now: datetime, *, mine: bool) -> Card:
    """What the home view shows; to a viewer without addresses."""
    card = _card(user, now, mine=mine)
    if user.sees_addresses:
        return card
    parts = [replace(part, text=veil(part.text), small=veil(part.small)) for part in card.parts]
    return replace(card, parts=tuple(parts))


def _card(user: User, now: datetime, *, mine: bool) -> Card:
    found = lists(user, now, mine=mine)
    counts = " · ".join(f"{label} **{len(rows)}**" for label, rows in found)
    duty = oncall.on_duty(now)
    on_duty = f"{duty.display_name} is on duty." if duty else "Nobody is on duty."
    switch = (
        Button(action="home_all", label="All", style="" if mine else "primary"),
        Button(action="home_mine", label="Mine", style="primary" if mine else ""),
    )
    parts = [CardPart(text=counts, small=on_duty, controls=switch)]
    for label, rows in found:
        if rows:
            parts.append(CardPart(text=f"**{label}**"))
        parts += [_part(ticket, now, user) for ticket in rows]
    if not any(rows for _, rows in found):
        parts.append(CardPart(text="Nothing waits here."))
    return Card(title="Switchboard", parts=tuple(parts[:30]), key="home")


def _part(ticket: Ticket, now: datetime, user: User) -> CardPart:
    waits = ticket.lane == "wait"
    fuse = due_fuse(ticket.next_due_at, waiting=waits, now=now, zone=zone_of(user))
    who = ticket.asker.label if ticket.asker else "somebody"
    small = f"{fuse.words} {fuse.tail} · {who} · {ticket.channel}"
    if ticket.hold_reason:
        small += f" · on hold: {ticket.hold_reason}"
    return CardPart(text=line_of(ticket), small=small, controls=controls_of(ticket))


def switch(ask: Ask) -> ActionAnswer:
    """Mine or all."""
    mine = ask.action.name == "home_mine"
    publish(ask.channel, ask.identity, ask.agent, ask.now, mine=mine)
    return ActionAnswer()
