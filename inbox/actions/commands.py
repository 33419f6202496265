"""Typed commands: `oncall`, `queue`, `mine`, `find`, `claim`, `close`, `hold`, `note`, …"""

import shlex
from collections.abc import Callable
from functools import partial

from django.conf import settings

from inbox.accounts.models import User
from inbox.actions.asking import Ask, numbered
from inbox.actions.home import line_of, lists
from inbox.channels.contract import ActionAnswer
from inbox.notify.services import zone_of
from inbox.oncall import assigning, swaps
from inbox.oncall import services as oncall
from inbox.playbooks import starting
from inbox.search import services as search
from inbox.search.filters import Scope
from inbox.search.language import parse
from inbox.sla.explain import bounds
from inbox.tickets import naming
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Resolution

HELP = """`oncall` who is on duty · `queue` what is due · `mine` your tickets · `find words`
`claim 42` · `close 42 [answered|solved|…]` · `hold 42 reason` · `note 42 text`
`secret [@who]` a secret was shown: start its playbook
`handoff 42 [@who] what they have to know` · `cover [why]` somebody else takes your shift"""
Do = Callable[[Ask, list[str]], str]


def run(ask: Ask) -> ActionAnswer:
    """One command; without words it explains itself."""
    try:
        words = shlex.split(ask.action.value)
    except ValueError:
        words = ask.action.value.split()
    name, rest = (words[0].lower(), words[1:]) if words else ("help", [])
    do = COMMANDS.get(name) or partial(_playbook, name)
    if name not in COMMANDS and not starting.is_command(name):
        return ActionAnswer(text=f"There is no command “{name}”.\n{HELP}")
    return ActionAnswer(text=do(ask, rest))


def _help(ask: Ask, rest: list[str]) -> str:
    return HELP


def _oncall(ask: Ask, rest: list[str]) -> str:
    duties = oncall.duties(ask.now)
    if not duties:
        return "Nobody is on duty."
    return "\n".join(
        f"*{duty.user.display_name}* is on duty until {duty.until:%a %H:%M} UTC ({duty.rotation})"
        for duty in duties
    )


def _queue(ask: Ask, rest: list[str]) -> str:
    return _lines(ask, mine=False)


def _mine(ask: Ask, rest: list[str]) -> str:
    return _lines(ask, mine=True)


def _lines(ask: Ask, *, mine: bool) -> str:
    found = lists(ask.agent, ask.now, mine=mine)
    lines = [
        f"*{label}* ({len(rows)})" + "".join(f"\n{line_of(t)}" for t in rows[:8])
        for label, rows in found
        if rows
    ]
    return "\n".join(lines) or "Nothing waits here."


def _find(ask: Ask, rest: list[str]) -> str:
    if not rest:
        raise VerbError("Say what to look for.")
    zone = zone_of(ask.agent)
    scope = Scope(user=ask.agent, bounds=bounds(ask.now, zone), zone=zone)
    query = parse(" ".join(rest), naming.searched())
    found = search.tickets(query, scope, limit=8)
    return "\n".join(line_of(row) for row in found) or "Nothing found."


def _need(rest: list[str], number: int, what: str) -> str:
    text = " ".join(rest[number:]).strip()
    if len(rest) <= number or not text:
        raise VerbError(f"Write {what}.")
    return text


def _claim(ask: Ask, rest: list[str]) -> str:
    row = numbered(ask, _need(rest[:1], 0, "the ticket's number"))
    tickets.assign(row, ask.agent, why="claimed")
    return f"#{row.pk} is yours."


def _close(ask: Ask, rest: list[str]) -> str:
    row = numbered(ask, _need(rest[:1], 0, "the ticket's number"))
    resolution = rest[1].lower() if len(rest) > 1 else Resolution.ANSWERED
    tickets.close(row, resolution=str(resolution))
    return f"#{row.pk} is closed."


def _hold(ask: Ask, rest: list[str]) -> str:
    row = numbered(ask, _need(rest[:1], 0, "the ticket's number"))
    tickets.hold(row, reason=_need(rest, 1, "why this is on hold"))
    return f"#{row.pk} is on hold."


def _note(ask: Ask, rest: list[str]) -> str:
    row = numbered(ask, _need(rest[:1], 0, "the ticket's number"))
    tickets.add_note(row, body=_need(rest, 1, "the note"), user=ask.agent)
    return f"Noted on #{row.pk}. Only the team sees it."


def _cover(ask: Ask, rest: list[str]) -> str:
    duty = next((d for d in oncall.duties(ask.now) if d.user == ask.agent), None)
    if duty is None:
        raise VerbError("You are not on duty.")
    why = " ".join(rest)
    swaps.ask(
        duty.rotation,
        by=ask.agent,
        reason=why,
        is_cover=True,
        starts_at=ask.now,
        ends_at=duty.until,
    )
    return "Asked everybody who is here for cover."


def _handoff(ask: Ask, rest: list[str]) -> str:
    row = numbered(ask, _need(rest[:1], 0, "the ticket's number"))
    to: User | None = None
    words = rest[1:]
    if words and words[0].startswith(("@", "<@")):
        to = _person(ask, words[0])
        words = words[1:]
    note = _need(words, 0, "what they have to know")
    given = assigning.hand_over(row, to=to, note=note, by=ask.agent)
    return f"#{row.pk} is with {given.display_name} now."


def _person(ask: Ask, text: str) -> User:
    bare = text.strip("<@>").partition("|")[0]
    users = User.objects.filter(is_active=True)
    by_id = users.filter(identities__kind=ask.channel.kind, identities__external_id=bare).first()
    found = by_id or users.filter(username=bare).first()
    if found is None:
        raise VerbError(f"“{text}” is nobody of the team.")
    return found


def _playbook(name: str, ask: Ask, rest: list[str]) -> str:
    """The playbook of this word, at once: whoever asks takes its first part (S94)."""
    run, is_new = starting.start_by_command(name, user=ask.agent, about=" ".join(rest))
    address = f"{str(settings.BASE_URL).rstrip('/')}{run.get_absolute_url()}"
    if is_new:
        return f"Started: [{run.title}]({address}). The next step is yours."
    return f"It goes on already: [{run.title}]({address})."


COMMANDS: dict[str, Do] = {
    "help": _help,
    "oncall": _oncall,
    "queue": _queue,
    "mine": _mine,
    "find": _find,
    "claim": _claim,
    "close": _close,
    "hold": _hold,
    "note": _note,
    "cover": _cover,
    "handoff": _handoff,
}
