"""Cards in their places: posted once, changed with what they show, concealed when they must be."""

from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db.models import Q

from inbox.channels.contract import Button, Card, CardPart
from inbox.common import work
from inbox.common.queue import Job, enqueue
from inbox.mirrors.models import MirrorCard, MirrorTarget, Purpose
from inbox.outbox.effects import card_data, queue_effect
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.tickets.models import Thread, ThreadRole, Ticket

ROLES: dict[str, str] = {Purpose.BRIDGE: ThreadRole.BRIDGE}  # what the thread under a card is
FOLLOWING = (Purpose.TRIAGE, Purpose.BRIDGE)  # cards that change with their ticket


def post(
    ticket: Ticket,
    target: MirrorTarget,
    card: Card,
    *,
    link_of: str = "",
    thread: Thread | None = None,
    mark: str = "",
) -> MirrorCard:
    """Post a card, once per place. `thread`: the conversation that it stands for, if only one."""
    home = home_of(thread) if thread else ticket.pk
    where = {"ticket_id": home, "channel": target.channel, "purpose": target.purpose}
    known = MirrorCard.objects.filter(**where).select_related("outgoing").first()
    if known is not None:
        return known
    row = queue_effect(
        target.channel,
        "card",
        data={
            "place": target.place,
            "card": card_data(card),
            "thread_role": ROLES.get(target.purpose, ThreadRole.TRIAGE),
            "moved_from": thread.moved_from if thread else [],
            "link_of": link_of,
        },
        ticket=ticket,
        repeatable=False,
        lane=f"{target.channel_id}:{target.place}",
    )
    shown = _mark(card, mark)
    return MirrorCard.objects.create(**where, place=target.place, outgoing=row, shown=shown)


def home_of(thread: Thread) -> int:
    """The ticket that a conversation began on: merges move threads, its card stays where it is."""
    return int(thread.moved_from[0]) if thread.moved_from else thread.ticket_id


def of(ticket: Ticket) -> list[MirrorCard]:
    """The cards of a ticket, and of the chats that were merged into it."""
    came = ticket.threads.exclude(moved_from=[]).filter(role=ThreadRole.BRIDGE)
    homes = [home_of(thread) for thread in came]
    rows = MirrorCard.objects.filter(Q(ticket=ticket) | Q(ticket__in=homes))
    return list(rows.filter(purpose__in=FOLLOWING).select_related("outgoing", "channel"))


def change(
    known: MirrorCard,
    card: Card,
    *,
    ticket: Ticket,
    link_of: str = "",
    delay: timedelta = timedelta(),
    mark: str = "",
) -> None:
    """Show something else. A change that has not left yet is replaced: a busy ticket is one call.

    Until the card is posted its changes wait behind it; then they hold up nobody's words.
    """
    shown = _mark(card, mark)
    if shown == known.shown:
        return
    posted, own = known.outgoing.lane, f"card:{known.pk}"
    here = Outgoing.objects.filter(lane__in=[posted, own], state=OutgoingState.QUEUED)
    waiting = here.filter(payload__target_of=known.outgoing_id, payload__effect="card")
    due = waiting.order_by("pk").values_list("not_before", flat=True).first()
    if due is not None:
        delay = max(due - work.current().now, timedelta())
        waiting.delete()
    row = queue_effect(
        known.channel,
        "card",
        data={"card": card_data(card), "target_of": known.outgoing_id, "link_of": link_of},
        ticket=ticket,
        lane=own if known.outgoing.state == OutgoingState.SENT else posted,
        delay=delay,
    )
    if delay:
        enqueue(Job.DELIVER, row.pk, after_seconds=delay.total_seconds())
    MirrorCard.objects.filter(pk=known.pk).update(shown=shown)


def conceal(
    ticket: Ticket,
    *,
    title: str = "",
    text: str = "It goes on at the desk. What is written here stays here.",
) -> None:
    """From now on only a team may see it: what was shown goes, what waits never leaves."""
    title = title or f"#{ticket.pk} is restricted now"
    card = Card(title=title, key=str(ticket.pk), parts=(CardPart(small=text),))
    for known in of(ticket):
        if known.outgoing.state == OutgoingState.QUEUED and not known.outgoing.attempts:
            row = known.outgoing
            known.delete()
            row.delete()
        else:
            change(known, card, ticket=ticket)


def controls_of(
    ticket: Ticket, *, told: str = "The requester sees a tick on the thread."
) -> tuple[Button, ...]:
    """What can be pressed on a ticket's card; `told` is what closing says to the other side."""
    number = str(ticket.pk)
    url = settings.BASE_URL.rstrip("/") + ticket.get_absolute_url()
    opened = Button(action="desk_open", label="Open in desk", url=url)
    if not ticket.is_live:
        return (Button(action="desk_reopen", label="Reopen", value=number), opened)
    claim = Button(action="desk_claim", label="Claim", value=number, style="primary")
    close = Button(action="desk_close", label="Close", value=number, style="danger", confirm=told)
    hold = Button(action="desk_hold", label="Put on hold", value=number)
    free = (claim,) if ticket.owner_id is None else ()
    return (*free, close, hold, opened)


def _mark(card: Card, mark: str) -> str:
    """What a card shows, in short; a mark in front can be looked for."""
    digest = sha256(repr(card).encode()).hexdigest()
    return f"{mark}{digest}"[:64]
