"""One search for both databases: words, phrases in quotes, minus; odd input never errs."""

import re

from django.db import connection
from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.tickets import queries
from inbox.tickets.models import Message, Ticket

MOST_TERMS = 12
LONGEST = 2000
TERM = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')


def parse(text: str) -> tuple[list[str], list[str]]:
    """(terms that must be there, terms that must not)."""
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in TERM.findall(text[:LONGEST]):
        words = re.findall(r"\w+", phrase or word)
        if words:
            (unwanted if minus else wanted).append(" ".join(words))
    return wanted[:MOST_TERMS], unwanted[:MOST_TERMS]


def search(user: User, text: str, *, limit: int = 50) -> list[Ticket]:
    """Tickets that the person may see and that hold every term, newest first."""
    wanted, unwanted = parse(text)
    number = text.strip().lstrip("#")
    tickets = queries.visible_to(user).select_related("channel", "owner", "asker__contact")
    if number.isascii() and number.isdigit() and len(number) < 16:
        exact = list(tickets.filter(pk=int(number)))
        if exact:
            return exact
    if not wanted:
        return []
    found = _matching(wanted, unwanted)[: limit * 4]
    rows = tickets.filter(pk__in=list(found)).order_by("-number")
    return list(rows[:limit])


def _matching(wanted: list[str], unwanted: list[str]) -> QuerySet[Message, int]:
    rows = Message.objects.filter(deleted_at=None)
    if connection.vendor == "postgresql":
        query = " & ".join(
            [_phrase(term) for term in wanted] + [f"!({_phrase(t)})" for t in unwanted]
        )
        rows = rows.extra(
            where=["to_tsvector('simple', search_text) @@ to_tsquery('simple', %s)"], params=[query]
        )
    else:
        match = " ".join([f'"{term}"' for term in wanted]) + "".join(
            f' NOT "{t}"' for t in unwanted
        )
        rows = rows.extra(
            where=[
                "inbox_message.id IN (SELECT rowid FROM inbox_search WHERE inbox_search MATCH %s)"
            ],
            params=[match],
        )
    return rows.order_by("-id").values_list("ticket_id", flat=True)


def _phrase(term: str) -> str:
    """`two words` as neighbours, the last one as a beginning."""
    words = [f"'{word}'" for word in term.split()]
    return " <-> ".join([*words[:-1], f"{words[-1]}:*"])


def snippet(ticket: Ticket, text: str) -> str:
    """A line of the ticket that holds the first term."""
    wanted, _ = parse(text)
    if not wanted:
        return ""
    found = ticket.messages.filter(Q(new_text__icontains=wanted[0])).values_list(
        "new_text", flat=True
    )
    whole = next(iter(found[:1]), "")
    place = max(whole.lower().find(wanted[0].lower()) - 60, 0)
    return " ".join(whole[place : place + 200].split())
