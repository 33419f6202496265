"""How a ticket stood, as data, and the way back to it: what every undo of a step is made of."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from inbox.accounts.models import Team, User
from inbox.common import work
from inbox.tickets import services as tickets
from inbox.tickets.models import Status, Ticket

State = dict[str, Any]


def state_of(ticket: Ticket) -> State:
    """Everything that a step can change, as data."""
    until = ticket.snoozed_until
    return {
        "category": ticket.category,
        "priority": ticket.priority,
        "kind": ticket.kind,
        "tags": sorted(ticket.tags.values_list("name", flat=True)),
        "owner": ticket.owner.username if ticket.owner else None,
        "team": ticket.team.key if ticket.team else None,
        "status": [ticket.status, ticket.waiting_on, ticket.hold_reason, ticket.resolution],
        "snooze": [until.isoformat(), ticket.snooze_mode] if until else None,
        "merged": ticket.merged_into_id,
    }


def difference(before: State, after: State) -> tuple[State, State]:
    """What changed: how it was, and how it became."""
    changed = [name for name in before if before[name] != after[name]]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}


def put_back(ticket: Ticket, before: State, after: State, *, why: str) -> bool:
    """Take a step back, as far as nobody has changed it since; False when nothing was left to.

    Raises `VerbError`.
    """
    now = state_of(ticket)
    back = {name: value for name, value in before.items() if now[name] == after[name]}
    if "merged" in back:
        _merged_back(ticket, back.pop("merged"))
        back.pop("status", None)  # the merge, or its undoing, has seen to it
        _rest_back(ticket, state_of(ticket), back, why)
        return True
    _rest_back(ticket, now, back, why)
    return bool(back)


def touched(number: int, before: State) -> list[int]:
    """The tickets that taking a step back locks; a merge is of two, or more."""
    if "merged" not in before:
        return [number]
    into = before["merged"]
    return [*tickets.way_of(number), *([into] if into else [])]


def _rest_back(ticket: Ticket, now: State, back: State, why: str) -> None:
    wanted = {**now, **back}
    for name, undo in BACK.items():
        if back and state_of(ticket)[name] != wanted[name]:
            undo(ticket, wanted[name], now[name], why)


def _merged_back(ticket: Ticket, into: int | None) -> None:
    if into is None:
        tickets.unmerge(ticket)
    else:
        tickets.merge(ticket, into=tickets.lock(into))


def _status_back(ticket: Ticket, before: Any, now: Any, why: str) -> None:
    status, waiting_on, reason, resolution = before
    if ticket.status in (Status.TRASHED, Status.SPAM) and status == Status.CLOSED:
        tickets.restore(ticket)
    elif status not in AWAY and not ticket.is_live:
        tickets.reopen(ticket, why=why)
    if status == Status.CLOSED:
        tickets.close(ticket, resolution=resolution, why=why)
    elif status in AWAY:
        AWAY[status](ticket, why=why)
    elif status == Status.ON_HOLD:
        tickets.hold(ticket, reason=reason)
    elif status == Status.IN_PROGRESS:
        tickets.wait(ticket, on=waiting_on, why=why)
    else:
        tickets.reopen(ticket, why=why)


def _tags_back(ticket: Ticket, before: Any, now: Any, why: str) -> None:
    tickets.remove_tags(ticket, [name for name in now if name not in before], why=why)
    tickets.add_tags(ticket, [name for name in before if name not in now], why=why)


def _owner_back(ticket: Ticket, before: Any, now: Any, why: str) -> None:
    tickets.assign(ticket, User.objects.filter(username=before).first(), why=why)


def _team_back(ticket: Ticket, before: Any, now: Any, why: str) -> None:
    tickets.set_team(ticket, Team.objects.filter(key=before).first())


def _snooze_back(ticket: Ticket, before: Any, now: Any, why: str) -> None:
    until = datetime.fromisoformat(before[0]) if before else None
    if until is not None and ticket.is_live and until > work.current().now:
        tickets.snooze(ticket, until=until, mode=before[1])
    else:
        tickets.unsnooze(ticket, why=why)


AWAY: dict[str, Callable[..., Ticket]] = {
    Status.CLOSED: tickets.close,
    Status.TRASHED: tickets.trash,
    Status.SPAM: tickets.mark_spam,
}
# in this order: a status may wake a ticket, so how it slept comes after it
BACK: dict[str, Callable[[Ticket, Any, Any, str], Any]] = {
    "category": lambda t, before, now, why: tickets.set_category(t, before),
    "priority": lambda t, before, now, why: tickets.set_priority(t, before),
    "kind": lambda t, before, now, why: tickets.set_kind(t, before),
    "tags": _tags_back,
    "owner": _owner_back,
    "team": _team_back,
    "status": _status_back,
    "snooze": _snooze_back,
}
