"""Interviews on the desk: invited from a ticket, written down, taken out; directories asked."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.audit import services as audit
from inbox.channels.contract import DeliveryError
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.community import exporting, interviews, reading
from inbox.community.records import Interview, InterviewState
from inbox.operations import directories
from inbox.tickets import queries
from inbox.tickets.errors import VerbError
from inbox.tickets.people import known_to
from inbox.web.guard import entered
from inbox.web.onpaper import csv_of, numbered
from inbox.web.page import page, zone_of
from inbox.web.peopleone import show as show_person
from inbox.web.quotes import elsewhere_or_404, on_ticket, what_may

PER_PAGE, MOST_IN_FILE = 50, 10_000
FILTERS = {"": "All", **dict(InterviewState.choices)}


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Every interview that may be seen, the newest first."""
    return _listed(request)


def _listed(request: HttpRequest, *, status: int = 200, **extra: Any) -> HttpResponse:
    user, state = entered(request), _state(request.GET)
    rows = _narrowed(user, state)
    before = numbered(request.GET.get("before", ""))
    rows = rows.filter(pk__lt=before) if before else rows
    found = list(reading.with_people(rows).order_by("-pk")[: PER_PAGE + 1])
    more = found[PER_PAGE - 1].pk if len(found) > PER_PAGE else 0
    context = {
        "rows": [interview_row(row, user) for row in found[:PER_PAGE]],
        "state": state,
        "filters": [
            (name, words, f"?state={name}" if name else "?") for name, words in FILTERS.items()
        ],
        "states": InterviewState.choices,
        "more": "?" + urlencode({"state": state, "before": more}) if more else "",
        **what_may(user),
        **extra,
    }
    return page(request, "people/interviews.html", context, status=status)


def interview_row(row: Interview, user: User) -> dict[str, Any]:
    """An interview as pages show it: whom it is with, and its time where the reader is."""
    at = row.at.astimezone(ZoneInfo(zone_of(user))) if row.at else None
    return {
        "row": row,
        "name": row.identity.person_name,
        "local": f"{at:%Y-%m-%dT%H:%M}" if at else "",
    }


def _state(data: QueryDict) -> str:
    return data.get("state", "") if data.get("state", "") in FILTERS else ""


def _narrowed(user: User, state: str) -> Any:
    rows = reading.interviews_visible_to(user)
    return rows.filter(state=state) if state else rows


@login_required
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """The list as it is narrowed, as CSV; who took it is written down."""
    user, state = entered(request), _state(request.POST)
    rows = reading.with_people(_narrowed(user, state)).order_by("pk")
    lines = [exporting.interview_line(row) for row in rows[:MOST_IN_FILE]]
    with pipeline.change(Actor.user(user)):
        taken = {"interviews": len(lines), "state": state}
        audit.record(user, "export.read", "interviews", new=taken, request=request)
    return csv_of("interviews", exporting.INTERVIEW_HEADINGS, lines)


# ------------------------------------------------------------------ making them


@login_required
@require_POST
def invite(request: HttpRequest, number: int) -> HttpResponse:
    """Invite whoever asked, with the scheduling link, while the conversation is live (S81)."""
    user, data = entered(request), request.POST
    row = get_object_or_404(queries.visible_to(user), pk=number)
    try:
        with pipeline.change(Actor.user(user)):
            made = interviews.invite(
                row,
                body=data.get("body", ""),
                about=data.get("about", ""),
                user=user,
                is_story="story" in data,
                delay_seconds=int(setting("undo_seconds")),
            )
            audit.record(user, "interview.invited", f"interview {made.pk}", request=request)
    except VerbError as error:
        return on_ticket(request, row, status=422, problem=error, about="interview")
    messages.success(request, "Invited. It leaves in a few seconds; undo it in the conversation.")
    return HttpResponseRedirect(reverse("ticket-quotes", args=[number]))


@login_required
@require_POST
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Write an interview down that came about elsewhere."""
    user, data = entered(request), request.POST
    contact = get_object_or_404(known_to(user), pk=pk)
    try:
        with pipeline.change(Actor.user(user)):
            held_at = _moment(data.get("at", ""), user)
            row = interviews.begin(contact, about=data.get("about", ""), held_at=held_at, user=user)
            audit.record(user, "interview.made", f"interview {row.pk}", request=request)
    except VerbError as error:
        return show_person(request, pk, status=422, problem=error, draft=data)
    messages.success(request, "Written down.")
    return HttpResponseRedirect(reverse("person", args=[pk]))


def _moment(text: str, user: User) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone_of(user)))
    except ValueError:
        raise VerbError("This is no time.", field="at") from None


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Change one, or keep it as a note at a directory."""
    user, data = entered(request), request.POST
    rows = reading.interviews_visible_to(user).select_related("identity__contact")
    row = get_object_or_404(rows, pk=pk)
    if verb not in VERBS:
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            said = VERBS[verb](row, data, user)
            audit.record(user, f"interview.{verb}", f"interview {pk}", request=request)
    except VerbError as error:
        return _listed(request, status=422, problem=error, about=pk, draft=data)
    messages.success(request, said)
    wanted = data.get("next", "")
    inside = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(wanted if inside else reverse("interviews"))


def _change(row: Interview, data: QueryDict, user: User) -> str:
    interviews.change(
        row,
        state=data.get("state", ""),
        held_at=_moment(data.get("at", ""), user),
        about=data.get("about", ""),
        notes=data.get("notes", ""),
    )
    return "Kept."


def _elsewhere(row: Interview, data: QueryDict, user: User) -> str:
    channel = elsewhere_or_404(data)
    exporting.keep_interview(row, channel=channel)
    return f"It becomes a note in {channel.type.label} within a minute."


VERBS = {"change": _change, "elsewhere": _elsewhere}


# ------------------------------------------------------------------ directories


@login_required
@require_POST
def look_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask a directory who somebody is; the answer is a link, and merges nobody."""
    user = entered(request)
    contact = get_object_or_404(known_to(user), pk=pk)
    channel = elsewhere_or_404(request.POST)
    label = channel.type.label
    try:
        found = directories.look_up(contact, channel, now=timezone.now())
    except DeliveryError as error:
        messages.error(request, error.text)
        return HttpResponseRedirect(reverse("person", args=[pk]))
    with pipeline.change(Actor.user(user)):
        new = {"directory": str(channel), "found": found is not None}
        audit.record(user, "person.looked_up", f"person {pk}", new=new, request=request)
    said = "knows them: the link is kept below." if found else "knows nobody by their addresses."
    messages.success(request, f"{label} {said}")
    return HttpResponseRedirect(reverse("person", args=[pk]))
