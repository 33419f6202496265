"""A window of a ticket's conversation: messages, what happened between them, a line per day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.channels.contract import Capability
from inbox.common.prepared import Prepared
from inbox.common.text import safe_html
from inbox.guard import secrets
from inbox.guard.models import Secret
from inbox.loop import others
from inbox.outbox.models import Outgoing
from inbox.outbox.rendering import to_html
from inbox.tickets import kinds, queries
from inbox.tickets.changing import TAKEN_BACK
from inbox.tickets.models import Attachment, AuthorRole, Message, ThreadRole, Ticket, TicketEvent
from inbox.web import macroing, mentions
from inbox.web.happened import SHOWN_EVENTS, event_words, is_plain
from inbox.web.linked import issues_of
from inbox.web.page import zone_of
from inbox.web.reacted import Reacted, reactions

PER_PAGE = 40
AROUND = 10  # messages shown before the one that an address names
MOST = 200  # messages of a window that has grown since it was opened
MOST_EVENTS = 100
PLACES: dict[str, str] = {
    ThreadRole.BRIDGE: " bridge",
    ThreadRole.TRIAGE: " triage thread",
}
INSIDE = {"intake", "outbox", "actions", "accounts"}  # parts of ours that nobody knows by name
GIVEN = {kinds.ASSIGNED, kinds.HANDED_OVER, kinds.RESTRICTED}  # to somebody, or to a team
FOLDED_FROM = 3  # so many plain changes in a row become one line


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the conversation: a message, something that happened, or several such."""

    at: datetime
    message: Message | None = None
    html: str = ""
    quoted: bool = False
    files: Sequence[Attachment] = ()
    outgoing: Outgoing | None = None
    secrets: Sequence[Secret] = ()
    reactions: Sequence[Reacted] = ()
    quotable: bool = False  # somebody outside said it to us or to everybody
    changes: bool = False  # what was sent can still be changed where it stands
    via: str = ""  # where it was said, where that is not the ticket's own conversation
    event: str = ""
    actor: str = ""
    data: dict[str, Any] = field(default_factory=dict)  # of the event
    kind: str = ""
    day: str = ""  # named at its first line
    folded: "tuple[Line, ...]" = ()


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A window of a conversation, oldest first."""

    lines: list[Line]
    shown: list[Line]  # the same for the page: folded, with days
    first: int = 0  # the oldest message's key
    older: bool = False  # whether there are older messages
    newer: bool = False  # whether there are newer ones: then this is not the end

    @property
    def messages(self) -> list[Message]:
        """The messages of the window."""
        return [line.message for line in self.lines if line.message]

    @property
    def newest(self) -> list[Message] | None:
        """The ticket's newest messages; None when the window is an older one."""
        return None if self.newer else self.messages

    @property
    def seen(self) -> int:
        """The newest message that stands in an older window; an answer to less is asked about."""
        return max((message.pk for message in self.messages), default=0)


@dataclass(frozen=True, kw_only=True)
class Window:
    """The messages of a window, oldest first, and until when events belong to it."""

    messages: list[Message]
    older: bool
    newer: bool = False
    until: datetime | None = None


def conversation(row: Ticket, given: Mapping[str, str], zone: str) -> Talk:
    """The newest messages with what happened between them, in a fixed number of statements.

    `given`: `since` a message until now, the page `before` one, or the page that one is `at`.
    """
    window = _window(row, given)
    said = [one for one in window.messages if TAKEN_BACK not in one.flags]
    lines = _message_lines(said, row)
    lines += _events(row, window, zone)
    lines.sort(key=lambda line: (line.at, line.message is None))
    return Talk(
        lines=lines,
        shown=_with_days(_folded(lines), zone),
        first=window.messages[0].pk if window.messages else 0,
        older=window.older,
        newer=window.newer,
    )


