"""One ticket: the list beside it, the conversation, and everything that explains it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from inbox.accounts.models import Team, User
from inbox.channels.contract import Capability
from inbox.common.config import setting
from inbox.common.text import safe_html
from inbox.common.versions import kept_many
from inbox.followups.models import PromiseOffer
from inbox.loop import labelled
from inbox.outbox.models import Outgoing
from inbox.outbox.rendering import to_html
from inbox.people.daytime import daytime, strip
from inbox.routing.models import RuleTrace
from inbox.sla.explain import METRICS, NO_FUSE, Fuse, fuse, span, story
from inbox.tickets import kinds, queries
from inbox.tickets import services as tickets
from inbox.tickets.models import Kind, Message, Priority, Resolution, Ticket
from inbox.web import chatpanel, macroing, onticket
from inbox.web.linked import issues_of, linked_of, tell_of
from inbox.web.page import page, zone_of
from inbox.web.queue import Group, day_hours, groups_for

PER_PAGE = 50
SHOWN_EVENTS = (
    kinds.CLOSED, kinds.REOPENED, kinds.HELD, kinds.ASSIGNED, kinds.CATEGORY, kinds.TRASHED,
    kinds.RESTORED, kinds.SPAM, kinds.SNOOZED, kinds.WOKEN, kinds.MERGED, kinds.UNMERGED,
    kinds.SPLIT,
    kinds.LINKED, kinds.UNLINKED, kinds.ISSUE_ASKED, kinds.ISSUE_OPENED,
    kinds.FORWARDED, kinds.BREACHED, kinds.DUE_WARNING, kinds.FLAGGED,
    kinds.SEND_FAILED,
    kinds.SEND_UNCERTAIN, kinds.RESTRICTED, kinds.MISSED, kinds.ESCALATED, kinds.PROMISED,
    kinds.FOLLOWED_UP, kinds.ASKED_TEAM, kinds.HANDED_OVER, kinds.REDIRECTED, kinds.CREDITED,
    kinds.MESSAGE_DELETED, kinds.RELEASED, kinds.MOVED, kinds.DECIDED, kinds.MACRO,
    kinds.MACRO_UNDONE,
)  # fmt: skip
FLAG_WORDS = {
    "unverified_participant": "has a valid id but an unknown sender; not copied on answers yet",
    "sender_unverified": "says to be one of us; the mail server did not prove it",
    "sender_forged": "the mail server says that this sender is forged",
    "not_sent_to_asker": "was not addressed to the requester",
    "subject_changed": "came under another subject",
    "bounced": "could not be delivered",
    "delayed": "is delayed on its way",
    "not_answered_automatically": "no automatic answer was sent",
}


# What the menus offer changes seldom; it is kept per process under its stamps.
MENUS: dict[str, Any] = {
    "agents": lambda: list(User.objects.filter(is_active=True).order_by("first_name", "username")),
    "teams": lambda: list(Team.objects.order_by("name")),
    "categories": tickets.known_categories,
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the conversation: a message or something that happened."""

    at: datetime
    message: Message | None = None
    html: str = ""
    quoted: bool = False
    outgoing: Outgoing | None = None
    changes: bool = False  # what was sent can still be changed where it stands
    event: str = ""
    actor: str = ""
    data: dict[str, Any] = field(default_factory=dict)  # of the event
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class ClockLine:
    """A clock in the context panel."""

    name: str
    soft: bool
    fuse: Fuse
    story: list[str]


@login_required
@require_safe
def ticket(request: HttpRequest, number: int) -> HttpResponse:
    """The ticket's page; its fragments refresh themselves."""
    return show(request, number)


