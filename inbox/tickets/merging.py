"""Merging: threads move, so later replies follow by themselves; what came along goes back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max, Q

from inbox.accounts.models import User
from inbox.common import work
from inbox.tickets import kinds, queries, status
from inbox.tickets.belonging import add_tags, assign, remove_tags
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import (
    AuthorRole,
    Resolution,
    Status,
    Thread,
    Ticket,
    Visibility,
    WaitingOn,
)
from inbox.tickets.recording import lock, lock_all, own, record, touch

SAID = Q(visibility=Visibility.PUBLIC, message_class="normal")
ASKED = SAID & Q(role=AuthorRole.ASKER)
ANSWERED = SAID & ~Q(role__in=[AuthorRole.ASKER, AuthorRole.BOT])


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a merge does to the ticket that stays: shown before it, done by it."""

    owner: User | None  # who gets it, because nobody has it
    tags: tuple[str, ...]  # that it did not have
    reopens: bool  # an answer is owed, and it did not stand so


def plan(ticket: Ticket, into: Ticket) -> Plan:
    """Raises `VerbError` where the two cannot become one."""
    refuse(ticket, into)
    known = set(into.tags.values_list("name", flat=True))
    tags = sorted(set(ticket.tags.values_list("name", flat=True)) - known)
    owed = ticket.status == Status.OPEN and ticket.asked_at is not None
    rests = into.status == Status.CLOSED or into.waiting_on == WaitingOn.THEM
    gets = ticket.owner if into.owner_id is None else None
    return Plan(
        owner=gets if gets and gets.is_active else None, tags=tuple(tags), reopens=owed and rests
    )


def refuse(ticket: Ticket, into: Ticket) -> None:
    """Raises `VerbError` where the two cannot become one."""
    if ticket.pk == into.pk:
        raise VerbError("A ticket cannot be merged into itself.", field="into")
    if Status.MERGED in (ticket.status, into.status):
        raise NotAllowed("One of the two is merged already.")
    if into.status in (Status.TRASHED, Status.SPAM):
        raise NotAllowed(f"#{into.pk} is {into.get_status_display().lower()}; restore it first.")
    team = ticket.restricted_team_id
    if team is not None and team != into.restricted_team_id:
        raise NotAllowed(f"#{ticket.pk} is for one team only, and #{into.pk} is not.")


def merge(ticket: Ticket, *, into: Ticket) -> Ticket:
    """Move everything of a ticket into another; the source's clocks stop (L10)."""
    lock_all([ticket.pk, into.pk])
    ticket, into = own(ticket), own(into)
    found = plan(ticket, into)
    stood, was = _standing(ticket), _standing(into)
    for thread in ticket.threads.all():
        _move(thread, into, origin=ticket.pk)
    status.unsnooze(ticket, why="merged")
    before = ticket.status
    status.set_status(ticket, Status.MERGED, waiting_on="", merged_into=into, status_before=before)
    record(ticket, kinds.MERGED, into=into.pk, stood=stood)
    took: dict[str, Any] = {"tags": list(found.tags)}
    if found.owner is not None:
        assign(into, found.owner, why="merged")
        took["owner"] = found.owner.pk
    add_tags(into, list(found.tags), why="merged")
    if found.reopens:
        status.reopen(into, why=f"#{ticket.pk} was merged into it")
        took["was"], took["episode"] = was, into.episode
    record(into, kinds.MERGED, source=ticket.pk, **took)
    recount(ticket)
    recount(into)
    return into


def unmerge(ticket: Ticket) -> Ticket:
    """Undo a merge: the threads that came from this ticket, and what came in them since."""
    went = way_of(ticket.pk)
    lock_all(went)
    ticket = own(ticket)
    if ticket.status != Status.MERGED or len(went) < 2 or way_of(ticket.pk) != went:
        raise NotAllowed("This ticket is not merged.")
    _refuse_blind(went[1:])
    into = lock(went[1])
    # what it was merged into may have been merged further
    for thread in Thread.objects.filter(ticket__in=went[1:]).order_by("pk"):
        if ticket.pk in thread.moved_from:
            _move_back(thread, ticket)
    _stand_again(ticket)
    record(ticket, kinds.UNMERGED, into=into.pk)
    _give_back(into, ticket.pk)
    record(into, kinds.UNMERGED, source=ticket.pk)
    for number in went:
        recount(lock(number))
    return ticket