@login_required
@require_safe
def older(request: HttpRequest, number: int) -> HttpResponse:
    """The page of messages before one, as a fragment that stands above the others."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    row = get_object_or_404(queries.visible_to(user).select_related("channel"), pk=number)
    talk = conversation(row, {"before": request.GET.get("before", "")}, zone_of(user))
    context = {"ticket": row, "talk": talk, "zone": zone_of(user), "now": timezone.now()}
    return render(request, "tickets/_older.jinja", context, using="jinja2")


# ------------------------------------------------------------------ which messages


def _window(row: Ticket, given: Mapping[str, str]) -> Window:
    for name, read in (("since", _since), ("before", _before), ("at", _at)):
        edge = _edge(row, given.get(name, ""))
        found = read(row, edge) if edge is not None else None
        if found is not None:
            return found
    newest = _placed(NEWEST.rows(row.pk))
    return Window(messages=newest[:PER_PAGE][::-1], older=len(newest) > PER_PAGE)


def _edge(row: Ticket, text: str) -> Message | None:
    pk = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    return row.messages.only("sent_at").filter(pk=pk).first() if pk else None


def _since(row: Ticket, edge: Message) -> Window | None:
    """From a message until now; None when that has become too long."""
    since = _messages(row.pk).exclude(_earlier(edge)).order_by("sent_at", "id")
    found = _placed(list(since[: MOST + 1]))
    older = row.messages.filter(_earlier(edge)).exists()
    return Window(messages=found, older=older) if len(found) <= MOST else None


def _before(row: Ticket, edge: Message) -> Window:
    earlier = _messages(row.pk).filter(_earlier(edge)).order_by("-sent_at", "-id")
    found = _placed(list(earlier[: PER_PAGE + 1]))
    more = len(found) > PER_PAGE
    return Window(messages=found[:PER_PAGE][::-1], older=more, newer=True, until=edge.sent_at)


def _at(row: Ticket, edge: Message) -> Window:
    """The page that holds a message, with a few before it."""
    before = _before(row, edge)
    after = _messages(row.pk).exclude(_earlier(edge)).order_by("sent_at", "id")
    found = _placed(list(after[: PER_PAGE + 1]))
    newer = len(found) > PER_PAGE
    shown = [*before.messages[-AROUND:], *found[:PER_PAGE]]
    older = before.older or len(before.messages) > AROUND
    until = found[PER_PAGE].sent_at if newer else None
    return Window(messages=shown, older=older, newer=newer, until=until)


def _messages(number: int) -> QuerySet[Message]:
    rows = Message.objects.filter(ticket=number)
    return rows.select_related("author__contact", "thread", "offer")


NEWEST = Prepared(lambda number: _messages(number).order_by("-sent_at", "-id")[: PER_PAGE + 1])


def _placed(found: list[Message]) -> list[Message]:
    """The messages with their channels, which are at hand: joined they are planned for longer."""
    for message in found:
        message.thread.channel = directory.by_id(message.thread.channel_id)
    return found


def _earlier(edge: Message) -> Q:
    return Q(sent_at__lt=edge.sent_at) | Q(sent_at=edge.sent_at, id__lt=edge.pk)


# ------------------------------------------------------------------ lines


def _happened(number: int) -> QuerySet[TicketEvent]:
    return TicketEvent.objects.filter(ticket=number, kind__in=SHOWN_EVENTS).order_by("-id")


HAPPENED = Prepared(lambda number: _happened(number)[:MOST_EVENTS])


def _events_of(row: Ticket, window: Window) -> list[TicketEvent]:
    if not window.older and window.until is None:
        return HAPPENED.rows(row.pk)
    happened = _happened(row.pk)
    if window.older and window.messages:
        happened = happened.filter(at__gte=window.messages[0].sent_at)
    if window.until is not None:
        happened = happened.filter(at__lt=window.until)
    return list(happened[:MOST_EVENTS])


def _events(row: Ticket, window: Window, zone: str) -> list[Line]:
    shown = _events_of(row, window)
    # who sees this ticket sees those that are for all, and those of its own team
    seen = others.seen_by_team(others.in_events(shown), row.restricted_team_id)
    names = mentions.names() if shown else {}
    for event in shown:
        event.data = others.without(event.data, seen, instead=others.HIDDEN)
        _name(event, names)
    issues, undone = issues_of(shown), macroing.undone_of(shown)
    back = {event.data["message"] for event in shown if event.kind == kinds.TAKEN_BACK}
    told = [event for event in shown if not _said_twice(event, back)]
    return [event_line(event, issues, undone, zone) for event in told]


def _name(event: TicketEvent, names: dict[str, str]) -> None:
    """Colleagues, teams and our own parts as everybody calls them, not by their keys."""
    if event.actor_user_id:
        event.actor_label = names.get(event.actor_label.lower(), event.actor_label)
    elif event.actor_kind == "system" and event.actor_label in INSIDE:
        event.actor_label = "Switchboard"
    if event.kind in GIVEN and event.data.get("to"):
        to = event.data["to"]
        event.data = {**event.data, "to": names.get(to.lower(), to)}


def _said_twice(event: TicketEvent, taken_back: set[int]) -> bool:
    """An answer that was taken back was deleted by that, too."""
    return event.kind == kinds.MESSAGE_DELETED and event.data["message"] in taken_back


def event_line(
    event: TicketEvent, issues: dict[int, Outgoing], undone: set[int], zone: str
) -> Line:
    """Something that happened, with what can still be done about it."""
    return Line(
        at=event.at,
        event=event_words(event.kind, event.data, zone),
        actor=event.actor_label,
        kind=event.kind,
        data=macroing.with_undo(event, undone),
        outgoing=issues.get(event.data.get("outgoing", 0)),
    )


FILES = Prepared(lambda *keys: Attachment.objects.filter(message__in=keys).order_by("pk"))
SENT = Prepared(lambda *keys: Outgoing.objects.filter(message__in=keys).order_by("pk"))


def _message_lines(messages: Sequence[Message], row: Ticket) -> list[Line]:
    keys = [message.pk for message in messages]
    if not keys:
        return []
    files: dict[int | None, list[Attachment]] = {}
    for file in FILES.rows(*keys):
        files.setdefault(file.message_id, []).append(file)
    sent = {one.message_id: one for one in reversed(SENT.rows(*keys))}  # the first of a message
    lines = [message_line(m, row, files.get(m.pk, ()), sent.get(m.pk)) for m in messages]
    on = reactions(messages)
    if on:
        lines = [replace(x, reactions=on.get(x.message.pk, ()) if x.message else ()) for x in lines]
    return _with_secrets(lines, [m.pk for m in messages if secrets.FLAG in m.flags])


def _with_secrets(lines: list[Line], keys: list[int]) -> list[Line]:
    """What was hidden in the messages; asked for only where there is something."""
    if not keys:
        return lines
    found: dict[int, list[Secret]] = {}
    for one in Secret.objects.filter(message__in=keys).defer("original").order_by("pk"):
        found.setdefault(one.message_id, []).append(one)
    return [replace(x, secrets=found.get(x.message.pk, ()) if x.message else ()) for x in lines]


def message_line(
    message: Message, row: Ticket, files: Sequence[Attachment], outgoing: Outgoing | None
) -> Line:
    """A message, its HTML made safe at this moment, its quote folded away."""
    ours = message.direction == "out" and message.delivery_id is None
    whole = message.body_text.strip()
    quoted = bool(whole) and len(message.new_text.strip()) < len(whole)
    sent = None if message.deleted_at else outgoing
    can = message.thread.channel.type.capabilities
    return Line(
        at=message.sent_at,
        message=message,
        html=_html(message, files, ours=ours, quoted=quoted),
        files=files,
        quoted=quoted and not ours,
        outgoing=sent,
        changes=ours and sent is not None and sent.state == "sent" and Capability.EDIT in can,
        quotable=_is_quotable(message),
        via=_via(message, row),
    )


def _html(message: Message, attached: Sequence[Attachment], *, ours: bool, quoted: bool) -> str:
    if ours:
        return to_html(message.new_text, mentions=mentions.names_in(message))
    if not message.body_html or quoted:
        return ""
    files = {
        file.content_id: reverse("attachment", args=[file.pk])
        for file in attached
        if file.content_id
    }
    html = safe_html(message.body_html, files=files)
    # no mail: words that flow, not blocks that stack
    return html if message.sender_key else f"<div>{html}</div>"


def _is_quotable(message: Message) -> bool:
    # the page alone decides by the role; the verb asks who it really was
    outside = message.role in (AuthorRole.ASKER, AuthorRole.COMMUNITY)
    return outside and message.visibility == "public" and bool(message.new_text.strip())


def _via(message: Message, row: Ticket) -> str:
    thread = message.thread
    if thread.role == ThreadRole.CUSTOMER and thread.channel_id == row.channel_id:
        return ""
    place = PLACES.get(thread.role, "")
    return f"{thread.channel.type.label}{place}"


# ------------------------------------------------------------------ as the page shows them


def _folded(lines: Sequence[Line]) -> Iterator[Line]:
    """Plain changes that follow one another become one line that opens."""
    run: list[Line] = []
    for line in lines:
        if is_plain(line.kind) and not line.outgoing and not line.data.get("can_undo"):
            run.append(line)
            continue
        yield from _run(run)
        run = []
        yield line
    yield from _run(run)


def _run(run: list[Line]) -> list[Line]:
    if len(run) < FOLDED_FROM:
        return run
    return [Line(at=run[0].at, kind="folded", folded=tuple(run), actor=_actors(run))]


def _actors(run: Sequence[Line]) -> str:
    names = list(dict.fromkeys(line.actor for line in run))
    return ", ".join(names[:2]) + (" and others" if len(names) > 2 else "")


def _with_days(lines: Iterator[Line], zone: str) -> list[Line]:
    local, shown, last = ZoneInfo(zone), [], None
    today = timezone.now().astimezone(local).date()
    for line in lines:
        at = line.at.astimezone(local).date()
        shown.append(line if at == last else replace(line, day=_day(at, today)))
        last = at
    return shown


def _day(at: date, today: date) -> str:
    if today - at <= timedelta(days=1):
        return "Today" if at == today else "Yesterday"
    return f"{at:%A} {at.day} {at:%B}" + (f" {at.year}" if at.year != today.year else "")
