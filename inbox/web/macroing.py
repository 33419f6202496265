"""A macro on its way through the composer: what was chosen, what is shown, what the send does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.macros import queries, services
from inbox.macros.actions import ENDINGS, in_order, sentence
from inbox.macros.models import Macro
from inbox.tickets import kinds
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket, TicketEvent


@dataclass(frozen=True, kw_only=True)
class Used:
    """A macro whose words are in the composer: what is done when they are sent."""

    macro: Macro
    only: frozenset[str]  # the actions that are still on
    missing: tuple[str, ...] = ()

    @property
    def rows(self) -> list[tuple[str, str, bool]]:
        """(action, in words, on) of each thing that it does."""
        done = in_order(self.macro.actions)
        return [(name, sentence(name, value), name in self.only) for name, value in done]

    @property
    def ends(self) -> bool:
        """Whether it says how the ticket stands afterwards; then no button does."""
        return bool(ENDINGS & self.only)


def used_in(data: QueryDict | None, user: User) -> Used | None:
    """The macro that came with a form, as it was left; None without one."""
    key = data.get("macro", "") if data is not None else ""
    if data is None or not key or not can(user, Right.MACROS):
        return None
    # the category may be another one by now, so where it is offered is not asked again
    row = queries.visible_to(user).filter(key=key, enabled=True).first()
    return Used(macro=row, only=frozenset(data.getlist("do"))) if row else None


def chosen(macro: Macro, before: Used | None, missing: tuple[str, ...]) -> Used | None:
    """What the composer shows after a choice: a macro of words alone takes nothing away."""
    if not macro.actions and before is not None:
        return Used(macro=before.macro, only=before.only, missing=missing)
    names = frozenset(name for name, _ in in_order(macro.actions))
    return Used(macro=macro, only=names, missing=missing) if names or missing else None


def need_used(data: QueryDict, user: User) -> Used | None:
    """As `used_in`; raises `VerbError` where somebody took the macro away meanwhile."""
    used = used_in(data, user)
    if used is None and data.get("do"):
        raise VerbError("This macro is not there any more.", field="macro")
    return used


def run(ticket: Ticket, key: str, user: User) -> str:
    """Do a macro that has no words at once. Raises `VerbError`."""
    macro = queries.find(user, ticket, key)
    if macro is None:
        raise VerbError("There is no macro of this name here.", field="macro")
    done = services.apply(ticket, macro, user=user)
    return f"Done: {macro.name}." if done else "Nothing had to be changed."


def undone_of(events: Sequence[TicketEvent]) -> set[int]:
    """The macros' events that were taken back."""
    return {event.data["of"] for event in events if event.kind == kinds.MACRO_UNDONE}


def with_undo(event: TicketEvent, undone: set[int]) -> dict[str, Any]:
    """An event's data, with the way back where it is a macro's."""
    if event.kind != kinds.MACRO or event.pk in undone:
        return dict(event.data)
    return {**event.data, "event": event.pk, "can_undo": True}
