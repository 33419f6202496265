"""What the docs lack, and the community's lists as tables that leave."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.permissions import Right, can
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.community import gaps, queries
from inbox.people.models import Contact, PeopleExport
from inbox.web.community import SPANS
from inbox.web.guard import entered
from inbox.web.onpaper import csv_of, paged
from inbox.web.page import page
from inbox.web.people import rows_of

MOST, PER_PAGE = 1_000, 30


@login_required
@require_safe
def docs_gaps(request: HttpRequest) -> HttpResponse:
    """Tickets closed as a docs gap, by what closes it; most people first (S9)."""
    user, at = entered(request), paged(request.GET.get("page", ""))
    found = list(gaps.ledger(user)[PER_PAGE * (at - 1) : PER_PAGE * at + 1])
    context = {
        "gaps": [gaps.gap_of(row) for row in found[:PER_PAGE]],
        "next_page": at + 1 if len(found) > PER_PAGE else None,
        "figures": can(user, Right.FIGURES),
    }
    return page(request, "people/gaps.html", context)


@login_required
@require_safe
def docs_gaps_csv(request: HttpRequest) -> HttpResponse:
    """The ledger as a table; nobody is named in it."""
    found = [gaps.gap_of(row) for row in gaps.ledger(entered(request))[:MOST]]
    headings = ("What", "Link", "State", "People", "Tickets", "Newest ticket", "Newest close")
    lines = [
        (gap.title, gap.url, gap.state, gap.people, gap.tickets, gap.newest, _day(gap.at))
        for gap in found
    ]
    return csv_of("docs-gaps", headings, lines)


@login_required
@require_POST
def helpers(request: HttpRequest) -> HttpResponse:
    """Who helped, as a table; who took it out is written down."""
    user, span = entered(request), request.POST.get("days", "")
    days = int(span) if span in SPANS else 90
    rows = list(queries.helpers(user, timezone.now() - timedelta(days=days))[:MOST])
    people = Contact.objects.in_bulk([row["identity__contact"] for row in rows])
    named = {row.contact.pk: row for row in rows_of(list(people.values()), user)}
    lines = [
        (
            named[row["identity__contact"]].name,
            named[row["identity__contact"]].contact.alias,
            "yes" if named[row["identity__contact"]].contact.champion else "",
            row["answered"], row["credited"], row["merged"], row["points"], _day(row["last"]),
        )
        for row in rows
    ]  # fmt: skip
    with pipeline.change(Actor.user(user)):
        about = f"Who helped in {SPANS[str(days)].lower()}"
        PeopleExport.objects.create(by=user, at=timezone.now(), people=len(rows), about=about)
        taken = {"people": len(rows), "days": days}
        audit.record(user, "export.read", "community", new=taken, request=request)
    headings = (
        "Name", "Alias", "Champion", "Answers", "Solutions", "Merged pull requests", "Points",
        "Newest",
    )  # fmt: skip
    return csv_of("community", headings, lines)


def _day(at: object) -> str:
    return f"{at:%F}" if at else ""
