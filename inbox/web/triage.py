"""Triage: what carries a label that somebody has to look at, and reviews that are owed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels.models import SourceGroup
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.community import referring
from inbox.loop import labelled, triage
from inbox.loop.models import Item
from inbox.tickets import queries
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Thread, ThreadRole, Ticket, Visibility
from inbox.web.page import page, zone_of
from inbox.web.queue import RELATED, SHOWN, Row, row_of
from inbox.web.verbs import may

MOST = 50
ICONS = {"pull": "git-pr", "discussion": "git-talk"}
LAST_NUMBER = re.compile(r"/(\d+)\D*$")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One ticket with what its issue or pull request is called and carries there."""

    row: Row[Ticket]
    place: str
    number: str
    url: str
    icon: str
    labels: list[str]
    last: Message | None
    owed_since: datetime | None


@login_required
@require_safe
def triage_page(request: HttpRequest) -> HttpResponse:
    """One list by label, or the reviews that are owed (S47, S51, S52)."""
    return show(request)


def show(request: HttpRequest, *, status: int = 200, **extra: object) -> HttpResponse:
    """The page, also as the answer to a form with mistakes."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - callers require a signed-in account
    group = request.GET.get("group", "").replace("\x00", "")
    base = queries.visible_to(user)
    if group:
        base = base.filter(source__group__name=group)
    sizes, owing = labelled.sizes(base), labelled.owing(base)
    tab = request.GET.get("tab", "")
    tab = tab if tab in (*labelled.LISTS, "owed") else "triage"
    if tab == "owed":
        shown = lines(owing, user, order="owed_since")
    else:
        hidden = setting(labelled.LISTS[tab])
        shown = lines(labelled.labelled(base, tab), user, hidden=hidden)
    context = {
        "tab": tab,
        "tabs": [
            ("triage", setting("label_triage"), sizes["triage"]),
            ("review", setting("label_review"), sizes["review"]),
            ("community", "Community backlog", sizes["community"]),
            ("owed", "Reviews owed", owing.count()),
        ],
        "group": group,
        "groups": list(SourceGroup.objects.order_by("name").values_list("name", flat=True)),
        "lines": shown[:MOST],
        "more": len(shown) > MOST,
        "scoping_text": setting("scoping_text"),
        "acts": may(user, "label", request.POST),
        "path": f"{reverse('triage')}?{request.GET.urlencode()}",
        **extra,
    }
    return page(request, "triage/triage.html", context, status=status)


def lines(
    rows: QuerySet[Ticket], user: User, *, hidden: str = "", order: str = "created_at"
) -> list[Line]:
    """The first tickets, oldest first, in four statements; one more than are shown."""
    now, zone = timezone.now(), zone_of(user)
    said = Message.objects.filter(
        ticket=OuterRef("pk"), visibility=Visibility.PUBLIC, deleted_at__isnull=True
    )
    last_id = Subquery(said.order_by("-sent_at", "-pk").values("pk")[:1])
    rows = rows.annotate(owed_since=labelled.owed_since(), last_id=last_id).order_by(
        order, "number"
    )
    fields = (*SHOWN, "permalink", "answered_at", "source__label", "source__external_key")
    found = list(rows.select_related(*RELATED, "source").only(*fields)[: MOST + 1])
    numbers = [ticket.pk for ticket in found]
    spoken = {ticket.pk: ticket.last_id for ticket in found}
    last = Message.objects.in_bulk([pk for pk in spoken.values() if pk])
    threads: dict[int, list[Thread]] = {}
    customers = Thread.objects.filter(ticket__in=numbers, role=ThreadRole.CUSTOMER)
    for thread in customers.order_by("pk"):
        threads.setdefault(thread.ticket_id, []).append(thread)
    items = _items([thread for mine in threads.values() for thread in mine])
    return [
        _line(
            row_of(ticket, now, zone),
            threads.get(ticket.pk, []),
            items,
            last.get(spoken[ticket.pk]),
            hidden,
        )
        for ticket in found
    ]


def _items(threads: list[Thread]) -> dict[tuple[int, str], Item]:
    keys = Q(key__in=[thread.thread_key for thread in threads])
    channels = Q(channel__in={thread.channel_id for thread in threads})
    return {(item.channel_id, item.key): item for item in Item.objects.filter(keys & channels)}


def _line(
    row: Row[Ticket],
    threads: list[Thread],
    items: dict[tuple[int, str], Item],
    last: Message | None,
    hidden: str,
) -> Line:
    ticket = row.ticket
    known = (items.get((thread.channel_id, thread.thread_key)) for thread in threads)
    item = next((item for item in known if item is not None), None)
    written = LAST_NUMBER.search(ticket.permalink)
    labels = dict.fromkeys(label for thread in threads for label in thread.labels)
    return Line(
        row=row,
        place=item.place if item else str(ticket.source or ticket.channel),
        number=str(item.number) if item else written[1] if written else "",
        url=item.url if item else ticket.permalink,
        icon=ICONS.get(item.kind, "") if item else "",
        labels=[label for label in labels if label != hidden],
        last=last,
        owed_since=row.owed_since,
    )


# ------------------------------------------------------------------ what is done there


@login_required
@require_POST
def act(request: HttpRequest, number: int, verb: str) -> HttpResponse:
    """It needs scoping, product should see it, or it is talked about live (S46, S48, S84)."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    if verb not in VERBS or not may(user, "label", request.POST):
        raise Http404
    row = get_object_or_404(queries.visible_to(user), pk=number)
    body = request.POST.get("body", "")
    try:
        with pipeline.change(Actor.user(user)):
            said = VERBS[verb](row, request, user)
    except VerbError as error:
        return show(request, status=422, problem=error, wrong=number, verb=verb, draft=body)
    messages.success(request, said)
    return HttpResponseRedirect(_back(request))


def _scope(row: Ticket, request: HttpRequest, user: User) -> str:
    triage.scope(row, body=request.POST.get("body", ""), user=user)
    return f"Said so, and #{row.pk} carries “{setting('label_review')}” now."


def _refer(row: Ticket, request: HttpRequest, user: User) -> str:
    why = request.POST.get("body", "")
    triage.refer(row, why=why, user=user)
    referring.refer(row, why=why, area=request.POST.get("area", ""))
    return f"Noted why, and #{row.pk} carries “{setting('label_review')}” now."


def _talk(row: Ticket, request: HttpRequest, user: User) -> str:
    topic = referring.talk_about(row, topic=request.POST.get("body", ""))
    return f"Kept for the office hours: {topic.topic}"


VERBS: dict[str, Callable[[Ticket, HttpRequest, User], str]] = {
    "scope": _scope,
    "refer": _refer,
    "talk": _talk,
}


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        return wanted
    return reverse("triage")
