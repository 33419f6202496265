"""The palette: from a few letters to a ticket, a person, a page, or something to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.common.veiling import veil
from inbox.common.versions import one_reading
from inbox.people.models import Contact
from inbox.search import services as finding
from inbox.search.filters import Scope
from inbox.search.language import parse
from inbox.search.services import Piece
from inbox.sla.explain import bounds
from inbox.tickets import queries
from inbox.tickets.models import Ticket
from inbox.web import jumpdo, jumpgo
from inbox.web.jumpdo import Option
from inbox.web.page import zone_of
from inbox.web.queue import RELATED, SHOWN, row_of

LONGEST = 100
TICKETS, PEOPLE, ACTS, PLACES, RECENT = 6, 4, 8, 5, 6
MARKS = {">": "acts", "@": "people", "#": "categories"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """Options of one kind, under their heading."""

    key: str
    name: str
    options: list[Option] = field(default_factory=list)


@login_required
@require_safe
def jump(request: HttpRequest) -> HttpResponse:
    """The options for what was typed; without words what was open lately comes first."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    typed = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST]
    only = MARKS.get(typed[:1], "")
    if only == "categories" and typed[1:].strip().isdigit():
        only, typed = "", typed[1:]
    q = typed[1:].strip() if only else typed
    with one_reading():
        parts = [part for part in _parts(request, user, q, only) if part.options]
    return render(request, "_jump.html", {"parts": parts, "q": q, "zone": zone_of(user)})


def _parts(request: HttpRequest, user: User, q: str, only: str) -> Iterator[Part]:
    ticket = _ticket(request, user)
    if not only:
        rows = _found(user, q) if q else _recent(request, user)
        yield Part(key="tickets", name="Tickets" if q else "Lately", options=rows)
    if only in ("", "acts") and ticket is not None:
        most = ACTS * 3 if only else ACTS
        acts = list(_matching(jumpdo.acts(ticket, user, q), q, most))
        yield Part(key="acts", name=f"Do with #{ticket.pk}", options=acts)
    if q and only in ("", "people"):
        yield Part(key="people", name="People", options=_people(user, q))
    most = PLACES * 4 if only == "categories" else PLACES
    places = [option for source in SOURCES for option in source(user)]
    if only == "categories":
        places = jumpgo.categories(user)
    if only in ("", "categories", "acts"):
        yield Part(key="places", name="Go to", options=list(_matching(places, q, most)))


def _matching(options: Iterator[Option] | list[Option], q: str, most: int) -> Iterator[Option]:
    """Those that hold every word, those first that begin with the first one."""
    words = q.casefold().split()
    found = [o for o in options if all(word in o.said for word in words)]
    if words:
        found.sort(key=lambda option: not option.words.casefold().startswith(words[0]))
    for option in found[:most]:
        yield option.marked(words)


# ------------------------------------------------------------------ tickets and people


def _ticket(request: HttpRequest, user: User) -> Ticket | None:
    """The ticket that is open, or whose row has the focus."""
    number = _numbers(request.GET.get("ticket", ""))[:1]
    rows = queries.visible_to(user).select_related("channel", "owner").filter(pk__in=number)
    return rows.first() if number else None


def _numbers(text: str) -> list[int]:
    parts = text.split(",")[:20]
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 16]


def _recent(request: HttpRequest, user: User) -> list[Option]:
    numbers = _numbers(request.GET.get("recent", ""))[:RECENT]
    return _rows(user, numbers, []) if numbers else []


def _found(user: User, q: str) -> list[Option]:
    zone = zone_of(user)
    scope = Scope(user=user, bounds=bounds(timezone.now(), zone), zone=zone)
    found = finding.find(parse(q), scope, typing=True)
    return _rows(user, found.numbers[:TICKETS], found.marks)


def _rows(user: User, numbers: list[int], marks: list[tuple[str, ...]]) -> list[Option]:
    now, zone = timezone.now(), zone_of(user)
    known = queries.visible_to(user).select_related(*RELATED).only(*SHOWN).in_bulk(numbers)
    rows = [row_of(known[number], now, zone) for number in numbers if number in known]
    return [
        Option(
            words=row.ticket.subject,
            icon="closed" if not row.ticket.is_live else "",
            channel=row.ticket.channel.kind,
            small=f"#{row.ticket.pk} · {_who(row.ticket, user)} · {row.fuse.words}",
            href=row.url,
            pieces=tuple(finding.snippet(row.ticket.subject, marks, length=250))
            or (Piece(f"#{row.ticket.pk}"),),
        )
        for row in rows
    ]


def _who(ticket: Ticket, user: User) -> str:
    label = ticket.asker.label if ticket.asker else "unknown sender"
    return label if user.sees_addresses else veil(label)


def _people(user: User, q: str) -> list[Option]:
    zone = zone_of(user)
    scope = Scope(user=user, bounds=bounds(timezone.now(), zone), zone=zone)
    found: list[Contact] = finding.people(parse(q), scope)[:PEOPLE]
    words = q.casefold().split()
    options = [
        Option(words=str(person), icon="mine", href=f"{jumpgo.address('people')}{person.pk}/")
        for person in found
    ]
    return [option.marked(words) for option in options]


# Where one can go. A room with places of its own (saved views …) adds a function here.
SOURCES: list[Callable[[User], list[Option]]] = [jumpgo.pages]
