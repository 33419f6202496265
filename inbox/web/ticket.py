"""One ticket: the list beside it, the conversation, and everything that explains it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.channels.contract import Capability
from inbox.common.config import setting
from inbox.common.prepared import Prepared
from inbox.common.text import safe_html
from inbox.followups.models import PromiseOffer
from inbox.loop import labelled
from inbox.outbox.rendering import to_html
from inbox.people.daytime import daytime, strip
from inbox.people.models import Identity
from inbox.routing.models import RuleTrace
from inbox.sla.explain import METRICS, NO_FUSE, Fuse, fuse, span, story
from inbox.sla.models import Clock
from inbox.tickets import naming, queries, scheduling
from inbox.tickets.models import Kind, Priority, Resolution, Status, Tag, Ticket
from inbox.web import chatpanel, composing, macroing, onticket
from inbox.web.conversation import Line, conversation
from inbox.web.linked import linked_of, tell_of
from inbox.web.menus import menus, name_on
from inbox.web.page import page, zone_of
from inbox.web.queue import Group, day_hours, groups_for


@dataclass(frozen=True, kw_only=True)
class ClockLine:
    """A clock in the context panel."""

    name: str
    soft: bool
    fuse: Fuse
    story: list[str]


def _row(number: int) -> QuerySet[Ticket]:
    trace = RuleTrace.objects.filter(ticket=OuterRef("pk")).order_by("pk")
    same = Identity.objects.filter(contact=OuterRef("asker__contact"))
    rows = Ticket.objects.filter(pk=number).select_related("asker__contact", "source")
    return rows.annotate(
        owed_since=labelled.owed_since(),
        steps=Subquery(trace.values("steps")[:1]),
        asks_elsewhere=Exists(same.exclude(pk=OuterRef("asker"))),
    )


ROW = Prepared(_row)
CLOCKS = Prepared(lambda number: Clock.objects.filter(ticket=number).order_by("pk"))
TAGS = Prepared(lambda number: Tag.objects.filter(tickets=number))


@login_required
@require_safe
def ticket(request: HttpRequest, number: int) -> HttpResponse:
    """The ticket's page; its fragments refresh themselves."""
    return show(request, number)


