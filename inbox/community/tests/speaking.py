"""Somebody who said something, and the quote of it, for tests."""

from datetime import timedelta
from typing import Any

from inbox.community import quotes
from inbox.community.records import Consent, Quote
from inbox.tickets.models import Message, Ticket
from rig.desk import NOW, act, agent, asker, ticket, writes

SAID = "Since we moved,  our nightly run takes\nten minutes instead of two hours. Thank you!"
WORDS = "our nightly run takes ten minutes"
VERBATIM = "our nightly run takes\nten minutes"


def said(name: str = "mira", **fields: Any) -> Message:
    """A message of somebody on a ticket of theirs."""
    who = asker(name)
    row = ticket(who=who, **fields)
    return writes(row, who, at=NOW, new_text=SAID, body_text=SAID, sender_key=who.external_id)


def kept(message: Message, words: str = WORDS, **fields: Any) -> Quote:
    """A quote of it."""
    row = Ticket.objects.get(pk=message.ticket_id)
    found: Quote = act(quotes.keep, row, message=message, words=words, **fields)
    return found


def quote_with(state: str, name: str = "", **fields: Any) -> Quote:
    """A quote of somebody of their own, with that consent."""
    quote = kept(said(name or f"asker-{state}".replace("_", "-")))
    if state == Consent.WITHDRAWN:
        act(quotes.answer, quote, state=Consent.ATTRIBUTED, words="on a call", at=NOW)
        act(quotes.withdraw, quote, at=NOW + timedelta(hours=1))
    elif state == Consent.ASKED:
        act(quotes.ask, fresh(quote), body="May we?", user=agent("ana"))
    elif state != Consent.NOT_ASKED:
        act(quotes.answer, quote, state=state, words="on a call", **fields)
    return fresh(quote)


def fresh(quote: Quote) -> Quote:
    """The quote as it is now."""
    return Quote.objects.select_related("message__ticket", "identity__contact").get(pk=quote.pk)
