"""The community's page: who helps, who should be thanked, and whom nobody has answered."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common.work import Actor
from inbox.community import nominating, queries
from inbox.community.models import Engagement, Level, Nomination
from inbox.people.errors import PeopleError
from inbox.people.models import Contact, PersonEvent
from inbox.tickets.models import Ticket
from inbox.web.guard import entered
from inbox.web.onpaper import paged
from inbox.web.page import page
from inbox.web.people import rows_of
from inbox.web.peopleverbs import link_of, say

PER_PAGE, MOST_EVIDENCE = 30, 8
SPANS = {"30": "30 days", "90": "90 days", "365": "A year"}
TABS = {
    "helpers": ("Who helps", "Who answered others, by points. Age does not count here."),
    "nominations": ("Nominations", "Who should be a champion, and what speaks for it."),
    "champions": ("Champions", "With what they are champions for."),
    "first": ("First-timers", "Here for the first time within a week. A word of welcome helps."),
    "silent": ("Went silent", "They were active, got an answer, and are not heard since."),
    "unanswered": ("Never answered", "Nobody but the asker has said a word for a day."),
}
DEFAULT = "helpers"


@dataclass(kw_only=True)
class Line:
    """One person of a list, why they stand there, and what can be done next."""

    contact: Contact | None
    name: str = ""
    words: str = ""
    note: str = ""
    at: datetime | None = None
    level: str = ""
    number: int | None = None
    ticket: Ticket | None = None
    url: str = ""  # where it can be seen
    nomination: Nomination | None = None
    evidence: Iterable[Any] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of the page."""

    user: User
    now: datetime
    span: int
    start: int

    def cut(self, rows: "QuerySet[Any, Any]") -> list[Any]:
        """One page, and one row more."""
        return list(rows[self.start : self.start + PER_PAGE + 1])


@login_required
@require_safe
def community(request: HttpRequest) -> HttpResponse:
    """One of its lists."""
    return show(request, request.GET.get("tab", ""))


def show(request: HttpRequest, tab: str, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The page, also as the answer to a form with a mistake."""
    user = entered(request)
    tab = tab if tab in TABS else DEFAULT
    span = request.GET.get("days", "")
    span = span if span in SPANS else "90"
    at = paged(request.GET.get("page", ""))
    asked = Asked(user=user, now=timezone.now(), span=int(span), start=PER_PAGE * (at - 1))
    found = LISTS[tab](asked)
    lines = _named(found[:PER_PAGE], user)
    context = {
        "tab": tab,
        "tabs": [(name, words) for name, (words, _) in TABS.items()],
        "lead": TABS[tab][1],
        "span": span,
        "spans": SPANS.items(),
        "lines": lines,
        "next_page": at + 1 if len(found) > PER_PAGE else None,
        "acts": can(user, Right.ACT),
        "exports": can(user, Right.EXPORT),
        **extra,
    }
    return page(request, "people/community.html", context, status=status)


def _named(lines: list[Line], user: User) -> list[Line]:
    """Give every line its person's name as this account may see it, and level."""
    people = {line.contact.pk: line.contact for line in lines if line.contact is not None}
    rows = {row.contact.pk: row for row in rows_of(list(people.values()), user)}
    levels = dict(Engagement.objects.filter(contact__in=people).values_list("contact", "level"))
    for line in lines:
        if line.contact is not None:
            line.name = rows[line.contact.pk].name
            line.level = Level(levels[line.contact.pk]).label if line.contact.pk in levels else ""
    return lines


def _helpers(asked: Asked) -> list[Line]:
    rows = asked.cut(queries.helpers(asked.user, asked.now - timedelta(days=asked.span)))
    people = Contact.objects.in_bulk([row["identity__contact"] for row in rows])
    return [
        Line(
            contact=people[row["identity__contact"]],
            words=", ".join(_counts(row)),
            note=f"{row['points']:g} points",
            at=row["last"],
        )
        for row in rows
    ]


def _counts(row: dict[str, Any]) -> Iterable[str]:
    for key, one, many in (
        ("answered", "answer", "answers"),
        ("credited", "solution", "solutions"),
        ("merged", "merged pull request", "merged pull requests"),
    ):
        if row[key]:
            yield f"{row[key]} {one if row[key] == 1 else many}"


def _nominations(asked: Asked) -> list[Line]:
    rows = asked.cut(queries.nominations(asked.user))
    shown = [row.contact.root or row.contact for row in rows]
    proofs = queries.evidence_of([contact.pk for contact in shown], asked.user, MOST_EVIDENCE)
    return [
        Line(
            contact=contact,
            words=row.reason,
            note=f"by {row.by.display_name}" if row.by else "by what they did",
            at=row.at,
            nomination=row,
            evidence=proofs.get(contact.pk, []),
        )
        for row, contact in zip(rows, shown, strict=True)
    ]


def _champions(asked: Asked) -> list[Line]:
    return [
        Line(
            contact=row.contact.root or row.contact,
            words=row.reason,
            url=row.evidence_url,
            note=f"since {row.since:%-d %B %Y}"
            + (f", named by {row.named_by.display_name}" if row.named_by else ""),
        )
        for row in asked.cut(queries.champions(asked.user))
    ]


def _first(asked: Asked) -> list[Line]:
    rows = asked.cut(queries.first_timers(asked.user, asked.now))
    return _on_tickets([(row.contact, row.number, row.first_at) for row in rows])


def _silent(asked: Asked) -> list[Line]:
    rows = asked.cut(queries.silent(asked.user, asked.now))
    return _on_tickets([(row, row.number, row.last_heard_at) for row in rows])


def _on_tickets(rows: list[tuple[Contact, int | None, datetime]]) -> list[Line]:
    known = Ticket.objects.in_bulk([number for _, number, _ in rows if number is not None])
    return [
        Line(
            contact=contact,
            number=number,
            words=known[number].subject if number in known else "",
            at=at,
        )
        for contact, number, at in rows
    ]


def _unanswered(asked: Asked) -> list[Line]:
    return [
        Line(
            contact=row.asker.contact if row.asker else None,
            number=row.pk,
            words=row.subject,
            note=row.status_name,
            at=row.asked_at,
            ticket=row,
        )
        for row in asked.cut(queries.unanswered(asked.user, asked.now))
    ]


LISTS: dict[str, Callable[[Asked], list[Line]]] = {
    "helpers": _helpers,
    "nominations": _nominations,
    "champions": _champions,
    "first": _first,
    "silent": _silent,
    "unanswered": _unanswered,
}


# ------------------------------------------------------------------ nominations


@login_required
@require_POST
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Name somebody a champion, or say why not."""
    user = entered(request)
    if verb not in VERBS:
        raise Http404
    row = get_object_or_404(queries.nominations(user), pk=pk)
    try:
        with pipeline.change(Actor.user(user)):
            event = VERBS[verb](row, request)
    except PeopleError as error:
        return show(request, "nominations", status=422, problem=error, wrong=pk)
    say(request, event)
    return HttpResponseRedirect(f"{reverse('community')}?tab=nominations")


def _accept(row: Nomination, request: HttpRequest) -> PersonEvent:
    url = link_of(request.POST.get("evidence_url", ""))
    return nominating.accept(row, reason=request.POST.get("reason", ""), evidence_url=url)


def _decline(row: Nomination, request: HttpRequest) -> PersonEvent:
    return nominating.decline(row, because=request.POST.get("because", ""))


VERBS: dict[str, Callable[[Nomination, HttpRequest], PersonEvent]] = {
    "accept": _accept,
    "decline": _decline,
}
