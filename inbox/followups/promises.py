"""Promises: offered when an answer sounds like one, made by one click, kept by the next answer."""

from datetime import datetime

from inbox.accounts.models import User
from inbox.common import work
from inbox.common.config import setting
from inbox.followups import phrases
from inbox.followups.models import OfferState, PromiseOffer
from inbox.notify.services import zone_of
from inbox.sla import clocks
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Ticket, TicketEvent


def offer(event: TicketEvent) -> None:
    """Look for a promise in what a person of ours has just answered."""
    message: Message | None = work.current().objects.get(("message", event.data["message"]))
    user = message.author_user if message is not None else None
    if message is None or user is None:
        return
    found = phrases.find(
        message.new_text or message.body_text,
        at=work.current().now,
        zone=zone_of(user),
        closes=setting("working_hours")[1],
    )
    if found is not None:
        PromiseOffer.objects.create(
            ticket=event.ticket, message=message, user=user, words=found.words, due_at=found.due_at
        )
        tickets.record(event.ticket, kinds.PROMISE_OFFERED, words=found.words)


def promise(ticket: Ticket, *, due_at: datetime, words: str = "") -> Ticket:
    """Promise something by a moment; it is ours to keep, so the ticket waits on us again."""
    ticket = tickets.lock(ticket.pk)
    if due_at <= work.current().now:
        raise VerbError("Promise a time that is still to come.", field="due_at")
    if not ticket.is_live:
        raise VerbError("Reopen this ticket before promising anything.", field="due_at")
    clocks.promise(ticket, due_at=due_at, words=words)
    if (ticket.status, ticket.waiting_on) == ("in_progress", "them"):
        tickets.wait(ticket, on="research", why="a promise was made")
    tickets.record(ticket, kinds.PROMISED, due_at=due_at.isoformat(), words=words[:200])
    return ticket


def answer_offer(row: PromiseOffer, *, make: bool, due_at: datetime | None = None) -> None:
    """One click: it is a promise, or it is none."""
    state = OfferState.PROMISED if make else OfferState.DISMISSED
    mine = PromiseOffer.objects.filter(pk=row.pk, state=OfferState.OFFERED)
    if mine.update(state=state) and make:
        promise(row.ticket, due_at=due_at or row.due_at, words=row.words)


def open_offer(ticket: Ticket) -> PromiseOffer | None:
    """The newest phrase that nobody has decided on; only the last answer's counts."""
    return ticket.offers.filter(state=OfferState.OFFERED).order_by("-pk").first()


def ask_team(
    ticket: Ticket, *, question: str, tell: str, user: User, due_at: datetime | None = None
) -> Ticket:
    """Ask internally and tell the user, in one action (S77).

    A note with the question, an answer that says so, and the ticket waits on our research.
    """
    if not question.strip():
        raise VerbError("Write what you want to ask.", field="question")
    ticket = tickets.lock(ticket.pk)
    tickets.add_note(ticket, body=f"**Question to the team:** {question}", user=user)
    tickets.reply(ticket, body=tell.strip() or setting("asking_the_team"), user=user)
    if not ticket.is_live:
        tickets.reopen(ticket, why="asking the team")
    tickets.wait(ticket, on="research", why="asking the team")
    tickets.record(ticket, kinds.ASKED_TEAM, question=question[:300])
    if due_at is not None:
        promise(ticket, due_at=due_at, words="asking the team")
    return ticket
