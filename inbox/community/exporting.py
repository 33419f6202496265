"""Quotes and interviews as they may leave the house: blinded, attributed, or not at all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.db.models import Q

from inbox.channels.models import Channel
from inbox.channels.ports import DirectoryPerson
from inbox.common import work
from inbox.community import elsewhere, reading
from inbox.community.blinding import SOMEBODY, Known, blind
from inbox.community.records import Consent, DirectoryNote, Interview, Quote
from inbox.people.models import Identity
from inbox.tickets.errors import NotAllowed

QUOTE_HEADINGS = ("Quote", "Said by", "Consent", "Said on", "Allowed on", "About", "Ticket")
INTERVIEW_HEADINGS = ("About", "With", "State", "At", "Story", "Notes", "Ticket")


class NotUsable(NotAllowed):
    """What nobody has allowed never leaves."""

    def __init__(self) -> None:
        super().__init__("They have not allowed this, so it cannot leave the desk.")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A quote as others may read it."""

    text: str
    by: str
    about: str
    ticket: str  # its address on the desk; "" where it would say who it was


Book = Mapping[int, Sequence[DirectoryPerson]]


def shown(quote: Quote, book: Book | None = None) -> Shown:
    """Raises `NotUsable`; there is no other way to the words of an export.

    `book`: what directories say of everybody in a list, where it was read for all of them.
    """
    if not reading.is_usable(quote) or quote.message is None:
        raise NotUsable
    if quote.state == Consent.ATTRIBUTED:
        address = settings.BASE_URL + quote.message.ticket.get_absolute_url()
        by = quote.credit or name_of(quote.identity)
        return Shown(text=quote.text, by=by, about=quote.context, ticket=address)
    known = known_of(quote, book)
    return Shown(
        text=blind(quote.text, known),
        by=blind(quote.credit, known) or SOMEBODY,
        about=blind(quote.context, known),
        ticket="",
    )


def name_of(identity: Identity) -> str:
    """What somebody is called, never by an address."""
    names = (identity.contact.name, identity.name, identity.handle)
    return next((name for name in names if name and "@" not in name), SOMEBODY)


def book_of(rows: Iterable[Quote]) -> Book:
    """What directories say of everybody who said these."""
    contacts = {row.identity.contact for row in rows}
    return elsewhere.book(one for who in contacts for one in who.identities.all())


def known_of(quote: Quote, book: Book | None = None) -> Known:
    """By what whoever said it is known: all their accounts, and what directories say."""
    contact = quote.identity.contact
    accounts = list(contact.identities.all())
    book = elsewhere.book(accounts) if book is None else book
    found = [person for one in accounts for person in book.get(one.pk, ())]
    names = [contact.name, *(name for one in accounts for name in (one.name, one.handle))]
    keys = [key for one in accounts for key in (one.external_id, one.email)]
    return Known(
        names=[*names, *(person.name for person in found)],
        keys=[*keys, *(person.email for person in found)],
        companies=[person.company for person in found],
    )


# ------------------------------------------------------------------ as a table


def quote_lines(rows: Sequence[Quote]) -> Iterator[list[str]]:
    """Those that may be used; whatever else is among the rows is left out."""
    book = book_of(rows)
    return (_line(row, book) for row in rows if reading.is_usable(row))


def _line(quote: Quote, book: Book) -> list[str]:
    found = shown(quote, book)
    said = f"{quote.said_at:%F}" if quote.state == Consent.ATTRIBUTED else f"{quote.said_at:%Y}"
    consent, allowed = quote.get_state_display(), f"{quote.state_at:%F}"
    return [found.text, found.by, consent, said, allowed, found.about, found.ticket]


def interview_line(row: Interview) -> list[str]:
    """An interview for the team's own books: with name and notes."""
    return [
        row.about,
        name_of(row.identity),
        row.get_state_display(),
        f"{row.at:%F %H:%M}" if row.at else "",
        "yes" if row.is_story else "",
        row.notes,
        settings.BASE_URL + row.ticket.get_absolute_url() if row.ticket else "",
    ]


# ------------------------------------------------------------------ as notes at a directory


def note_of(row: DirectoryNote) -> str:
    """What a note has to say now; "" when there has to be none."""
    if row.quote is not None and reading.is_usable(row.quote):
        found = shown(row.quote)
        about = f"\n\nAbout: {found.about}" if found.about else ""
        return f"“{found.text}”\n\n{found.by} ({row.quote.get_state_display().lower()}){about}"
    if row.interview is not None:
        held = row.interview
        when = f", {held.at:%F}" if held.at else ""
        notes = f"\n\n{held.notes}" if held.notes else ""
        return f"Interview: {held.about} ({held.get_state_display().lower()}{when}){notes}"
    return ""


def key_of(row: DirectoryNote, text: str) -> str:
    """Our key of a note: another one whenever it says something else."""
    made_of = sha256(text.encode()).hexdigest()[:16]
    if row.quote_id is not None:
        return f"quote:{row.quote_id}:{made_of}"
    return f"interview:{row.interview_id}:{made_of}"


def keep_quote(quote: Quote, *, channel: Channel) -> DirectoryNote:
    """Have a quote kept as a note on the person at a directory. Raises `NotAllowed`."""
    if not reading.is_usable(quote):
        raise NotUsable
    return _keep(channel, quote.identity, quote=quote)


def keep_interview(interview: Interview, *, channel: Channel) -> DirectoryNote:
    """The same for an interview."""
    return _keep(channel, interview.identity, interview=interview)


def _keep(
    channel: Channel,
    identity: Identity,
    *,
    quote: Quote | None = None,
    interview: Interview | None = None,
) -> DirectoryNote:
    known = elsewhere.person_at(channel, identity.contact)
    if known is None:
        raise NotAllowed(f"Look them up in {channel.type.label} first, on their page.")
    row, _ = DirectoryNote.objects.update_or_create(
        channel=channel,
        quote=quote,
        interview=interview,
        defaults={
            "person_key": known.external_id,
            "due_at": work.current().now,
            "attempts": 0,
            "error": "",
        },
    )
    return row


def needs_work() -> Q:
    """Notes that were asked for, and those that stand there although they may not any more."""
    usable = Q(quote__in=Quote.objects.filter(reading.USABLE).values("pk"))
    stands = Q(due_at=None) & ~Q(note_key="")
    return stands & Q(interview=None) & ~usable
