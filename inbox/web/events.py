"""Events and their series: plan one, choose its tickets, print the names, send the links back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common.work import Actor
from inbox.outbox import queries as outgoing
from inbox.outbox.models import Outgoing
from inbox.playbooks import describing, events, feed, recurring, telling
from inbox.playbooks.models import Event, EventTicket, Series
from inbox.playbooks.queries import visible_to
from inbox.tickets import queries
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from inbox.web import eventform
from inbox.web.guard import entered
from inbox.web.page import page, zone_of

SALT = "playbooks.feed"
MOST, EARLIER = 60, 30


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """What is coming, what was, and what repeats."""
    user, now = entered(request), timezone.now()
    rows = Event.objects.select_related("series").annotate(chosen=Count("event_tickets"))
    context = {
        "coming": list(rows.filter(ends_at__gte=now).order_by("starts_at", "pk")[:MOST]),
        "earlier": list(rows.filter(ends_at__lt=now).order_by("-starts_at", "-pk")[:EARLIER]),
        "series": list(Series.objects.select_related("playbook").order_by("name")),
        "feed": f"{reverse('events-feed')}?token={signing.dumps(user.pk, salt=SALT)}",
    }
    return page(request, "playbooks/events.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """Plan an event, or change its plan; a mistake comes back with what was written."""
    user, zone = entered(request), zone_of(entered(request))
    event = get_object_or_404(Event, pk=pk) if pk else _fresh(request)
    if request.method != "POST":
        return _form(request, event, eventform.shown(event, zone))
    try:
        eventform.read(request.POST, event, zone)
        with pipeline.change(Actor.user(user)):
            events.save(event)
    except VerbError as error:
        return _form(request, event, eventform.written(request.POST), error)
    messages.success(request, f"“{event.title}” is kept.")
    return HttpResponseRedirect(reverse("event", args=[event.pk]))


def _fresh(request: HttpRequest) -> Event:
    """A new one tomorrow, an hour long; of a series, at its hour and as long as its events are."""
    begin = (timezone.now() + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    row = Series.objects.filter(key=request.GET.get("series", "")).first()
    if row is not None:
        local = begin.astimezone(ZoneInfo(recurring.calendar_of(row).zone))
        begin = datetime.combine(local.date(), time.fromisoformat(row.time), local.tzinfo)
    minutes = row.minutes if row else 60
    topic = min(15, minutes)
    agenda = [("Topic", topic), ("Questions, debugging, anything", minutes - topic)]
    return Event(
        series=row,
        title=row.name if row else "",
        meeting_url=row.meeting_url if row else "",
        starts_at=begin,
        ends_at=begin + timedelta(minutes=minutes),
        agenda=[{"title": title, "minutes": n, "people": []} for title, n in agenda if n],
    )


def _form(
    request: HttpRequest, event: Event, fields: dict[str, Any], problem: VerbError | None = None
) -> HttpResponse:
    context = {
        "event": event,
        "fields": fields,
        "problem": problem,
        "all_series": Series.objects.order_by("name"),
    }
    return page(request, "playbooks/event_edit.html", context, status=422 if problem else 200)


@login_required
@require_safe
def event(request: HttpRequest, pk: int) -> HttpResponse:
    """One event: its plan, its people, its tickets, and afterwards the way back to each of them."""
    user, row = entered(request), get_object_or_404(Event.objects.select_related("series"), pk=pk)
    chosen = _chosen(row, user)
    planned, there = describing.agenda_sum(row.agenda), events.minutes_of(row)
    context = {
        "event": row,
        "plan": _plan(row),
        "planned": planned,
        "there": there,
        "left": there - planned,
        "chosen": chosen,
        "runs": list(visible_to(user).filter(event=row).order_by("-started_at")),
        "is_over": row.ends_at < timezone.now(),
        "may_act": can(user, Right.ACT),
        "video": _video(row, events.zone_of(row, zone_of(user))) if row.stream_url else None,
        "ready_to_tell": sum(bool(one.stamp and not one.draft) for one in chosen),
    }
    return page(request, "playbooks/event.html", context)


def _video(row: Event, zone: str) -> dict[str, str]:
    """What stands below the recording (S89, S91)."""
    found = describing.chapters(row.agenda)
    return {
        "description": describing.description(row, ZoneInfo(zone)),
        "problem": describing.chapter_problem(found),
    }


def _plan(row: Event) -> list[dict[str, Any]]:
    """The agenda with the hour at which each line begins."""
    at, lines = row.starts_at, []
    for line in row.agenda:
        seconds = line.get("at_seconds")
        stamp = describing.stamp(int(seconds)) if seconds is not None else ""
        lines.append({**line, "at": at, "stamp": stamp})
        at += timedelta(minutes=int(line.get("minutes") or 0))
    return lines


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A ticket of an event, as far as the way back to it has come."""

    row: EventTicket
    stamp: str
    draft: Outgoing | None


