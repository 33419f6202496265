"""What happens here, told to the other desk where the conversation also lives.

Closing, opening, the owner and, where a channel's setting says so, the team's notes. What still
waits is withdrawn when it is taken back here, or when something newer is said there.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from inbox.channels import directory
from inbox.channels.contract import Capability, SendReceipt
from inbox.channels.marks import note_keys
from inbox.channels.models import Channel
from inbox.channels.specs import MIRROR_NOTES, YES
from inbox.common import work
from inbox.common.config import setting
from inbox.outbox.effects import EFFECT, author_key, place_of, queue_effect
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Status, Thread, ThreadRole, Ticket, TicketEvent

STANDS = ("close", "reopen")
AWAY = {Status.SPAM, Status.TRASHED, Status.MERGED}
NOBODY = "nobody"
OWN_NOTE = "note:"  # before the key of a note that has no id at a vendor's
_LEFT = Q(state__in=[OutgoingState.SENDING, OutgoingState.UNCERTAIN])
# it was tried and will be again, so it counts as said
UNDER_WAY = _LEFT | Q(state=OutgoingState.QUEUED, attempts__gt=0)
# it may be there without our knowing: nobody waits for what surely did not leave
UNSURE = _LEFT | Q(state=OutgoingState.QUEUED, probes__gt=0)


def on_event(event: TicketEvent) -> None:
    """Part of the outbox's step: only for what was decided here, not what repeats the vendor."""
    react = REACTIONS.get(event.kind)
    if react is not None and event.ticket.status not in AWAY:
        react(event.ticket, event)


def person_key(external_id: str) -> str:
    """How a thread keeps who has it there."""
    return f"id:{external_id}"[:255] if external_id else NOBODY


def _threads(ticket: Ticket, capability: Capability) -> list[Thread]:
    """The ticket's conversations whose kind can do it.

    A part that was split off has no say over the whole conversation.
    """
    if not directory.anywhere(capability):
        return []
    rows = ticket.threads.filter(role=ThreadRole.CUSTOMER).select_related("channel", "source")
    return [
        thread
        for thread in rows
        if capability in thread.channel.type.capabilities and thread.outer_key == thread.thread_key
    ]


def _rows(thread: Thread, *effects: str) -> QuerySet[Outgoing]:
    return Outgoing.objects.filter(
        channel=thread.channel_id,
        ticket=thread.ticket_id,
        kind=EFFECT,
        payload__effect__in=effects,
        payload__thread_key=thread.thread_key,
    )


def _withdraw(thread: Thread, *effects: str) -> None:
    """Take back what nobody has tried to send yet."""
    _rows(thread, *effects).filter(state=OutgoingState.QUEUED, attempts=0).delete()


def _queue(thread: Thread, effect: str, **data: Any) -> None:
    """A row that leaves once it can no longer be taken back."""
    data = {"thread_key": thread.thread_key, "place": place_of(thread), **data}
    delay = timedelta(seconds=int(setting("undo_seconds")))
    queue_effect(thread.channel, effect, data=data, ticket=thread.ticket, delay=delay)


# ------------------------------------------------------------------ closed and opened


def _stand(ticket: Ticket, event: TicketEvent) -> None:
    """A one-to-one conversation ends there when it ends here, and opens again with it."""
    effect = "close" if event.kind == kinds.CLOSED else "reopen"
    for thread in _threads(ticket, Capability.CLOSE):
        if not thread.channel.type.one_to_one:
            continue
        _withdraw(thread, *STANDS)
        if _will_stand(thread) != effect:
            _queue(thread, effect, reason=ticket.resolution)


def _will_stand(thread: Thread) -> str:
    """How the conversation stands there once everything that is under way has arrived."""
    last = _rows(thread, *STANDS).filter(UNDER_WAY).order_by("-pk").first()
    if last is not None:
        return str(last.payload["effect"])
    return "close" if thread.is_closed else "reopen"


def closed_by_us(thread: Thread) -> bool:
    """Whether it is closed there because it was closed here."""
    if not thread.channel.type.one_to_one:
        return False
    last = _rows(thread, *STANDS).order_by("-pk").first()
    return last is not None and last.payload["effect"] == "close"


def settled(thread: Thread, ticket: Ticket) -> None:
    """The vendor says how it stands: what waits is withdrawn where that is done, or overtaken."""
    if thread.channel.type.one_to_one:
        done_there = "close" if thread.is_closed else "reopen"
        overtaken_here = "reopen" if ticket.status == Status.CLOSED else "close"
        _withdraw(thread, done_there, overtaken_here)


# ------------------------------------------------------------------ whose it is


