"""The Monday product review: an agenda, three outcomes for each item, and what was decided."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.loop import labelled, triage
from inbox.outbox.rendering import to_html
from inbox.tickets import kinds, queries
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, TicketEvent, Visibility
from inbox.web.page import page, zone_of
from inbox.web.triage import MOST, Line, lines
from inbox.web.verbs import may

WEEK, DAY = timedelta(days=7), timedelta(days=1)
OPENING = 420


@dataclass(frozen=True, kw_only=True)
class Point:
    """One item of the agenda: what they wrote, and the last note of the team."""

    line: Line
    opening: Message | None
    note: Message | None

    @property
    def opening_html(self) -> str:
        """The beginning of what they wrote."""
        text = (self.opening.new_text or self.opening.body_text) if self.opening else ""
        return to_html(Truncator(text).chars(OPENING))


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One decision that holds."""

    event: TicketEvent
    icon: str
    labels: list[str]


@login_required
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    """The agenda for this Monday or the coming one (S49)."""
    return show(request)


def show(request: HttpRequest, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The agenda, whole or as the fragment that a decision changes."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - callers require a signed-in account
    now = timezone.now().astimezone(ZoneInfo(zone_of(user)))
    monday = triage.monday(now)
    points = _points(user)
    made = [
        _decision(event)
        for event in triage.decisions(monday - 2 * WEEK + DAY, visible=queries.visible_to(user))
    ]
    begun = monday - WEEK + DAY  # what is decided after a Monday is for the next one
    here = [decision for decision in made if decision.event.at >= begun]
    total = len(here) + len(points)
    context = {
        "monday": monday,
        "is_today": monday.date() == now.date(),
        "points": points[:MOST],
        "more": len(points) > MOST,
        "decided": here,
        "earlier": [decision for decision in made if decision.event.at < begun],
        "last_monday": monday - WEEK,
        "total": total,
        "share": round(100 * len(here) / total) if total else 100,
        "outcomes": triage.OUTCOMES,
        "label": setting("label_review"),
        "acts": may(user, "label", request.POST),
        **extra,
    }
    return page(request, "triage/review.html", context, fragments={"agenda"}, status=status)


def _points(user: User) -> list[Point]:
    """The agenda, oldest first; what is said of each item in one statement for all."""
    rows = labelled.labelled(queries.visible_to(user), "review")
    said = Message.objects.filter(ticket=OuterRef("pk"), deleted_at__isnull=True)
    public = said.filter(visibility=Visibility.PUBLIC).order_by("sent_at", "pk")
    noted = said.filter(visibility=Visibility.INTERNAL).order_by("-sent_at", "-pk")
    rows = rows.annotate(
        opening_id=Subquery(public.values("pk")[:1]), note_id=Subquery(noted.values("pk")[:1])
    )
    found = lines(rows, user, hidden=setting("label_review"))
    ids = {
        line.row.ticket.pk: (line.row.ticket.opening_id, line.row.ticket.note_id)  # type: ignore[attr-defined]  # annotated above
        for line in found
    }
    known = Message.objects.in_bulk([pk for pair in ids.values() for pk in pair if pk])
    return [
        Point(line=line, opening=known.get(opening), note=known.get(note))
        for line, (opening, note) in ((line, ids[line.row.ticket.pk]) for line in found)
    ]


def _decision(event: TicketEvent) -> Decision:
    known = triage.OUTCOMES.get(event.data["outcome"])
    return Decision(
        event=event, icon=known.icon if known else "tag", labels=list(event.data["added"])
    )


# ------------------------------------------------------------------ deciding


@login_required
@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """One outcome for one item; a mistake comes back with what was written."""
    user = _deciding(request)
    row = get_object_or_404(queries.visible_to(user), pk=number)
    data = request.POST
    try:
        with pipeline.change(Actor.user(user)):
            event = triage.decide(
                row,
                data.get("outcome", ""),
                user=user,
                why=data.get("why", ""),
                tell="tell" in data,
            )
    except VerbError as error:
        return show(request, status=422, problem=error, draft=data, wrong=number)
    return _done(request, f"“{event.ticket.subject}”: {event.data['words']}.", undo=event)


@login_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one decision back: the item is on the agenda again."""
    user = _deciding(request)
    rows = TicketEvent.objects.filter(kind=kinds.DECIDED, ticket__in=queries.visible_to(user))
    event = get_object_or_404(rows.select_related("ticket"), pk=pk)
    try:
        with pipeline.change(Actor.user(user)):
            withheld = triage.undo(event)
    except VerbError as error:
        return show(request, status=422, problem=error)
    left = "" if withheld else " They were told already: that comment stays."
    return _done(request, f"“{event.ticket.subject}” is on the agenda again.{left}")


def _deciding(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - callers require a signed-in account
    if not may(user, "label", request.POST):
        raise Http404
    return user


def _done(request: HttpRequest, said: str, *, undo: TicketEvent | None = None) -> HttpResponse:
    htmx = getattr(request, "htmx", None)
    if htmx and htmx.target == "agenda":
        return show(request, said=said, undoes=undo, moved=True)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("review"))
