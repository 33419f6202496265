"""What somebody wrote, asked, answered and got, over all channels: a page of it at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from inbox.accounts.models import User
from inbox.channels import peoplefiles
from inbox.community.models import Deed, DeedKind
from inbox.livechat.models import Rating
from inbox.people import proposing, undoing
from inbox.people.models import EVENT, Activity, Contact, PersonEvent
from inbox.people.standing import parts_of
from inbox.tickets import kinds, queries
from inbox.tickets.models import Message, Resolution, Ticket, TicketEvent
from inbox.tickets.people import known_to

PER_PAGE = 30
ABOUT_TICKETS = {
    kinds.CLOSED: ("closed", "Closed: {resolution}"),
    kinds.REOPENED: ("ring", "Opened again"),
    kinds.RELEASED: ("tag", "Told that {version} is out"),
    kinds.MERGED: ("merge", "Merged"),
}
STEPS = {
    "merged": ("merge", "{other} was merged in"),
    "split": ("split", "{identity} was split off"),
    "apart": ("split", "{other} is somebody else"),
    "champion": ("star", "Named a champion"),
    "champion_off": ("star", "No champion any more"),
    "nominated": ("star", "Nominated as a champion"),
    "not_now": ("star", "Not a champion for now"),
    "alias": ("pen", "The name in public was changed"),
    "note": ("lock", "A note was added"),
    "note_off": ("lock", "A note was taken away"),
    "name": ("pen", "Was called {before} before"),
    "imported": ("people", "Came with a list"),
}


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One line of the feed."""

    at: datetime
    rank: int  # of its source, so that what happened at one time has one order
    pk: int
    icon: str = ""
    kind: str = ""  # of the channel, for its glyph
    title: str = ""
    url: str = ""
    say: str = ""
    undo: int | None = None  # the step that can be taken back
    undone: bool = False
    outside: bool = False  # the address leads out of the desk

    @property
    def cursor(self) -> str:
        """Where the next page begins."""
        return f"{self.at.isoformat()}~{self.rank}~{self.pk}"


