"""Playbooks: what runs now, what is coming, what can be started, and starting it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Min, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.playbooks import services, starting
from inbox.playbooks.models import Event, Playbook, Run, RunState
from inbox.playbooks.queries import visible_to
from inbox.tickets import queries
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from inbox.web import runverbs
from inbox.web.eventform import moment, typed
from inbox.web.guard import entered
from inbox.web.menus import menus
from inbox.web.page import page, zone_of

COMING, OVER, MOST = 6, 8, 40
# what a playbook begins with that is started by one press, because a secret was seen (S94)
EXPOSED = "secret_found"


@login_required
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """What runs, what is coming, and what can be started."""
    user, now = entered(request), timezone.now()
    rows = visible_to(user).select_related("playbook", "event", "started_by")
    over = Q(steps__state__in=("done", "skipped"))
    next_due = Min("steps__due_at", filter=~over)
    rows = rows.annotate(total=Count("steps"), done=Count("steps", filter=over), next_due=next_due)
    running = list(rows.filter(state=RunState.RUNNING).order_by("next_due", "-pk")[:MOST])
    books = list(Playbook.objects.filter(active=True).order_by("name"))
    context = {
        "ticket": _about(request, user)["ticket"],
        "running": running,
        "over": list(rows.exclude(state=RunState.RUNNING).order_by("-finished_at")[:OVER]),
        "events": list(
            Event.objects.select_related("series")
            .filter(ends_at__gte=now)
            .order_by("starts_at", "pk")[:COMING]
        ),
        "playbooks": books,
        "exposed": exposed(books, pasted=False),
    }
    return page(request, "playbooks/playbooks.html", context)


def exposed(books: list[Playbook], *, pasted: bool) -> Playbook | None:
    """The playbook for a secret: pasted into a ticket, or seen on a stream."""
    found = [book for book in books if "secret" in book.key or _starts_on_secret(book)]
    if pasted:
        return min(found, key=lambda book: not _starts_on_secret(book), default=None)
    return min(found, key=lambda book: "stream" not in book.key, default=None)


def _starts_on_secret(book: Playbook) -> bool:
    return bool(book.definition.get("starts_on") == EXPOSED)


# ------------------------------------------------------------------ starting


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Start a playbook: when, who, and what is known. A mistake keeps what was typed."""
    user, book = entered(request), get_object_or_404(Playbook, key=key, active=True)
    about = _about(request, user)
    if request.method != "POST":
        return _form(request, book, about, request.GET)
    try:
        run = _start(book, about, request.POST, user)
    except VerbError as error:
        return _form(request, book, about, request.POST, error)
    messages.success(request, f"“{run.title}” runs.")
    return HttpResponseRedirect(run.get_absolute_url())


def _start(book: Playbook, about: dict[str, Any], data: QueryDict, user: User) -> Run:
    template = book.template
    people = {one.username: one.pk for one in menus()["agents"]}
    roles = {role.key: data.get(f"role-{role.key}", "") for role in template.roles}
    values = runverbs.values_of(template.fields, data)
    with pipeline.change(Actor.user(user)):
        return services.start(
            playbook=book,
            anchor_at=moment(data.get("anchor_at", ""), zone_of(user), field="anchor_at"),
            roles={role: people[name] for role, name in roles.items() if name in people},
            values={name: value for name, value in values.items() if value},
            title=data.get("title", "").replace("\x00", "").strip(),
            **about,
        )


def _about(request: HttpRequest, user: User) -> dict[str, Any]:
    """What it is about: an event, a ticket that somebody sees, or neither."""
    asked = request.POST if request.method == "POST" else request.GET
    event = Event.objects.filter(pk=_number(asked.get("event", ""))).first()
    ticket = queries.visible_to(user).filter(pk=_number(asked.get("ticket", ""))).first()
    return {"event": event, "ticket": ticket}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _form(
    request: HttpRequest,
    book: Playbook,
    about: dict[str, Any],
    data: QueryDict,
    problem: VerbError | None = None,
) -> HttpResponse:
    user, template = entered(request), book.template
    first: datetime = about["event"].starts_at if about["event"] else timezone.now()
    context = {
        "playbook": book,
        "template": template,
        **about,
        "title": data.get("title", ""),
        "anchor": data.get("anchor_at", "") or typed(first, zone_of(user)),
        "roles": [(role, data.get(f"role-{role.key}", "")) for role in template.roles],
        "fields": [(one, data.get(f"value-{one.key}", "")) for one in template.fields],
        "people": menus()["agents"],
        "problem": problem,
    }
    return page(request, "playbooks/start.html", context, status=422 if problem else 200)


@login_required
@require_POST
def expose(request: HttpRequest) -> HttpResponse:
    """A secret was seen: the response starts at once, the rest is filled in as it goes (S94)."""
    user, about = entered(request), _about(request, entered(request))
    books = list(Playbook.objects.filter(active=True).order_by("name"))
    book = exposed(books, pasted=about["ticket"] is not None)
    if book is None:
        messages.error(request, "No playbook for secrets is active. An admin loads the handbook.")
        return HttpResponseRedirect(reverse("playbooks"))
    try:
        with pipeline.change(Actor.user(user)):
            run = starting.respond(playbook=book, user=user, **about)
    except VerbError:
        # it cannot begin without something: the form asks for it, with this moment filled in
        ticket: Ticket | None = about["ticket"]
        behind = f"?ticket={ticket.pk}" if ticket else ""
        messages.info(request, "It starts as soon as this is said.")
        return HttpResponseRedirect(reverse("playbook-start", args=[book.key]) + behind)
    messages.success(request, "It runs. Say who does what.")
    return HttpResponseRedirect(run.get_absolute_url())
