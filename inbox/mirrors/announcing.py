"""New items of repositories, announced once where their group's people talk (S19)."""

from inbox.channels import directory
from inbox.channels.contract import Button, Capability, Card, CardPart
from inbox.channels.models import Channel, Source, SourceGroup
from inbox.mirrors.models import MirrorCard, Purpose
from inbox.outbox.effects import card_data, queue_effect
from inbox.people import services as people
from inbox.tickets.models import Ticket

WORDS = {"issue": "New issue", "pull": "New pull request", "discussion": "New discussion"}


def announce(ticket: Ticket) -> None:
    """Post the card of a new item, unless one of us or a robot opened it."""
    group = ticket.source.group if ticket.source else None
    if group is None or not group.announce_to or not _by_the_community(ticket):
        return
    channel = destination(group)
    if channel is None or channel.pk == ticket.channel_id:
        return  # `unheard` says so on the check; what is asked there need not be said there
    if ticket.cards.filter(channel=channel, purpose=Purpose.ANNOUNCE).exists():
        return
    row = queue_effect(
        channel,
        "card",
        data={
            "place": group.announce_to,
            "card": card_data(card_of(ticket)),
            "thread_role": "triage",
        },
        ticket=ticket,
        repeatable=False,
        lane=f"{channel.pk}:{group.announce_to}",
    )
    MirrorCard.objects.create(
        ticket=ticket,
        channel=channel,
        purpose=Purpose.ANNOUNCE,
        place=group.announce_to,
        outgoing=row,
    )


def _by_the_community(ticket: Ticket) -> bool:
    if not ticket.is_live or ticket.opener_class != "normal" or ticket.asker is None:
        return False
    return not people.is_team(ticket.asker)


def destination(group: SourceGroup) -> Channel | None:
    """The connection that shows cards and knows the group's place, else the first one."""
    found = [c for c in directory.active() if Capability.CARD in c.type.capabilities]
    bare = group.announce_to.lstrip("#")
    known = Source.objects.filter(channel__in=found, label=bare) | Source.objects.filter(
        channel__in=found, external_key=bare
    )
    knows = set(known.values_list("channel", flat=True)) if len(found) > 1 else set()
    return next((c for c in found if c.pk in knows), next(iter(found), None))


def unheard() -> list[SourceGroup]:
    """Groups that shall be announced while nothing is connected that could."""
    groups = SourceGroup.objects.exclude(announce_to="").order_by("name")
    return [group for group in groups if destination(group) is None]


def card_of(ticket: Ticket) -> Card:
    """What is announced: what it is, where, by whom, and its address."""
    tracker = ticket.channel.type.tracker
    ref = tracker.locate(ticket.permalink) if tracker and ticket.permalink else None
    place = str(ticket.source)
    what = WORDS.get(ref.kind, "New question") if ref else "New question"
    number = f" #{ref.number}" if ref else ""
    who = (ticket.asker.handle or ticket.asker.label) if ticket.asker else "somebody"
    fields = (("Where", place), ("By", who), ("Group", str(ticket.source and ticket.source.group)))
    opened = Button(action="desk_open", label="Open it", url=ticket.permalink)
    return Card(
        title=f"{what}{number}: {ticket.subject}",
        key=str(ticket.pk),
        parts=(CardPart(fields=fields, controls=(opened,) if ticket.permalink else ()),),
    )
