"""Labels as triage: what is to be looked at, what product decides, what the community may take.

The names are settings and count exactly as they are written at the vendor, emoji and all.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from inbox.accounts.models import User
from inbox.channels.contract import Capability
from inbox.common import work
from inbox.common.config import setting
from inbox.outbox import deciding, effects
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Message, Thread, ThreadRole, Ticket, TicketEvent

LABEL = "label"
ON_ITS_WAY = (OutgoingState.QUEUED, OutgoingState.SENDING, OutgoingState.UNCERTAIN)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What product can decide on a Monday (S49); `labels` are names of settings."""

    words: str
    labels: tuple[str, ...]
    icon: str


# What is open to contribution is part of the community's backlog (S52).
OUTCOMES = {
    "sprint": Outcome(words="Sprint task", labels=("label_sprint",), icon="bolt"),
    "community": Outcome(words="Community backlog", labels=("label_community",), icon="people"),
    "contribution": Outcome(
        words="Open to contribution",
        labels=("label_community", "label_contribution"),
        icon="git-pr",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Relabelled:
    """What changed, here or at the vendor: the opposite is its undo."""

    added: list[str]
    removed: list[str]


def relabel(ticket: Ticket, add: Iterable[str], remove: Iterable[str], why: str = "") -> Relabelled:
    """Change labels: the ticket's tags, and the labels of its conversations at the vendor.

    Nothing is sent for what only repeats the vendor's own word.
    """
    ticket = tickets.lock(ticket.pk)
    add = [name.strip() for name in add if name.strip()]
    remove = [name.strip() for name in remove if name.strip() and name.strip() not in add]
    had = set(ticket.tags.values_list("name", flat=True))
    added, removed = set(add) - had, set(remove) & had
    tickets.remove_tags(ticket, remove, why=why)
    tickets.add_tags(ticket, add, why=why)
    for thread in ticket.threads.filter(role=ThreadRole.CUSTOMER).select_related(
        "channel", "source"
    ):
        if Capability.LABEL in thread.channel.type.capabilities:
            fresh = [name for name in add if name not in thread.labels]
            gone = [name for name in remove if name in thread.labels]
            _write(ticket, thread, fresh, gone)
            added, removed = added | set(fresh), removed | set(gone)
    return Relabelled(added=sorted(added), removed=sorted(removed))


def _write(ticket: Ticket, thread: Thread, add: list[str], remove: list[str]) -> None:
    current = work.current()
    if not (add or remove):
        return
    thread.labels = [name for name in thread.labels if name not in remove] + add
    thread.save(update_fields=["labels"])
    if current.actor.echo or current.historic:
        return
    place = thread.source.external_key if thread.source else ""
    data = {"thread_key": thread.thread_key, "place": place, "add": add, "remove": remove}
    effects.queue_effect(thread.channel, LABEL, data=data, ticket=ticket)


def with_ours(thread: Thread, labels: Iterable[str], at: datetime) -> list[str]:
    """The vendor's labels of a moment, with what we have changed and it had not heard of then.

    Its word may have been on the way while somebody decided here; it must undo nothing.
    """
    found = list(labels)
    if set(found) == set(thread.labels):
        return found
    unheard = Q(state__in=ON_ITS_WAY) | Q(state=OutgoingState.SENT, sent_at__gt=at)
    ours = Outgoing.objects.filter(
        unheard,
        ticket__in=[thread.ticket_id, *thread.moved_from],
        kind=effects.EFFECT,
        payload__effect=LABEL,
        payload__thread_key=thread.thread_key,
    )
    for row in ours.order_by("pk"):
        found = [name for name in found if name not in row.payload["remove"]]
        found += [name for name in row.payload["add"] if name not in found]
    return found


# ------------------------------------------------------------------ what people do


def scope(ticket: Ticket, *, body: str, user: User) -> Message:
    """It needs scoping: say so, and hand it from triage to product, in one go (S48)."""
    relabel(ticket, [setting("label_review")], [setting("label_triage")], why="needs scoping")
    return _comment(ticket, body, user)


def refer(ticket: Ticket, *, why: str, user: User) -> Message:
    """Show product something interesting; the note says what (S46)."""
    note = tickets.add_note(ticket, body=why, user=user)
    relabel(ticket, [setting("label_review")], [], why=why)
    return note


def _comment(ticket: Ticket, body: str, user: User) -> Message:
    return tickets.reply(ticket, body=body, user=user, delay_seconds=int(setting("undo_seconds")))


def decide(
    ticket: Ticket, outcome: str, *, user: User, why: str = "", tell: bool = False
) -> TicketEvent:
    """What product decided; the reason is a comment if they are to be told, else a note (S49)."""
    chosen = OUTCOMES.get(outcome)
    if chosen is None:
        raise VerbError(f"“{outcome}” is nothing that product decides.", field="outcome")
    if tell and not why.strip():
        raise VerbError("Write what they are to be told.", field="why")
    ticket, review = tickets.lock(ticket.pk), setting("label_review")
    if not ticket.tags.filter(name=review).exists():
        raise VerbError("Somebody has decided this already.")
    done = relabel(ticket, [setting(name) for name in chosen.labels], [review], why=why)
    message = None
    if tell:
        message = _comment(ticket, why, user)
    elif why.strip():
        message = tickets.add_note(ticket, body=f"{chosen.words}: {why}", user=user)
    return tickets.record(
        ticket,
        kinds.DECIDED,
        outcome=outcome,
        words=chosen.words,
        why=why.strip()[:500],
        told=message.pk if message and tell else None,
        added=done.added,
        removed=done.removed,
    )


def undo(decision: TicketEvent) -> bool:
    """Take a decision back; False when its comment has left already and stays."""
    ticket = tickets.lock(decision.ticket_id)
    last = ticket.events.filter(kind=kinds.DECIDED).order_by("-pk").first()
    if last is None or last.pk != decision.pk or not decision.data["outcome"]:
        raise VerbError("This was decided anew meanwhile.")
    relabel(ticket, decision.data["removed"], decision.data["added"], why="decision taken back")
    tickets.record(ticket, kinds.DECIDED, outcome="", words="nothing after all", why="")
    told = decision.data["told"]
    return told is None or _withheld(told)


def _withheld(message_id: int) -> bool:
    row = Outgoing.objects.filter(message=message_id, state=OutgoingState.QUEUED).first()
    with suppress(NotAllowed):  # it left while we looked
        if row is not None:
            deciding.discard(row)
            return True
    return False


# ------------------------------------------------------------------ what was decided


def decisions(since: datetime, *, visible: Iterable[Ticket]) -> list[TicketEvent]:
    """The decisions that hold, newest first: the last one of each ticket, if not taken back."""
    rows = TicketEvent.objects.filter(kind=kinds.DECIDED, at__gte=since, ticket__in=visible)
    shown = rows.select_related("ticket", "ticket__source", "actor_user").order_by("-at", "-pk")
    found: dict[int, TicketEvent] = {}
    for event in shown:
        found.setdefault(event.ticket_id, event)
    return [event for event in found.values() if event.data["outcome"]]


def monday(today: datetime) -> datetime:
    """The start of the Monday for which the agenda is: today if it is one, else the coming one."""
    ahead = timedelta(days=-today.weekday() % 7)
    return (today + ahead).replace(hour=0, minute=0, second=0, microsecond=0)