# of what was done on tickets, as it was counted last; messages tell the rest
DEEDS = {
    DeedKind.CREDITED: ("check", "Their answer was marked as the solution"),
    DeedKind.REPORTED: ("git-issue", "Reported an issue"),
    DeedKind.PROPOSED: ("git-pr", "Opened a pull request"),
    DeedKind.MERGED: ("git-pr", "Their pull request was merged"),
}


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One choice of what is shown: which sources tell of it."""

    words: str
    sources: tuple[str, ...]
    roles: tuple[str, ...] = ()  # in which they wrote; none: in any
    deeds: tuple[DeedKind, ...] = tuple(DEEDS)


ALL = Feed(words="All", sources=("messages", "events", "deeds", "ratings", "steps", "activities"))
FEEDS = {
    "": ALL,
    "asked": Feed(words="Asked", sources=("messages", "events", "ratings"), roles=("asker",)),
    "helped": Feed(
        words="Helped",
        sources=("messages", "deeds"),
        roles=("community", "team"),
        deeds=(DeedKind.CREDITED,),
    ),
    "built": Feed(
        words="Built",
        sources=("deeds", "activities"),
        deeds=(DeedKind.REPORTED, DeedKind.PROPOSED, DeedKind.MERGED),
    ),
}


def timeline(contact: Contact, user: User, before: str, show: str = "") -> tuple[list[Moment], str]:
    """A page of moments, newest first, and the cursor of the next; only of what may be seen.

    `show`: of which kind, by `FEEDS`; anything else is everything.
    """
    after = _Cursor.read(before)
    mine = queries.visible_to(user).filter(asker__contact=contact)
    feed = FEEDS.get(show, ALL)
    sources: dict[str, Callable[[], Iterable[Moment]]] = {
        "messages": lambda: _messages(contact, user, after, feed.roles),
        "events": lambda: _events(mine, after),
        "deeds": lambda: _deeds(contact, user, after, feed.deeds),
        "ratings": lambda: _ratings(mine, after),
        "steps": lambda: _steps(contact, user, after),
        "activities": lambda: _activities(contact, after, visits=feed is ALL),
    }
    found = [moment for name in feed.sources for moment in sources[name]()]
    found.sort(key=lambda moment: (moment.at, -moment.rank, moment.pk), reverse=True)
    shown = found[:PER_PAGE]
    more = shown[-1].cursor if len(found) > PER_PAGE else ""
    return list(_together(shown)), more


@dataclass(frozen=True)
class _Cursor:
    at: datetime | None = None
    rank: int = 0
    pk: int = 0

    @classmethod
    def read(cls, text: str) -> "_Cursor":
        """A cursor of ours; any other text means the beginning."""
        at, _, rest = text.replace(" ", "+").partition("~")
        rank, _, pk = rest.partition("~")
        if not all(part.isascii() and part.isdigit() and len(part) < 16 for part in (rank, pk)):
            return cls()
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return cls()
        return cls(moment, int(rank), int(pk)) if moment.tzinfo else cls()

    def page(self, rows: "QuerySet[Any]", column: str, rank: int) -> "QuerySet[Any]":
        """The next rows of one source, newest first."""
        if self.at is not None:
            same = Q(**{column: self.at})
            if rank == self.rank:
                same &= Q(pk__lt=self.pk)
            older = Q(**{f"{column}__lt": self.at})
            rows = rows.filter(older | same if rank >= self.rank else older)
        return rows.order_by(f"-{column}", "-pk")[: PER_PAGE + 1]


def _messages(
    contact: Contact, user: User, after: _Cursor, roles: tuple[str, ...]
) -> Iterable[Moment]:
    rows = queries.messages_visible_to(user).filter(
        author__contact=contact, visibility="public", deleted_at=None
    )
    if roles:
        rows = rows.filter(role__in=roles)
    rows = rows.select_related("ticket", "thread__channel", "thread__source")
    rows = rows.only("sent_at", "role", "ticket__subject", "thread__channel", "thread__source")
    for row in after.page(rows, "sent_at", 0):
        yield Moment(
            at=row.sent_at,
            rank=0,
            pk=row.pk,
            kind=row.thread.channel.kind,
            title=row.ticket.subject,
            url=f"{row.ticket.get_absolute_url()}#message-{row.pk}",
            say=f"{_did(row)} in {row.thread.source or row.thread.channel.address}",
        )


def _did(row: Message) -> str:
    return {"asker": "Wrote", "community": "Answered", "team": "Answered for us"}.get(
        row.role, "Wrote"
    )


def _events(mine: QuerySet[Ticket], after: _Cursor) -> Iterable[Moment]:
    rows = TicketEvent.objects.filter(ticket__in=mine.values("pk"), kind__in=ABOUT_TICKETS)
    for row in after.page(rows.select_related("ticket"), "at", 1):
        icon, words = ABOUT_TICKETS[row.kind]
        how = Resolution(row.data["resolution"]).label if row.data.get("resolution") else "done"
        said = words.format(resolution=how.lower(), version=row.data.get("version", "a release"))
        yield Moment(
            at=row.at,
            rank=1,
            pk=row.pk,
            icon=icon,
            title=row.ticket.subject,
            url=row.ticket.get_absolute_url(),
            say=f"{said} · {row.actor_label}",
        )


def _deeds(
    contact: Contact, user: User, after: _Cursor, kinds: tuple[DeedKind, ...]
) -> Iterable[Moment]:
    rows = Deed.objects.filter(identity__contact=contact, kind__in=kinds)
    rows = rows.filter(ticket__in=queries.visible_to(user)).select_related("ticket")
    for row in after.page(rows, "at", 2):
        icon, words = DEEDS[DeedKind(row.kind)]
        message = f"#message-{row.message_id}" if row.message_id else ""
        yield Moment(
            at=row.at,
            rank=2,
            pk=row.pk,
            icon=icon,
            title=row.ticket.subject,
            url=f"{row.ticket.get_absolute_url()}{message}",
            say=words,
        )


def _ratings(mine: QuerySet[Ticket], after: _Cursor) -> Iterable[Moment]:
    rows = Rating.objects.filter(conversation__thread__ticket__in=mine.values("pk"))
    rows = rows.select_related("conversation__thread__ticket")
    for row in after.page(rows, "rated_at", 3):
        thread = row.conversation.thread
        yield Moment(
            at=row.rated_at,
            rank=3,
            pk=row.pk,
            icon="smile",
            title=f"Rated a chat {row.score} of 5",
            url=thread.ticket.get_absolute_url() if thread else "",
            say=row.comment[:200],
        )


def _steps(contact: Contact, user: User, after: _Cursor) -> Iterable[Moment]:
    """What was done about them; that two are not one stands on the pages of both."""
    kept_apart = Q(kind=proposing.APART, other=contact)
    rows = PersonEvent.objects.filter(parts_of(contact) | kept_apart)
    rows = rows.select_related("contact", "other", "identity")
    steps = [(row, _other(row, contact)) for row in after.page(rows, "at", 4)]
    apart = {other.pk for _, other in steps if other is not None and other.root_id is None}
    known = set(known_to(user).filter(pk__in=apart).values_list("pk", flat=True)) if apart else ()
    for row, other in steps:
        icon, words = STEPS.get(row.kind, ("info", row.kind))
        identity = row.identity.handle or row.identity.name if row.identity else ""
        told = other is not None and (other.root_id == contact.pk or other.pk in known)
        names = {
            "other": (other.name if other and told else "") or "Somebody",
            "identity": identity if identity and "@" not in identity else "An identity",
            "before": row.data.get("before") or "nothing",
        }
        why = row.data.get("why", "")
        yield Moment(
            at=row.at,
            rank=4,
            pk=row.pk,
            icon=icon,
            title=words.format(**names),
            url=reverse("person", args=[other.pk]) if other and other.pk in known else "",
            say=f"{row.actor_label} · {why}" if why else row.actor_label,
            undo=row.pk if undoing.can_undo(row) else None,
            undone=row.undone_at is not None,
        )


def _other(row: PersonEvent, contact: Contact) -> Contact | None:
    """Whom else a step is about."""
    return row.contact if row.other_id == contact.pk else row.other


def _activities(contact: Contact, after: _Cursor, *, visits: bool) -> Iterable[Moment]:
    """What they did elsewhere, as lists told it, and the events where they were, each once."""
    rows = Activity.objects.filter(identity__contact=contact)
    again = rows.filter(source=EVENT, title=OuterRef("title"), at=OuterRef("at"))
    twice = Exists(again.filter(pk__lt=OuterRef("pk")))
    left_out = Q(twice, source=EVENT) if visits else Q(source=EVENT)
    for row in after.page(rows.exclude(left_out), "at", 5):
        kind = row.kind.replace("_", " ").replace(":", " ")
        said = [peoplefiles.label_of(row.source), kind if kind.lower() != row.title.lower() else ""]
        yield Moment(
            at=row.at,
            rank=5,
            pk=row.pk,
            icon="globe",
            title=row.title,
            url=row.url,
            say=" · ".join(filter(None, said)),
            outside=True,
        )


def _together(moments: list[Moment]) -> Iterable[Moment]:
    """Messages in a row on one ticket are one line: the newest, with how many they are."""
    for (rank, *_), group in groupby(
        moments, key=lambda moment: (moment.rank, moment.title, moment.url.partition("#")[0])
    ):
        same = list(group)
        if rank != 0 or len(same) == 1:
            yield from same
            continue
        first = same[0]
        yield replace(first, say=f"{first.say} · {len(same)} messages")