def show(request: HttpRequest, number: int, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The page of a ticket, also as the answer to a form with mistakes."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - callers require a signed-in account
    row = ROW.first(number)
    if row is None or not queries.sees(user, row):
        raise Http404
    name_on(row)
    for other in ("hint", "merged_into"):  # may be restricted when this one is not
        if not queries.sees(user, getattr(row, other)):
            setattr(row, other, None)
    given = extra.get("draft")
    used = macroing.used_in(given, user)
    context = {**context_of(request, row, user, given), "used": used}
    if given is not None and "body" not in given:  # another form: the words so far stay
        extra["draft"] = {**given.dict(), **context["draft"]}
    context |= extra
    if "stale" in extra:
        seen, lines = extra["stale"]["seen"], context["lines"]
        newer = [line for line in lines if line.message and line.message.pk > seen]
        context["stale"] = {**extra["stale"], "newer": newer}
    return page(
        request,
        "tickets/ticket.html",
        context,
        fragments={"thread", "context", "list"},
        status=status,
    )


def context_of(
    request: HttpRequest, row: Ticket, user: User, given: QueryDict | None = None
) -> dict[str, Any]:
    """Everything the page shows, in a fixed number of statements; `given`: a form to show again."""
    now, zone = timezone.now(), zone_of(user)
    talk = conversation(row, request.GET.dict(), zone)
    lines = talk.lines
    clocks = [clock_line(c, now, zone) for c in CLOCKS.rows(row.pk) if c.state != "stopped"]
    running = [line.fuse for line in clocks if line.fuse.state not in ("met", "none")]
    chat = onticket.chat_of(row, talk.newest)
    htmx = getattr(request, "htmx", None)
    asker = row.asker
    there = daytime(now, asker.timezone, asker.utc_offset_minutes, day_hours()) if asker else None
    # the list beside the conversation is a fragment of its own, fetched once the page stands
    groups: list[Group] = groups_for(user) if htmx and htmx.target == "list" else []
    return {
        "ticket": row,
        "lines": lines,
        "talk": talk,
        "was": _was(request, row),
        "clocks": clocks,
        "head": running[0] if running else NO_FUSE,
        "groups": [group for group in groups if group.rows],
        **why(getattr(row, "steps", None) or []),
        **linked_of(row, user),
        **chatpanel.about(chat),
        "tags": [tag.name for tag in TAGS.rows(row.pk)],
        "others": _others(row, user),
        **menus(),
        "kinds": Kind.choices,
        "priorities": Priority.choices,
        "resolutions": Resolution.choices,
        "closes_there": {Capability.CLOSE, Capability.FORUM} <= row.channel.type.capabilities,
        "last_seen": talk.seen if talk.newer else row.last_message_id or 0,
        "offer": _offer(lines),
        **composing.context(row, user, talk, given),
        **tell_of(request, row, lines),
        "tell": setting("asking_the_team"),
        "call_link": _call_link(row),
        "there": there,
        "strip": strip(there.local, day_hours()) if there else {},
        "spent": spent_words(row, now),
        "duty": None,  # said on the queue; here it would only cost a statement
        # the answer to a form stands at the verb's address, where nothing can be fetched
        "path": request.get_full_path()
        if request.method == "GET"
        else reverse("ticket", args=[row.pk]),
        **onticket.context(row, user, now, chat),
    }


def _was(request: HttpRequest, row: Ticket) -> str:
    """The status that the page showed when it was opened."""
    was = request.GET.get("was", "")
    return was if was in Status.values else row.status


def _offer(lines: list[Line]) -> PromiseOffer | None:
    """The words of the last answer that sound like a promise, until somebody decides."""
    said = [line.message for line in lines if line.message and line.message.author_user_id]
    offer = getattr(said[-1], "offer", None) if said else None
    return offer if offer is not None and offer.state == "offered" else None


def _call_link(row: Ticket) -> str:
    """The scheduling link, once a live conversation has become long (S70)."""
    long = row.message_count >= int(setting("call_after_messages"))
    return scheduling.link(row, person=False) if long and row.is_live else ""


# a state in which time is spent → the status that it is
STATES = {
    "us": "open",
    "them": "them",
    "research": "research",
    "on_hold": "on_hold",
    "closed": "closed",
}


def spent_words(row: Ticket, now: datetime) -> list[str]:
    """How long the ticket has been in each state so far (S58, S66)."""
    seconds = dict(row.state_seconds)
    state = row.waiting_on or row.status
    if row.is_live and row.waiting_since:
        seconds[state] = seconds.get(state, 0) + (now - row.waiting_since).total_seconds()
    return [
        f"{span(seconds[name])} {naming.inside(key)}"
        for name, key in STATES.items()
        if seconds.get(name, 0) >= 60
    ]


def why(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """The rules that put the ticket here, and those that were asked and did not match."""
    return {
        "matched": [step for step in steps if step["matched"]],
        "skipped": [step for step in steps if not step["matched"]],
    }


def _others(row: Ticket, user: User) -> list[Ticket]:
    """Other tickets of the same person."""
    if row.asker is None:
        return []
    # by their keys: how many tickets a person has differs so much that a join is planned wrongly
    asked_as = [row.asker.pk]
    if getattr(row, "asks_elsewhere", True):
        asked_as = list(row.asker.contact.identities.values_list("pk", flat=True))
    mine = queries.visible_to(user).filter(asker__in=asked_as).exclude(pk=row.pk)
    return list(mine.only("number", "subject", "status", "waiting_on").order_by("-number")[:5])


def clock_line(clock: Any, now: datetime, zone: str) -> ClockLine:
    """A clock with its name, its fuse and its story."""
    return ClockLine(
        name=METRICS.get(clock.metric, clock.metric),
        soft=clock.soft,
        fuse=fuse(clock, now=now, zone=zone),
        story=story(clock, zone),
    )


@login_required
@require_safe
@xframe_options_sameorigin
def original(request: HttpRequest, pk: int) -> HttpResponse:
    """A mail's own HTML for a sandboxed frame: nothing in it can run or load anything."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    message = get_object_or_404(queries.messages_visible_to(user), pk=pk)
    body = safe_html(message.body_html) or to_html(f"```\n{message.body_text}\n```")
    response = HttpResponse(f"<!doctype html><meta charset=utf-8><title>Original</title>{body}")
    response["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; img-src data:; frame-ancestors 'self'"
    )
    return response
