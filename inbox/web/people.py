"""People: found as somebody types, the last heard first, with what waits for each of them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.people import proposing
from inbox.people.models import Contact, Identity
from inbox.search.people import narrowed
from inbox.sla.explain import Fuse, due_fuse
from inbox.tickets import queries
from inbox.tickets.people import known_to
from inbox.web.guard import entered
from inbox.web.page import page, zone_of

PER_PAGE = 50
MOST_SHOWN = 3  # identities of a row
FILTERS = {
    "": "Everybody",
    "champions": "Champions",
    "open": "With open tickets",
    "same": "Maybe the same",
    "team": "Team",
}


@dataclass(kw_only=True)
class PersonRow:
    """One person of the list."""

    contact: Contact
    name: str
    identities: list[tuple[str, str]] = field(default_factory=list)  # kind, words
    more: int = 0
    open: int = 0
    fuse: Fuse | None = None
    maybe: bool = False


@login_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """The list; the same address gives the whole page or its rows alone."""
    user = entered(request)
    asked = {name: _clean(request.GET.get(name, "")) for name in ("q", "show", "before")}
    rows, meant = narrowed(known_to(user), user, asked["show"], asked["q"])
    found = list(_older(rows, asked["before"]).order_by("-last_heard_at", "-pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    more = _cursor(shown[-1]) if len(found) > PER_PAGE else ""
    context = {
        "rows": rows_of(shown, user),
        "q": asked["q"],
        "show": asked["show"],
        "filters": [(name, words, _address(name, asked["q"])) for name, words in FILTERS.items()],
        "meant": meant,
        "more": _address(asked["show"], asked["q"], more) if more else "",
        "acts": can(user, Right.ACT),
    }
    return page(request, "people/people.html", context, fragments={"people"})


def rows_of(contacts: list[Contact], user: User) -> list[PersonRow]:
    """What the list shows of some people, in three statements."""
    now, zone = timezone.now(), zone_of(user)
    rows = {contact.pk: PersonRow(contact=contact, name="") for contact in contacts}
    for identity in Identity.objects.filter(contact__in=rows).order_by("pk"):
        row = rows[identity.contact_id]
        row.name = row.name or identity.name or identity.handle
        if len(row.identities) < MOST_SHOWN:
            row.identities.append((identity.kind, words_of(identity)))
        else:
            row.more += 1
    mine = queries.live(queries.visible_to(user)).filter(asker__contact__in=rows)
    counted = mine.values_list("asker__contact").annotate(n=Count("pk"), due=Min("next_due_at"))
    for pk, n, due in counted.order_by():
        rows[pk].open = n
        rows[pk].fuse = due_fuse(due, waiting=False, now=now, zone=zone)
    waiting = proposing.waiting().filter(Q(one__contact__in=rows) | Q(other__contact__in=rows))
    for pair in waiting.values_list("one__contact", "other__contact"):
        for pk in set(pair) & rows.keys():
            rows[pk].maybe = True
    for row in rows.values():
        row.name = row.contact.name or row.name or str(row.contact)
    return list(rows.values())


def words_of(identity: Identity) -> str:
    """How an identity is shown: its handle, else its address."""
    handle = f"@{identity.handle.lstrip('@')}" if identity.handle else ""
    return identity.external_id if identity.kind == "email" else handle or identity.label


# ------------------------------------------------------------------ pages by the last row


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()[:200]


def _address(show: str, text: str, before: str = "") -> str:
    given = {"show": show, "q": text, "before": before}
    return "?" + urlencode({name: value for name, value in given.items() if value})


def _cursor(contact: Contact) -> str:
    return f"{contact.last_heard_at.isoformat()}~{contact.pk}"


def _older(rows: QuerySet[Contact], cursor: str) -> QuerySet[Contact]:
    """Rows behind a cursor of ours; any other text is left alone."""
    at, _, pk = cursor.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return rows
    if moment.tzinfo is None or not (pk.isascii() and pk.isdigit() and len(pk) < 16):
        return rows
    same: Any = Q(last_heard_at=moment, pk__lt=int(pk))
    return rows.filter(Q(last_heard_at__lt=moment) | same)
