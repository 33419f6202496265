"""One write wins: a form says what it saw, and asks before it undoes what a colleague did."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from inbox.accounts.models import User
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket

# what a form saw (`was_…`): the field that it wants to change, the event that tells of a change
SEEN = {
    "owner": ("assignee", kinds.ASSIGNED),
    "status": ("status", kinds.STATUS),
    "category": ("category", kinds.CATEGORY),
    "priority": ("priority", kinds.PRIORITY),
    "kind": ("kind", kinds.KIND),
    "team": ("team", kinds.TEAM),
}
STANDINGS = {"open": "open/us", "them": "in_progress/them", "research": "in_progress/research"}


class Changed(VerbError):
    """Somebody else changed meanwhile what the form wants to change."""


@dataclass(frozen=True)
class Again:
    """The same request once more, for whoever wants it in spite of that."""

    text: str
    verb: str
    values: list[tuple[str, str]]


def standing(row: Ticket) -> dict[str, str]:
    """What forms say that they saw."""
    return {
        "owner": row.owner.username if row.owner else "",
        "status": f"{row.status}/{row.waiting_on}",
        "category": row.category,
        "priority": row.priority,
        "kind": row.kind,
        "team": row.team.key if row.team else "",
    }


def is_wanted(name: str, data: Mapping[str, str]) -> bool:
    """Whether a form of several fields changes this one: what it only carries along is no wish."""
    return name in data and data[name] != data.get(f"was_{name}")


def _wish(name: str, data: QueryDict, user: User) -> str | None:
    """What the form wants the field to be; None when it says nothing of it."""
    value = data.get(SEEN[name][0])
    if name == "owner" and value == "me":
        return user.username
    return STANDINGS.get(value or "", value) if name == "status" else value


def check(ticket: Ticket, data: QueryDict, user: User) -> None:
    """Raises `Changed` when a field is another by now than the form saw, and would be changed."""
    if not any(f"was_{name}" in data for name in SEEN):
        return
    row = tickets.lock(ticket.pk)
    for name, now in standing(row).items():
        was, wish = data.get(f"was_{name}", now), _wish(name, data, user)
        # closing and holding name no status, and change it all the same
        is_wanted = wish not in (was, now) and (wish is not None or name == "status")
        if was != now and is_wanted:
            raise Changed(_words(row, name, SEEN[name][1]), field=name)


def _words(row: Ticket, name: str, kind: str) -> str:
    event = row.events.filter(kind=kind).order_by("-pk").first()
    who = "Somebody"
    if event is not None:
        user = event.actor_user
        who = user.display_name if isinstance(user, User) else event.actor_label
    now = {
        "owner": row.owner.display_name if row.owner else "",
        "status": row.get_status_display(),
        "team": str(row.team or "no team"),
    }
    value = now.get(name) or standing(row)[name] or "nobody"
    said = {"owner": f"gave this to {value}", "status": f"set this to {value}"}
    return f"{who} {said.get(name, f'set the {name} to {value}')} since you opened it."


def again(verb: str, data: QueryDict, error: Changed) -> Again:
    """The request as it can be repeated, with nothing that it saw."""
    values = [
        (name, value)
        for name in data
        for value in data.getlist(name)
        if name != "csrfmiddlewaretoken" and not name.startswith("was_")
    ]
    return Again(error.text, verb, values)
