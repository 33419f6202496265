"""From a ticket of another desk to ours: how it stands, and its events with their own times.

Nothing here reads or writes the database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inbox.accounts.models import User
from inbox.channels.models import Channel
from inbox.channels.ports import ImportedTicket
from inbox.intake.subjects import first_words
from inbox.tickets import kinds
from inbox.tickets.models import (
    LIVE,
    Attachment,
    Message,
    Priority,
    Resolution,
    Status,
    Thread,
    Ticket,
    TicketEvent,
    Visibility,
    WaitingOn,
)

ACTOR = "history"  # on every event that a history brings; others show that somebody worked on it
# these need a link or a note, which no other desk can give us
NEEDS_MORE = {Resolution.BECAME_ISSUE, Resolution.DOCS_GAP, Resolution.MOVED_TO_DM}
NO_REASON = "On hold at the former desk"
TURNS = {Status.OPEN: WaitingOn.US, Status.IN_PROGRESS: WaitingOn.THEM}
STATUSES = (*LIVE, Status.CLOSED, Status.TRASHED, Status.SPAM)


@dataclass(kw_only=True)
class Case:
    """One ticket of a page on its way in."""

    told: ImportedTicket
    # files by the key of their message, already on disk or with an address to fetch them from
    files: dict[str, list[Attachment]] = field(default_factory=dict)
    ticket: Ticket = field(default_factory=Ticket)
    thread: Thread = field(default_factory=Thread)
    is_new: bool = True
    # this or an earlier run made it, and nobody has worked on it since: it follows the other desk
    follows: bool = True
    was: tuple[str, int | None] = ("", None)  # status and owner before
    messages: list[Message] = field(default_factory=list)  # those that were not here
    tags: list[str] = field(default_factory=list)  # those that were not on it


def tags_of(told: ImportedTicket) -> list[str]:
    """Its tags as we keep them."""
    return sorted({tag.strip()[:80] for tag in told.tags if tag.strip()})


def title_of(told: ImportedTicket) -> str:
    """Its subject, or its first words."""
    messages = told.batch.messages
    subject = next((m.subject for m in messages if m.subject.strip()), "")
    text = subject.strip() or (first_words(messages[0].text) if messages else "")
    return text[:250] or "(no subject)"


def status_of(told: ImportedTicket) -> str:
    """One of our statuses; what we do not know is open, so that somebody looks."""
    return told.status if told.status in STATUSES else Status.OPEN


def moment_of(told: ImportedTicket) -> datetime:
    """Since when it stands as it does."""
    closed = told.closed_at if told.status == Status.CLOSED else None
    return closed or told.updated_at


def standing(told: ImportedTicket, owner: User | None, now: datetime) -> dict[str, Any]:
    """The fields that follow the other desk."""
    status = status_of(told)
    resolution = told.resolution if told.resolution in Resolution.values else Resolution.SOLVED
    away = status in (Status.TRASHED, Status.SPAM)
    return {
        "status": status,
        "waiting_on": TURNS.get(Status(status), ""),
        "resolution": _resolution(resolution) if status == Status.CLOSED else "",
        "closed_at": moment_of(told) if status == Status.CLOSED else None,
        "hold_reason": (told.hold_reason.strip() or NO_REASON)[:500]
        if status == Status.ON_HOLD
        else "",
        "trashed_at": now if away else None,  # its days in the trash begin here
        "status_before": Status.OPEN if away else "",
        "priority": told.priority if told.priority in Priority.values else Priority.NORMAL,
        "owner": owner,
        "waiting_since": moment_of(told),
    }


def _resolution(wanted: str) -> str:
    return Resolution.SOLVED if wanted in NEEDS_MORE else wanted


# ------------------------------------------------------------------ events


def events_of(case: Case, channel: Channel) -> list[TicketEvent]:
    """What happened to it, in the order in which it happened; each with its own time."""
    found = [*_said(case), *_tagged(case)]
    if case.follows:
        found += [*_owned(case), *_moved(case)]
    if case.is_new:
        first = min([case.told.created_at, *(event.at for event in found)])
        opened = _event(case, kinds.OPENED, first, channel=str(channel))
        return [opened, *sorted(found, key=lambda event: event.at)]
    return sorted(found, key=lambda event: event.at)


def _event(case: Case, kind: str, at: datetime, **data: Any) -> TicketEvent:
    return TicketEvent(
        ticket=case.ticket, kind=kind, at=at, actor_kind="system", actor_label=ACTOR, data=data
    )


def _said(case: Case) -> Iterator[TicketEvent]:
    for number, message in enumerate(sorted(case.messages, key=lambda m: m.sent_at)):
        kind = kinds.MESSAGE_OUT if message.direction == "out" else kinds.MESSAGE_IN
        if message.visibility == Visibility.INTERNAL:
            kind = kinds.NOTE
        data = {
            "message": message.pk,
            "role": message.role,
            "class": message.message_class,
            "quiet": message.message_class != "normal",
            "first": case.is_new and number == 0,
        }
        more = {"automatic": False} if kind == kinds.MESSAGE_OUT else {}
        yield _event(case, kind, message.sent_at, **more, **data)


def _tagged(case: Case) -> Iterator[TicketEvent]:
    if case.tags:
        yield _event(case, kinds.TAGGED, case.told.updated_at, tags=case.tags, why=ACTOR)


def _owned(case: Case) -> Iterator[TicketEvent]:
    told, owner = case.told, case.ticket.owner
    _, before = case.was
    if owner is not None and owner.pk != before:
        data = {"from": before, "to": owner.username, "why": ACTOR}
        yield _event(case, kinds.ASSIGNED, told.updated_at, **data)
    elif owner is None and told.assignee_email and case.is_new:
        words = f"{told.assignee_email}, who has no account here"
        yield _event(
            case, kinds.ASSIGNED, told.updated_at, **{"from": None, "to": words, "why": ACTOR}
        )


def _moved(case: Case) -> Iterator[TicketEvent]:
    ticket, at = case.ticket, moment_of(case.told)
    before, _ = case.was
    if ticket.status == before:
        return
    data = {"from": before, "to": ticket.status, "waiting_on": ticket.waiting_on, "why": ACTOR}
    yield _event(case, kinds.STATUS, at, **data)
    if ticket.status == Status.CLOSED:
        yield _event(case, kinds.CLOSED, at, resolution=ticket.resolution, note="")
    elif ticket.status == Status.ON_HOLD:
        yield _event(case, kinds.HELD, at, reason=ticket.hold_reason)


# ------------------------------------------------------------------ what follows from messages


def count_in(ticket: Ticket, messages: Sequence[Message]) -> None:
    """How many there are, which is the last, who spoke last; an answer is as in `filing`."""
    for message in messages:
        ticket.message_count += 1
        if ticket.last_message_at is None or message.sent_at >= ticket.last_message_at:
            ticket.last_message_at, ticket.last_message_id = message.sent_at, message.pk
        if message.visibility == Visibility.INTERNAL or message.message_class != "normal":
            continue
        if message.role == "asker":
            ticket.asked_at = max(ticket.asked_at or message.sent_at, message.sent_at)
        else:
            ticket.answered_at = max(ticket.answered_at or message.sent_at, message.sent_at)
