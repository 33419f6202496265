"""Quotes and interviews: who may see which, and which of them may be used."""

from django.db.models import Prefetch, Q, QuerySet

from inbox.accounts.models import User
from inbox.community.quotes import found_in
from inbox.community.records import GIVEN, ConsentEntry, DirectoryNote, Interview, Quote
from inbox.people.models import Contact, Identity
from inbox.tickets import queries
from inbox.tickets.messages import ERASED
from inbox.tickets.models import Status
from inbox.tickets.people import known_to

# allowed by them, and their words still stand where they were said
USABLE = (
    Q(state__in=GIVEN, message__isnull=False, message__deleted_at=None)
    & ~Q(message__flags__icontains=f'"{ERASED}"')
    & ~Q(message__ticket__status=Status.SPAM)
)
SAME, CHANGED, GONE = "same", "changed", "gone"


def visible_to(user: User) -> QuerySet[Quote]:
    """Quotes of tickets that somebody may see; those whose ticket is gone only admins."""
    seen = Q(message__ticket__in=queries.visible_to(user))
    if user.is_admin:
        seen |= Q(message=None)
    return Quote.objects.filter(seen)


def with_all(rows: QuerySet[Quote]) -> QuerySet[Quote]:
    """Everything that a list shows of each, in a fixed number of statements."""
    entries = ConsentEntry.objects.select_related("by", "evidence").order_by("pk")
    return rows.select_related(
        "message__ticket", "message__thread__channel", "identity__contact", "made_by"
    ).prefetch_related(
        Prefetch("entries", entries),
        Prefetch("identity__contact__identities", Identity.objects.order_by("pk")),
        Prefetch("notes_elsewhere", _notes()),
    )


def _notes() -> QuerySet[DirectoryNote]:
    return DirectoryNote.objects.select_related("channel").order_by("pk")


def narrowed(user: User, *, state: str = "", text: str = "") -> QuerySet[Quote]:
    """`state`: one of a consent, or `usable`. `text`: in the words, their context or the name."""
    rows = visible_to(user)
    if "@" in text and not user.sees_addresses:
        return rows.none()  # else a viewer could spell an address out, letter by letter
    if state == "usable":
        rows = rows.filter(USABLE)
    elif state:
        rows = rows.filter(state=state)
    for word in text.split()[:10]:
        rows = rows.filter(
            Q(text__icontains=word)
            | Q(context__icontains=word)
            | Q(identity__contact__name__icontains=word)
        )
    return rows


def is_usable(quote: Quote) -> bool:
    """The same as `USABLE` of a quote that is at hand."""
    message = quote.message
    return (
        quote.state in GIVEN
        and message is not None
        and message.deleted_at is None
        and ERASED not in message.flags
        and message.ticket.status != Status.SPAM
    )


def source_of(quote: Quote) -> str:
    """Whether the words still stand in their message."""
    message = quote.message
    if message is None or message.deleted_at is not None or ERASED in message.flags:
        return GONE
    return SAME if found_in(message, quote.text) else CHANGED


def quotes_of(contact: Contact, user: User) -> QuerySet[Quote]:
    """What somebody said, the newest first."""
    rows = visible_to(user).filter(identity__contact=contact)
    return with_all(rows).order_by("-said_at", "-pk")


# ------------------------------------------------------------------ interviews


def interviews_visible_to(user: User) -> QuerySet[Interview]:
    """Those of tickets that somebody may see, and of people that they may know of."""
    theirs = Q(ticket=None, identity__contact__in=known_to(user).values("pk"))
    return Interview.objects.filter(theirs | Q(ticket__in=queries.visible_to(user)))


def with_people(rows: QuerySet[Interview]) -> QuerySet[Interview]:
    """Everything that a list shows of each, in a fixed number of statements."""
    notes = Prefetch("notes_elsewhere", _notes())
    return rows.select_related("identity__contact", "ticket", "made_by").prefetch_related(notes)