def show(request: HttpRequest, number: int, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The page of a ticket, also as the answer to a form with mistakes."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - callers require a signed-in account
    row = get_object_or_404(
        queries.visible_to(user)
        .annotate(owed_since=labelled.owed_since())
        .select_related(
            "channel",
            "owner",
            "team",
            "restricted_team",
            "asker__contact",
            "source",
            "hint",
            "merged_into",
        ),
        pk=number,
    )
    used = macroing.used_in(extra.get("draft"), user)
    context = {**context_of(request, row, user), "used": used, **extra}
    return page(
        request,
        "tickets/ticket.html",
        context,
        fragments={"thread", "context", "list"},
        status=status,
    )


def context_of(request: HttpRequest, row: Ticket, user: User) -> dict[str, Any]:
    """Everything the page shows, in a fixed number of statements."""
    now, zone = timezone.now(), zone_of(user)
    skip = _skip(request)
    lines, more = conversation(row, skip)
    clocks = [clock_line(c, now, zone) for c in row.clocks.order_by("pk") if c.state != "stopped"]
    running = [line.fuse for line in clocks if line.fuse.state not in ("met", "none")]
    chat = onticket.chat_of(row, [line.message for line in lines if line.message])
    htmx = getattr(request, "htmx", None)
    asker = row.asker
    there = daytime(now, asker.timezone, asker.utc_offset_minutes, day_hours()) if asker else None
    # the list beside the conversation is a fragment of its own, fetched once the page stands
    groups: list[Group] = groups_for(user) if htmx and htmx.target == "list" else []
    return {
        "ticket": row,
        "lines": lines,
        "more": more,
        "next_skip": skip + PER_PAGE,
        "clocks": clocks,
        "head": running[0] if running else NO_FUSE,
        "groups": [group for group in groups if group.rows],
        **why(RuleTrace.objects.filter(ticket=row).order_by("pk").first()),
        **linked_of(row, user),
        **chatpanel.about(chat),
        "tags": list(row.tags.values_list("name", flat=True)),
        "others": _others(row, user),
        "route": tickets.reply_route(row, newest=[line.message for line in lines if line.message]),
        **kept_many(MENUS),
        "kinds": Kind.choices,
        "priorities": Priority.choices,
        "resolutions": Resolution.choices,
        "closes_there": Capability.LABEL in row.channel.type.capabilities,
        "last_seen": row.last_message_id or 0,
        "offer": _offer(lines),
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


def _offer(lines: list[Line]) -> PromiseOffer | None:
    """The words of the last answer that sound like a promise, until somebody decides."""
    said = [line.message for line in lines if line.message and line.message.author_user_id]
    offer = getattr(said[-1], "offer", None) if said else None
    return offer if offer is not None and offer.state == "offered" else None


def _call_link(row: Ticket) -> str:
    """The scheduling link, once a live conversation has become long (S70)."""
    long = row.message_count >= int(setting("call_after_messages"))
    return str(setting("call_link")) if long and row.is_live else ""


STATES = {
    "us": "open",
    "them": "waiting on them",
    "research": "researching",
    "on_hold": "on hold",
    "closed": "closed",
}


def spent_words(row: Ticket, now: datetime) -> list[str]:
    """How long the ticket has been in each state so far (S58, S66)."""
    seconds = dict(row.state_seconds)
    state = row.waiting_on or row.status
    if row.is_live and row.waiting_since:
        seconds[state] = seconds.get(state, 0) + (now - row.waiting_since).total_seconds()
    return [
        f"{span(seconds[name])} {words}"
        for name, words in STATES.items()
        if seconds.get(name, 0) >= 60
    ]


def why(trace: RuleTrace | None) -> dict[str, Any]:
    """The rules that put the ticket here, and those that were asked and did not match."""
    steps = trace.steps if trace else []
    return {
        "matched": [step for step in steps if step["matched"]],
        "skipped": [step for step in steps if not step["matched"]],
    }


def _skip(request: HttpRequest) -> int:
    text = request.GET.get("skip", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _others(row: Ticket, user: User) -> list[Ticket]:
    """Other tickets of the same person."""
    if row.asker is None:
        return []
    mine = queries.visible_to(user).filter(asker__contact=row.asker.contact).exclude(pk=row.pk)
    return list(mine.only("number", "subject", "status").order_by("-number")[:5])


def conversation(row: Ticket, skip: int) -> tuple[list[Line], bool]:
    """The newest messages with what happened between them; whether older ones exist."""
    newest = list(
        row.messages.select_related("author__contact", "author_user", "thread__channel", "offer")
        .prefetch_related("attachments", "outgoing")
        .order_by("-sent_at", "-id")[skip : skip + PER_PAGE + 1]
    )
    more, newest = len(newest) > PER_PAGE, newest[:PER_PAGE]
    lines = [message_line(message) for message in newest]
    since = min((line.at for line in lines), default=None)
    happened = list(row.events.filter(kind__in=SHOWN_EVENTS).order_by("-id")[:PER_PAGE])
    shown = [e for e in happened if since is None or e.at >= since or not more]
    issues, undone = issues_of(shown), macroing.undone_of(shown)
    lines += [
        Line(
            at=event.at,
            event=event_words(event.kind, event.data),
            actor=event.actor_label,
            kind=event.kind,
            data=macroing.with_undo(event, undone),
            outgoing=issues.get(event.data.get("outgoing", 0)),
        )
        for event in shown
    ]
    lines.sort(key=lambda line: (line.at, line.message is None))
    return lines, more


def message_line(message: Message) -> Line:
    """A message, its HTML made safe at this moment, its quote folded away."""
    files = {
        file.content_id: reverse("attachment", args=[file.pk])
        for file in message.attachments.all()
        if file.content_id
    }
    ours = message.direction == "out" and message.delivery_id is None
    html = to_html(message.new_text) if ours else ""
    whole = message.body_text.strip()
    quoted = bool(whole) and len(message.new_text.strip()) < len(whole)
    if not ours and message.body_html and not quoted:
        html = safe_html(message.body_html, files=files)
        if not message.sender_key:  # no mail: words that flow, not blocks that stack
            html = f"<div>{html}</div>"
    sent = None if message.deleted_at else next(iter(message.outgoing.all()), None)
    can = message.thread.channel.type.capabilities
    changes = ours and sent is not None and sent.state == "sent" and Capability.EDIT in can
    return Line(
        at=message.sent_at,
        message=message,
        html=html,
        quoted=quoted and not ours,
        outgoing=sent,
        changes=changes,
    )


def event_words(kind: str, data: dict[str, Any]) -> str:
    """What happened, as half a sentence behind a name."""
    if kind == kinds.SEND_FAILED and not data.get("message"):
        return f"It could not be sent: {data.get('why', '')}".rstrip(": ")
    if kind == kinds.FLAGGED:
        return f"This message {FLAG_WORDS.get(data.get('flag', ''), data.get('flag', ''))}"
    words = {
        kinds.CLOSED: "closed this as {resolution}",
        kinds.REOPENED: "opened this again: {why}",
        kinds.HELD: "put this on hold: {reason}",
        kinds.ASSIGNED: "gave this to {to}",
        kinds.CATEGORY: "set the category {to}",
        kinds.TRASHED: "put this in the trash",
        kinds.RESTORED: "restored this",
        kinds.SPAM: "marked this as spam",
        kinds.SNOOZED: "snoozed this until {until}",
        kinds.WOKEN: "woke this: {why}",
        kinds.LINKED: "linked {url}",
        kinds.UNLINKED: "took the link {url} off",
        kinds.ISSUE_ASKED: "made an issue for {place}: {title}",
        kinds.ISSUE_OPENED: "opened {name}",
        kinds.FORWARDED: "forwarded this to {address}",
        kinds.BREACHED: "The SLA was breached: {metric}",
        kinds.DUE_WARNING: "The SLA is due soon: {metric}",
        kinds.MISSED: "The target was missed: {metric}",
        kinds.ESCALATED: "Still late, so more people were told: {metric}",
        kinds.PROMISED: "promised something until {due_at}: {words}",
        kinds.FOLLOWED_UP: "followed up, because nobody answered ({chain})",
        kinds.ASKED_TEAM: "asked the team, and said so",
        kinds.HANDED_OVER: "handed this over to {to}: {note}",
        kinds.SEND_FAILED: "The answer could not be sent: {why}",
        kinds.SEND_UNCERTAIN: "The answer may have been sent; somebody has to decide",
        kinds.RESTRICTED: "restricted this to {to}",
        kinds.REDIRECTED: "invited them to {to}",
        kinds.CREDITED: "credited {name} for the answer",
        kinds.RELEASED: "The fix is out in {version}",
        kinds.DECIDED: "decided on the product review: {words}",
        kinds.MESSAGE_EDITED: "changed a message",
        kinds.MESSAGE_DELETED: "deleted a message",
        kinds.MOVED: "moved the conversation to {to}",
        kinds.MACRO: "used the macro “{name}”",
        kinds.MACRO_UNDONE: "took the macro “{name}” back",
    }.get(kind, kind)
    known = {key: value if value is not None else "nobody" for key, value in data.items()}
    try:
        return words.format(**{"why": "", "to": "nobody", **known}).rstrip(": ")
    except (KeyError, IndexError):
        return kind


def clock_line(clock: Any, now: datetime, zone: str) -> ClockLine:
    """A clock with its name, its fuse and its story."""
    return ClockLine(
        name=METRICS.get(clock.metric, clock.metric),
        soft=clock.soft,
        fuse=fuse(clock, now=now, zone=zone),
        story=story(clock),
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
