"""Merging on the desk: find the other ticket, see what comes of it, do it; and back."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from inbox.accounts.models import User
from inbox.search import services as finding
from inbox.search import similar as likeness
from inbox.search.filters import Scope
from inbox.search.language import parse
from inbox.sla.explain import METRICS, bounds
from inbox.tickets import merging, queries
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Status, Ticket
from inbox.web import verbs
from inbox.web.page import page, zone_of
from inbox.web.queue import RELATED, SHOWN, Row, row_of

FOUND, MOST_MESSAGES = 8, 12
PAGE = "tickets/merge.html"


@dataclass(kw_only=True)
class Preview:
    """What a merge would make of two tickets."""

    into: Ticket
    plan: merging.Plan
    people: list[str]
    channels: list[str]
    messages: list[Message]  # the first and the last, in the order in which they will stand
    total: int
    left_out: int
    stops: list[str]  # clocks of the ticket that goes
    keeps: list[str]  # clocks of the ticket that stays
    links: list[str] = field(default_factory=list)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, number: int) -> HttpResponse:
    """Choose the other ticket and see the result; a post merges."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    if request.method == "POST":
        answer: HttpResponse = verbs.do(request, number, "merge")
        return answer
    rows = queries.visible_to(user).select_related("channel", "owner", "asker__contact")
    row = get_object_or_404(rows, pk=number)
    context: dict[str, Any] = {"ticket": row, "q": request.GET.get("q", "")[:200]}
    into = _chosen(request, user)
    if into is not None:
        context |= _previewed(row, into)
    elif request.GET.get("into"):
        context["problem"] = "There is no ticket of this number."
    if into is None:
        context["offers"] = _offers(user, row, context["q"].replace("\x00", ""))
    return page(request, PAGE, context, fragments={"merge-list", "merge-body"})


def _chosen(request: HttpRequest, user: User) -> Ticket | None:
    text = request.GET.get("into", "").strip().lstrip("#")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        return None
    rows = queries.visible_to(user).select_related("channel", "owner", "asker__contact")
    return rows.filter(pk=int(text)).first()


def _previewed(row: Ticket, into: Ticket) -> dict[str, Any]:
    try:
        return {"into": into, "preview": preview(row, into)}
    except VerbError as error:
        return {"into": into, "problem": error.text}


def preview(row: Ticket, into: Ticket) -> Preview:
    """Both tickets as one. Raises `VerbError` where they cannot become one."""
    plan = merging.plan(row, into)
    ends, total = _ends(row, into)
    people = dict.fromkeys(str(t.asker.contact) for t in (into, row) if t.asker)
    links = row.links.exclude(url__in=into.links.values("url")).values_list("url", flat=True)
    return Preview(
        into=into,
        plan=plan,
        people=list(people),
        channels=list(dict.fromkeys(str(t.channel) for t in (into, row))),
        messages=ends,
        total=total,
        left_out=total - len(ends),
        stops=_clocks(row),
        keeps=_clocks(into),
        links=list(links),
    )


def _ends(row: Ticket, into: Ticket) -> tuple[list[Message], int]:
    """The first and the last messages of both, in order; and how many there are."""
    both = Message.objects.filter(ticket__in=[row.pk, into.pk])
    both = both.select_related("thread__channel")
    total, edge = both.count(), MOST_MESSAGES // 2
    if total <= MOST_MESSAGES:
        return list(both.order_by("sent_at", "pk")), total
    last = list(both.order_by("-sent_at", "-pk")[:edge])
    return [*both.order_by("sent_at", "pk")[:edge], *reversed(last)], total


def _clocks(row: Ticket) -> list[str]:
    live = row.clocks.filter(state__in=["running", "paused"]).order_by("due_at")
    return [METRICS.get(metric, metric) for metric in live.values_list("metric", flat=True)]


# ------------------------------------------------------------------ which one


def _offers(user: User, row: Ticket, q: str) -> list[tuple[str, list[Row[Ticket]]]]:
    """What was looked for; without words the same question elsewhere, and what is like it."""
    if q.strip():
        return [("Found", _rows(user, row, _found(user, q)))]
    alike = likeness.alike(user, row)
    elsewhere = [like.ticket.pk for like in alike.elsewhere]
    theirs = list(_of_the_same_person(user, row))
    near = [like.ticket.pk for like in alike.solved if like.ticket.pk not in elsewhere]
    parts = [
        ("Also asked in another channel", elsewhere),
        ("Also from them", [pk for pk in theirs if pk not in elsewhere]),
        ("Like this one", [pk for pk in near if pk not in theirs]),
    ]
    return [(name, rows) for name, pks in parts if (rows := _rows(user, row, pks))]


def _found(user: User, q: str) -> list[int]:
    zone = zone_of(user)
    scope = Scope(user=user, bounds=bounds(timezone.now(), zone), zone=zone)
    return finding.find(parse(q), scope, typing=True).numbers[: FOUND + 1]


def _of_the_same_person(user: User, row: Ticket) -> list[int]:
    if row.asker is None:
        return []
    rows = queries.visible_to(user).filter(asker__contact=row.asker.contact_id)
    live = rows.exclude(status__in=[Status.MERGED, Status.SPAM, Status.TRASHED]).exclude(pk=row.pk)
    return list(live.order_by("-number").values_list("pk", flat=True)[:FOUND])


def _rows(user: User, row: Ticket, numbers: list[int]) -> list[Row[Ticket]]:
    now, zone = timezone.now(), zone_of(user)
    known = queries.visible_to(user).select_related(*RELATED).only(*SHOWN).in_bulk(numbers)
    return [row_of(known[pk], now, zone) for pk in numbers if pk in known and pk != row.pk][:FOUND]
