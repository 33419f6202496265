"""What the palette offers to do with the ticket that is open: the page's own forms and keys."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.urls import reverse

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.channels import use
from inbox.macros import queries as macros
from inbox.search.services import Piece
from inbox.tickets.models import Priority, Resolution, Status, Ticket
from inbox.web.menus import menus

NEEDS_MORE = {Resolution.BECAME_ISSUE, Resolution.DOCS_GAP, Resolution.MOVED_TO_DM}
SNOOZES = (
    ("hour", "in an hour"),
    ("tomorrow", "until tomorrow at 9:00"),
    ("monday", "until Monday at 9:00"),
    ("reply", "until they reply"),
)


@dataclass(frozen=True, kw_only=True)
class Option:
    """One line of the palette: a link, a form's button, or a key of the page."""

    words: str
    icon: str = ""
    channel: str = ""  # its kind, whose glyph stands for `icon`
    small: str = ""
    cap: str = ""
    href: str = ""
    to: str = ""  # the address of a form, which gets `name` and `value`
    name: str = ""
    value: str = ""
    press: str = ""
    off: bool = False  # shown with its reason, and not to be chosen
    pieces: tuple[Piece, ...] = ()

    @property
    def said(self) -> str:
        """What words are looked for in."""
        return f"{self.words} {self.small}".casefold()

    def marked(self, words: list[str]) -> "Option":
        """With the words that were typed marked."""
        return replace(self, pieces=tuple(marked(self.words, words)))


def marked(text: str, words: list[str]) -> Iterator[Piece]:
    """A text in pieces, those marked that were looked for."""
    low, at = text.casefold(), 0
    if len(low) != len(text):  # folding changed its length: nothing can be pointed at
        yield Piece(text)
        return
    while at < len(text):
        hits = [(low.find(word, at), word) for word in words if word and low.find(word, at) >= 0]
        if not hits:
            break
        begin, word = min(hits, key=lambda hit: (hit[0], -len(hit[1])))
        if begin > at:
            yield Piece(text[at:begin])
        yield Piece(text[begin : begin + len(word)], marked=True)
        at = begin + len(word)
    if text[at:]:
        yield Piece(text[at:])


def acts(ticket: Ticket, user: User, q: str) -> Iterator[Option]:
    """Everything that can be done, the usual first; what only some may do is left out."""
    if not can(user, Right.ACT):
        if can(user, Right.NOTE):
            yield Option(words="Write a note", icon="lock", press="n", cap="N")
        return
    if ticket.status == Status.MERGED:
        yield _do(ticket.pk, "unmerge", "Undo the merge", "undo")
        return
    yield from _writing(ticket, user)
    yield from _standing(ticket)
    yield from _more(ticket)
    if q:
        yield from _sorting(ticket, user)
        for macro in macros.for_ticket(user, ticket, q=""):
            words = f"Insert macro “{macro.name}”" if macro.text else f"Do macro “{macro.name}”"
            at = f"{reverse('ticket-macros', args=[ticket.pk])}"
            name = "use" if macro.text else "run"
            yield Option(words=words, icon="bolt", to=at, name=name, value=macro.key, small="macro")


def _writing(ticket: Ticket, user: User) -> Iterator[Option]:
    reason = use.why_not(ticket.channel, user.pk)
    if reason:
        yield Option(words="Reply", icon="send", small=reason, off=True)
    else:
        yield Option(words="Reply", icon="send", press="r", cap="R")
    yield Option(words="Write a note", icon="lock", press="n", cap="N")


def _standing(ticket: Ticket) -> Iterator[Option]:
    number = ticket.pk
    if ticket.status in (Status.TRASHED, Status.SPAM):
        yield _do(number, "restore", "Restore it", "undo")
        return
    if not ticket.is_live:
        yield _do(number, "status", "Open again: ours to answer", "inbox", "status", "open")
        return
    if ticket.snoozed_until:
        yield _do(number, "wake", "Wake it now", "sun")
    yield _do(number, "assign", "Assign to me", "userplus", "assignee", "me", cap="I")
    for until, words in SNOOZES:
        cap = "Z" if until == "hour" else ""
        yield _do(number, "snooze", f"Snooze {words}", "snooze", "until", until, cap=cap)
    for value, label in Resolution.choices:
        if value not in NEEDS_MORE and value != "spam":
            words = f"Close as {label.lower()}"
            cap = "E" if value == "answered" else ""
            yield _do(number, "close", words, "closed", "resolution", value, cap=cap)
    yield Option(words="Close, with a link or a note …", icon="closed", press="e", cap="E")
    yield Option(words="Put on hold …", icon="hold", press="h", cap="H")
    yield _do(number, "status", "Wait for them", "pause", "status", "them")
    yield _do(number, "status", "Research it", "search", "status", "research")


def _more(ticket: Ticket) -> Iterator[Option]:
    number = ticket.pk
    yield Option(words="Hand over …", icon="swap", press="o", cap="O")
    yield Option(
        words="Merge with another ticket …",
        icon="merge",
        href=reverse("ticket-merge", args=[number]),
    )
    yield Option(
        words="Split messages off …", icon="split", href=reverse("ticket-split", args=[number])
    )
    yield Option(
        words="Create an issue …", icon="git-issue", href=reverse("ticket-issue", args=[number])
    )
    yield Option(
        words="Start a playbook …",
        icon="playbook",
        href=f"{reverse('playbooks')}?ticket={number}",
    )
    if ticket.is_live:
        yield _do(number, "spam", "Mark as spam", "shield")
        yield _do(number, "trash", "Put in the trash", "x")


def _sorting(ticket: Ticket, user: User) -> Iterator[Option]:
    number, known = ticket.pk, menus()
    for agent in known["agents"]:
        words = f"Assign to {agent.display_name}"
        yield _do(number, "assign", words, "mine", "assignee", agent.username)
    yield _do(number, "assign", "Assign to nobody", "unassigned", "assignee", "")
    for name in known["categories"]:
        if name != ticket.category:
            yield _do(number, "fields", f"Category {name}", "tag", "category", name)
    for value, label in Priority.choices:
        if value != ticket.priority:
            yield _do(number, "fields", f"Priority {label.lower()}", "flag", "priority", value)
    for team in known["teams"]:
        if team.pk != ticket.team_id and (not team.restricted or user.is_admin):
            yield _do(number, "fields", f"Team {team.name}", "people", "team", team.key)


def _do(
    number: int, verb: str, words: str, icon: str, name: str = "", value: str = "", *, cap: str = ""
) -> Option:
    to = reverse("ticket-do", args=[number, verb])
    return Option(words=words, icon=icon, to=to, name=name, value=value, cap=cap)