def _refuse_blind(numbers: list[int]) -> None:
    """What was said where somebody may not look does not come out by their pressing a button."""
    user = User.objects.filter(pk=work.current().actor.user_id or 0).first()
    if user is not None and queries.seen_of(user, numbers) != set(numbers):
        raise NotAllowed("It was merged into a ticket that few people may see; ask one of them.")


def way_of(number: int) -> list[int]:
    """A ticket's number, and where it went by merges, one after the other."""
    went = [number]
    while True:
        rows = Ticket.objects.filter(pk=went[-1], status=Status.MERGED)
        then = rows.values_list("merged_into_id", flat=True).first()
        if then is None or then in went:
            return went
        went.append(then)


def _standing(ticket: Ticket) -> dict[str, Any]:
    closed_at = ticket.closed_at.isoformat() if ticket.closed_at else None
    return {
        "status": ticket.status,
        "waiting_on": ticket.waiting_on,
        "resolution": ticket.resolution,
        "closed_at": closed_at,
    }


def _stand_again(ticket: Ticket) -> None:
    """As before the merge; a merged ticket opens first, only then it takes that up again."""
    event = ticket.events.filter(kind=kinds.MERGED, data__has_key="into").order_by("-pk").first()
    stood = event.data.get("stood") if event else None
    stood = stood or {"status": ticket.status_before, "waiting_on": WaitingOn.THEM}
    status.set_status(ticket, Status.OPEN, waiting_on=WaitingOn.US, merged_into=None)
    if event is None or not ticket.messages.filter(ASKED, filed_at__gt=event.at).exists():
        _back_to(ticket, stood)


def _back_to(ticket: Ticket, stood: dict[str, Any]) -> None:
    wanted = stood["status"]
    if wanted == Status.CLOSED and (ticket.resolution or stood.get("resolution")):
        at = stood.get("closed_at")
        status.set_status(
            ticket,
            wanted,
            waiting_on="",
            resolution=ticket.resolution or stood["resolution"],
            closed_at=datetime.fromisoformat(at) if at else ticket.closed_at,
        )
    elif wanted == Status.ON_HOLD and ticket.hold_reason:
        status.set_status(ticket, wanted, waiting_on="")
    elif wanted == Status.IN_PROGRESS:
        status.set_status(ticket, wanted, waiting_on=stood["waiting_on"])


def _give_back(into: Ticket, source: int) -> None:
    """Take away what came with the merged ticket, where nobody has changed it since."""
    events = into.events.filter(kind=kinds.MERGED, data__source=source).order_by("-pk")
    event = events.first()
    if event is None:
        return
    took = event.data
    if took.get("owner") and took["owner"] == into.owner_id:
        assign(into, None, why="merge undone")
    remove_tags(into, took.get("tags", []), why="merge undone")
    if "was" in took and into.status == Status.OPEN and into.episode == took["episode"]:
        if took["was"]["resolution"] == Resolution.MOVED_TO_DM and not into.resolution_note:
            return
        _back_to(into, took["was"])
        if into.status == Status.CLOSED:
            record(into, kinds.CLOSED, resolution=into.resolution, note="")


def _move(thread: Thread, into: Ticket, *, origin: int) -> None:
    thread.moved_from = [*thread.moved_from, origin]
    thread.ticket = into
    thread.save(update_fields=["ticket", "moved_from"])
    thread.messages.update(ticket=into)


def _move_back(thread: Thread, home: Ticket) -> None:
    place = thread.moved_from.index(home.pk)
    thread.moved_from = thread.moved_from[:place]
    thread.ticket = home
    thread.save(update_fields=["ticket", "moved_from"])
    thread.messages.update(ticket=home)


def recount(ticket: Ticket) -> None:
    """How many messages it has, the newest, and who spoke last, after messages have moved."""
    found = ticket.messages.aggregate(
        newest=Max("pk"),
        last=Max("sent_at"),
        asked=Max("sent_at", filter=ASKED),
        answered=Max("sent_at", filter=ANSWERED),
    )
    ticket.message_count = ticket.messages.count()
    ticket.last_message_id, ticket.last_message_at = found["newest"], found["last"]
    ticket.asked_at, ticket.answered_at = found["asked"], found["answered"]
    touch(ticket, "message_count", "last_message_id", "last_message_at", "asked_at", "answered_at")