def stamp_of(row: EventTicket) -> str:
    """Where in the recording a ticket's part begins; "" while nobody has said."""
    return "" if row.timestamp_seconds is None else describing.stamp(row.timestamp_seconds)


def _chosen(row: Event, user: User) -> list[Chosen]:
    """Its tickets, as far as somebody may see them, each with its moment and its draft."""
    seen = queries.visible_to(user)
    rows = list(
        EventTicket.objects.filter(event=row, ticket__in=seen)
        .select_related("ticket")
        .order_by("timestamp_seconds", "pk")
    )
    keys = [f"event:{row.pk}:{one.ticket_id}" for one in rows]
    drafts = {
        draft.idempotency_key: draft
        for draft in outgoing.visible_to(user).filter(idempotency_key__in=keys)
    }
    return [
        Chosen(
            row=one,
            stamp=stamp_of(one),
            draft=drafts.get(f"event:{row.pk}:{one.ticket_id}"),
        )
        for one in rows
    ]


@login_required
@require_safe
def names(request: HttpRequest, pk: int) -> HttpResponse:
    """Names or aliases to call out, large, to be printed or shown (S85)."""
    user, row = entered(request), get_object_or_404(Event, pk=pk)
    people = telling.people_of(row, visible_to(user).filter(event=row).order_by("pk"))
    roles = {person.get("alias") or person.get("name"): person.get("role") for person in people}
    called = [(name, roles.get(name)) for name in describing.called(people)]
    return page(request, "playbooks/names.html", {"event": row, "called": called})


# ------------------------------------------------------------------ buttons


def _choose(row: Event, data: QueryDict, user: User) -> str:
    ticket = _ticket(data, user)
    events.choose(row, ticket)
    return f"#{ticket.pk} is talked about."


def _ticket(data: QueryDict, user: User) -> Ticket:
    number = data.get("ticket", "").strip().removeprefix("#")
    found = None
    if number.isascii() and number.isdigit() and len(number) < 16:
        found = queries.visible_to(user).filter(pk=int(number)).first()
    if found is None:
        raise VerbError("There is no such ticket.", field="ticket")
    return found


def _one(row: Event, data: QueryDict, user: User) -> EventTicket:
    number = data.get("chosen", "")
    pk = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    rows = EventTicket.objects.select_related("ticket", "event").filter(event=row)
    return get_object_or_404(rows.filter(ticket__in=queries.visible_to(user)), pk=pk)


def _drop(row: Event, data: QueryDict, user: User) -> str:
    one = _one(row, data, user)
    events.drop(one)
    return f"#{one.ticket_id} is not talked about."


def _stamp(row: Event, data: QueryDict, user: User) -> str:
    one = _one(row, data, user)
    events.stamp(one, data.get("stamp", ""))
    return f"#{one.ticket_id} begins at {stamp_of(one) or 'no moment'}."


def _tell(row: Event, data: QueryDict, user: User) -> str:
    if not row.stream_url:
        raise VerbError("Add the recording’s link first.", field="stream_url")
    made = events.link_back(row, [one.row for one in _chosen(row, user)])
    if not made:
        raise VerbError("Nobody is left to tell: mark when each ticket’s part begins.")
    return f"{made} drafted. Each waits for a yes before it leaves."


def _off(row: Event, data: QueryDict, user: User) -> str:
    events.call_off(row)
    return "It is called off, and nobody is reminded of it. Say so where it was announced."


def _on(row: Event, data: QueryDict, user: User) -> str:
    events.bring_back(row)
    return "It takes place."


VERBS: dict[str, Callable[[Event, QueryDict, User], str]] = {
    "choose": _choose,
    "drop": _drop,
    "stamp": _stamp,
    "tell": _tell,
    "off": _off,
    "on": _on,
}


@login_required
@require_POST
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """One of the buttons of an event."""
    user, row, do = entered(request), get_object_or_404(Event, pk=pk), VERBS.get(verb)
    if do is None:
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            said = do(row, request.POST, user)
        messages.success(request, said)
    except VerbError as error:
        messages.error(request, error.text)
    return HttpResponseRedirect(reverse("event", args=[row.pk]))


@require_safe
def calendar_feed(request: HttpRequest) -> HttpResponse:
    """Events as an iCal feed, for whoever has a signed address."""
    try:
        pk = signing.loads(request.GET.get("token", ""), salt=SALT)
    except signing.BadSignature:
        raise Http404 from None
    if not User.objects.filter(pk=pk, is_active=True).exists():
        raise Http404
    response = HttpResponse(feed.ical(timezone.now()), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="events.ics"'
    return response
