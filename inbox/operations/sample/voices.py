"""What people of the demo community said that may be quoted, and talks with some of them."""

from datetime import datetime, timedelta
from functools import partial

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.community import interviews, quotes
from inbox.community.records import Consent
from inbox.people.models import Contact
from inbox.tickets.models import Message

STATES = (
    Consent.ATTRIBUTED, Consent.BLINDED, Consent.NOT_ASKED, Consent.REFUSED, Consent.WITHDRAWN,
)  # fmt: skip
CREDITS = {Consent.BLINDED: "A data engineer in the energy sector"}
SHORTEST, LONGEST = 60, 400


def make(user: User, first: Contact, now: datetime) -> int:
    """One quote of each kind by somebody else each, `first` before the others; how many."""
    rows = Message.objects.filter(
        direction="in", visibility="public", author__user=None, ticket__restricted_team=None
    ).select_related("author__contact", "ticket")
    ordered = [*rows.filter(author__contact=first).order_by("pk"), *rows.order_by("pk")]
    said: dict[int, Message] = {}
    for message in ordered:
        fits = SHORTEST < len(message.new_text) < LONGEST and quotes.can_be_quoted(message)
        if fits and message.author is not None:
            said.setdefault(message.author.contact_id, message)
    chosen = list(zip(STATES, said.values(), strict=False))
    for n, (state, message) in enumerate(chosen):
        with pipeline.change(Actor.user(user), now=now - timedelta(days=len(STATES) - n)):
            _quote(message, state)
    _talks(user, first, now)
    return len(chosen)


def _quote(message: Message, state: Consent) -> None:
    kept = quotes.keep(message.ticket, message=message, words=message.new_text)
    if state == Consent.NOT_ASKED:
        return
    first = Consent.ATTRIBUTED if state == Consent.WITHDRAWN else state
    credit = CREDITS.get(state, "")
    quotes.answer(kept, state=first, words="Said so on a call", credit=credit)
    if state == Consent.WITHDRAWN:
        quotes.withdraw(kept, words="Changed employers")


def _talks(user: User, first: Contact, now: datetime) -> None:
    """One that was held, and one that is still to come."""
    day = timedelta(days=1)
    begin = partial(interviews.begin, first, user=user)
    with pipeline.change(Actor.user(user), now=now - 30 * day):
        held = begin(about="How the nightly runs are watched", held_at=now - 20 * day)
    with pipeline.change(Actor.user(user), now=now - 20 * day):
        interviews.change(
            held,
            state="held",
            held_at=now - 20 * day,
            about=held.about,
            notes="Watches the runs from a phone. Would like one message a morning, not one a run.",
        )
    with pipeline.change(Actor.user(user), now=now - day):
        begin(about="Log-based replication", held_at=now + 3 * day)
