"""What can be done to many tickets at once: a closed list, each the same verb as for one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox.accounts.models import User
from inbox.macros import queries as macros
from inbox.macros.services import apply
from inbox.tickets import naming
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Priority, Resolution, Ticket
from inbox.tickets.status import NEEDS_LINK

Params = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`check` reads what was given once, at the press, and says it in words; `act` is the verb."""

    check: Callable[[Params, User], str]
    act: Callable[[Ticket, Params, User], Any]


def check(name: str, params: Params, user: User) -> str:
    """What the operation does, in words of the past. Raises `VerbError` where it cannot be."""
    if name not in OPERATIONS:
        raise VerbError("Choose what to do with the selected tickets.")
    return OPERATIONS[name].check(params, user)


def act(ticket: Ticket, name: str, params: Params, user: User) -> None:
    """Do it to one ticket, inside a change. Raises `VerbError`."""
    OPERATIONS[name].act(ticket, params, user)


# ------------------------------------------------------------------ checks


def _always(words: str) -> Callable[[Params, User], str]:
    return lambda params, user: words


def _needed(params: Params, name: str, problem: str) -> str:
    value = str(params.get(name, "")).strip()
    if not value:
        raise VerbError(problem, field=name)
    return value


def _person(params: Params) -> User | None:
    name = params.get("to", "")
    found = User.objects.filter(username=name, is_active=True).first() if name else None
    if name and found is None:
        raise VerbError("There is no active account of this name.", field="to")
    return found


def _check_assign(params: Params, user: User) -> str:
    person = _person(params)
    return f"Given to {person.display_name}" if person else "Given to nobody"


def _check_close(params: Params, user: User) -> str:
    resolution = params.get("resolution", "")
    if resolution not in Resolution.values or resolution == Resolution.MOVED_TO_DM:
        raise VerbError("Say how they ended.", field="resolution")
    if resolution in NEEDS_LINK:
        raise VerbError("This resolution needs a link on each ticket.", field="resolution")
    return f"Closed as {Resolution(resolution).label.lower()}"


def _check_status(params: Params, user: User) -> str:
    wanted = params.get("to")
    if wanted not in ("open", "them", "research"):
        raise VerbError("Choose a status.", field="status")
    return "Open again" if wanted == "open" else naming.name(wanted)


def _check_hold(params: Params, user: User) -> str:
    reason = _needed(params, "reason", "Say why this is on hold.")
    return f"{naming.name('on_hold')}: {reason}"[:200]


def _check_priority(params: Params, user: User) -> str:
    if params.get("to") not in Priority.values:
        raise VerbError("Choose a priority.", field="priority")
    return f"Priority {params['to']}"


def _check_snooze(params: Params, user: User) -> str:
    until = datetime.fromisoformat(_needed(params, "until", "Say until when."))
    if params.get("choice") == "reply":
        return "Snoozed until they reply"
    return f"Snoozed until {until:%a %d %b %H:%M}"


def _check_macro(params: Params, user: User) -> str:
    key = _needed(params, "key", "Choose a macro.")
    macro = macros.visible_to(user).filter(key=key, enabled=True).first()
    if macro is None:
        raise VerbError("There is no macro of this name here.", field="macro")
    if macro.text:
        raise VerbError("A macro with words is for one ticket at a time.", field="macro")
    return f"Done: {macro.name}"


# ------------------------------------------------------------------ verbs


def _status(ticket: Ticket, params: Params, user: User) -> None:
    if params["to"] == "open":
        tickets.reopen(ticket, why="by hand")
    else:
        tickets.wait(ticket, on=params["to"])


def _macro(ticket: Ticket, params: Params, user: User) -> None:
    macro = macros.find(user, ticket, params["key"])
    if macro is None:
        raise VerbError("The macro is not made for it.", field="macro")
    apply(ticket, macro, user=user)


OPERATIONS: dict[str, Operation] = {
    "assign": Operation(check=_check_assign, act=lambda t, p, u: tickets.assign(t, _person(p))),
    "category": Operation(
        check=lambda p, u: f"Category {_needed(p, 'name', 'Write a category.')}",
        act=lambda t, p, u: tickets.set_category(t, p["name"]),
    ),
    "tag": Operation(
        check=lambda p, u: f"Tagged {_needed(p, 'names', 'Write a tag.')}",
        act=lambda t, p, u: tickets.add_tags(t, p["names"].split(",")),
    ),
    "untag": Operation(
        check=lambda p, u: f"Tag {_needed(p, 'names', 'Write a tag.')} taken off",
        act=lambda t, p, u: tickets.remove_tags(t, [n.strip() for n in p["names"].split(",")]),
    ),
    "status": Operation(check=_check_status, act=_status),
    "priority": Operation(
        check=_check_priority, act=lambda t, p, u: tickets.set_priority(t, p["to"])
    ),
    "close": Operation(
        check=_check_close,
        act=lambda t, p, u: tickets.close(t, resolution=p["resolution"], why="by hand"),
    ),
    "hold": Operation(check=_check_hold, act=lambda t, p, u: tickets.hold(t, reason=p["reason"])),
    "snooze": Operation(
        check=_check_snooze,
        act=lambda t, p, u: tickets.snooze(
            t, until=datetime.fromisoformat(p["until"]), mode=p.get("mode") or "time"
        ),
    ),
    "macro": Operation(check=_check_macro, act=_macro),
    "trash": Operation(check=_always("In the trash"), act=lambda t, p, u: tickets.trash(t)),
    "spam": Operation(check=_always("Marked as spam"), act=lambda t, p, u: tickets.mark_spam(t)),
    "restore": Operation(check=_always("Restored"), act=lambda t, p, u: tickets.restore(t)),
}