def _assigned(ticket: Ticket, event: TicketEvent) -> None:
    """The owner there follows ours, where we know who that is at the vendor's."""
    for thread in _threads(ticket, Capability.ASSIGN):
        _withdraw(thread, "assign")
        person = author_key(ticket.owner_id, thread.channel)
        if ticket.owner_id is not None and not person:
            words = f"is not known at {thread.channel.type.label}, so it stays with whom it was"
            name = ticket.owner.display_name if ticket.owner else ""
            tickets.record(ticket, kinds.ELSEWHERE, words=f"saw that {name} {words}")
        elif _will_have(thread) != person_key(person):
            _queue(thread, "assign", person=person)


def _will_have(thread: Thread) -> str:
    """Who has it there once everything that is under way has arrived; nobody, if never said."""
    last = _rows(thread, "assign").filter(UNDER_WAY).order_by("-pk").first()
    return person_key(last.payload["person"]) if last else thread.assignee_key or NOBODY


def is_assigning(thread: Thread, key: str) -> bool:
    """Whether this is what we are saying ourselves right now."""
    last = _rows(thread, "assign").filter(UNDER_WAY).order_by("-pk").first()
    return last is not None and person_key(last.payload["person"]) == key


def overtaken(thread: Thread) -> None:
    """It was given to somebody there, later than here: what waits is withdrawn."""
    _withdraw(thread, "assign")


# ------------------------------------------------------------------ notes


def _noted(ticket: Ticket, event: TicketEvent) -> None:
    """A person's note from the desk, where the channel's setting wants it kept there too.

    An effect, never a message: no way to the customer is open to it (architecture, section 5).
    """
    message: Message = work.current().objects["message", event.data["message"]]
    if message.delivery_id is not None or message.author_user_id is None:
        return
    thread = message.thread
    if thread.role != ThreadRole.CUSTOMER or ticket.restricted_team_id is not None:
        return
    if not mirrors_notes(thread.channel):
        return
    data = {
        "thread_key": thread.outer_key,
        "place": place_of(thread),
        "text": message.body_text,
        "author_name": message.author_label,
        "author_key": author_key(message.author_user_id, thread.channel),
        "note_of": message.pk,
    }
    queue_effect(thread.channel, "note", data=data, ticket=ticket, repeatable=False)


def mirrors_notes(channel: Channel) -> bool:
    """Whether notes of the desk are kept at this channel's vendor; off unless it is said."""
    can = Capability.NOTE in channel.type.capabilities
    return can and channel.config.get(MIRROR_NOTES.name).strip().lower() in YES


def own_note(channel: Channel, texts: list[str], key: str) -> bool:
    """Whether a note that came in carries the marker of one that we sent; it is named then."""
    keys = note_keys(*texts)
    if not keys:
        return False
    rows = Outgoing.objects.filter(channel=channel, kind=EFFECT, idempotency_key__in=keys)
    return any(_name_note(row, key) for row in rows)


def _name_note(row: Outgoing, key: str) -> bool:
    """Keep the vendor's id of our note; False when it has another one: this is a copy of it."""
    mine = Message.objects.filter(pk=row.payload.get("note_of", 0))
    try:
        with transaction.atomic():
            if mine.filter(external_id__startswith=OWN_NOTE).update(external_id=key[:500]):
                return True
    except IntegrityError:
        return True  # it was filed a moment before we heard of its id
    return mine.filter(external_id=key[:500]).exists()


def is_on_its_way(channel: Channel, thread_key: str) -> bool:
    """Whether something of ours may be in this conversation whose id nobody has told us yet."""
    ours = Q(message__isnull=False) | Q(kind=EFFECT, payload__effect="note")
    rows = Outgoing.objects.filter(UNSURE & ours, channel=channel)
    return rows.filter(payload__thread_key=thread_key).exists()


# ------------------------------------------------------------------ what was done there


def done(row: Outgoing, receipt: SendReceipt, at: datetime) -> None:
    """Remember how the conversation stands there now, unless something newer was said of it."""
    effect = row.payload.get("effect")
    if effect == "note" and receipt.external_id:
        _name_note(row, receipt.external_id)
    change = _changes(row.payload) if effect in (*STANDS, "assign") else {}
    channel = directory.by_id(row.channel_id)
    if not change or not (channel.type.one_to_one or effect == "assign"):
        return
    if row.ticket_id is not None:
        tickets.lock(row.ticket_id)
    threads = Thread.objects.filter(realm=channel.realm, thread_key=row.payload["thread_key"])
    threads.filter(Q(state_at=None) | Q(state_at__lte=at)).update(**change)


def _changes(payload: dict[str, Any]) -> dict[str, Any]:
    if payload["effect"] == "assign":
        return {"assignee_key": person_key(payload["person"])}
    return {"is_closed": payload["effect"] == "close"}


REACTIONS: dict[str, Callable[[Ticket, TicketEvent], None]] = {
    kinds.CLOSED: _stand,
    kinds.REOPENED: _stand,
    kinds.ASSIGNED: _assigned,
    kinds.NOTE: _noted,
}
