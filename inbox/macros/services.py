"""Macros: their words for one ticket, and what they do to it in one step that can be undone."""

from collections.abc import Callable, Collection
from typing import Any

from django.utils.text import slugify

from inbox.accounts.models import Team, User
from inbox.channels import directory, openroles, registry
from inbox.common import work
from inbox.common.config import setting
from inbox.common.versions import bump
from inbox.macros import actions as vocabulary
from inbox.macros import wording
from inbox.macros.models import Macro
from inbox.macros.wording import BadMacro, Rendered
from inbox.oncall.services import on_duty
from inbox.tickets import former, kinds, scheduling
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import AuthorRole, Status, Ticket, TicketEvent


def check(text: str, actions: Any, channels: Collection[str] = ()) -> None:
    """Whether a macro can be: its words, its actions, and what they name. Raises `BadMacro`."""
    unknown = set(channels) - set(registry.all_kinds())
    if unknown:
        raise BadMacro(f"There is no kind of channel “{min(unknown)}”.")
    wording.check(text)
    vocabulary.check(actions)
    if not text.strip() and not actions:
        raise BadMacro("A macro needs words or an action.")
    for name, value in map(vocabulary.pair, actions):
        if name == "assign" and value not in vocabulary.SPOKEN:
            if not User.objects.filter(username=value, is_active=True).exists():
                raise BadMacro(f"There is no active account “{value}”.")
        elif name == "assign_team" and not Team.objects.filter(key=value).exists():
            raise BadMacro(f"There is no team “{value}”.")


def save(macro: Macro) -> Macro:
    """Check and keep a macro; a new one gets a key of its own. Raises `BadMacro`."""
    macro.text = macro.text.replace("\r\n", "\n").strip()
    check(macro.text, macro.actions, macro.channels)
    if not macro.key:
        wanted = slugify(macro.name)[:60] or "macro"
        taken = set(Macro.objects.filter(key__startswith=wanted).values_list("key", flat=True))
        others = (f"{wanted}-{n}" for n in range(2, len(taken) + 3))
        macro.key = next(key for key in (wanted, *others) if key not in taken)
    macro.save()
    bump("macros")
    return macro


def delete(macro: Macro) -> None:
    """Take a macro away; what it did stays done."""
    macro.delete()
    bump("macros")


# ------------------------------------------------------------------ words


def render(macro: Macro, ticket: Ticket, user: User) -> Rendered:
    """The macro's words for this ticket, as this person would say them."""
    return wording.fill(macro.text, values(ticket, user, macro.text))


def values(ticket: Ticket, user: User, text: str) -> dict[str, str]:
    """What the places of a text stand for, as this person would say it."""
    said = {
        "agent.name": wording.plain(user.display_name),
        "agent.first_name": wording.plain(user.first_name or user.display_name),
    }
    roles = of_roles(f"{ticket.subject}\n{first_words(ticket)}") if "role." in text else {}
    return {**of_ticket(ticket), **said, **roles}


def first_words(ticket: Ticket) -> str:
    """What the asker wrote first."""
    mine = ticket.messages.filter(role=AuthorRole.ASKER, deleted_at=None).order_by("pk")
    return mine.values_list("new_text", flat=True).first() or ""


def of_roles(text: str) -> dict[str, str]:
    """The places that are about the open role a text names."""
    found = openroles.values(text)
    return {**found, "role.title": wording.plain(found["role.title"])}


def of_ticket(ticket: Ticket) -> dict[str, str]:
    """The places that are about a ticket; a stranger's words come as words, never as markup."""
    asker = ticket.asker
    called = (asker.name or asker.contact.name) if asker else ""
    invites = [str(c.settings.get("invite_url") or "") for c in directory.active()]
    return {
        "requester.name": wording.name(called) or "there",
        "requester.first_name": wording.first_name(called) or "there",
        "ticket.number": str(ticket.pk),
        "ticket.subject": wording.plain(ticket.subject),
        "channel.name": wording.plain(ticket.channel.address),
        "links.call": scheduling.link(ticket),
        "links.zoom": str(setting("zoom_link")),
        "links.invite": next((link for link in invites if link), ""),
    }


# ------------------------------------------------------------------ actions


def apply(
    ticket: Ticket, macro: Macro, *, user: User, only: Collection[str] | None = None
) -> TicketEvent | None:
    """Do what the macro says as one step; None when nothing changed.

    `only`: the names of the actions that somebody left on. Raises `VerbError`.
    """
    ticket = tickets.lock(ticket.pk)
    before = former.state_of(ticket)
    for name, value in vocabulary.in_order(macro.actions):
        if only is None or name in only:
            VERBS[name](ticket, value, user)
    was, became = former.difference(before, former.state_of(ticket))
    if not was:
        return None
    return tickets.record(
        ticket,
        kinds.MACRO,
        macro=macro.key,
        name=macro.name,
        before=was,
        after=became,
    )


def undo(ticket: Ticket, event_id: int) -> None:
    """Take a macro's step back, as far as nobody has changed it since. Raises `VerbError`."""
    ticket = tickets.lock(ticket.pk)
    event = ticket.events.filter(pk=event_id, kind=kinds.MACRO).first()
    if event is None:
        raise VerbError("There is nothing to undo.", field="event")
    if ticket.events.filter(kind=kinds.MACRO_UNDONE, data__of=event_id).exists():
        raise NotAllowed("This was undone already.")
    before, after = event.data["before"], event.data["after"]
    if not former.put_back(ticket, before, after, why="macro undone"):
        raise NotAllowed("Everything was changed since; there is nothing left to undo.")
    tickets.record(ticket, kinds.MACRO_UNDONE, of=event_id, name=event.data["name"])


def _assign(ticket: Ticket, value: Any, user: User) -> None:
    person = user if value == "me" else _person(str(value))
    if person is None:
        raise VerbError("The macro gives this to somebody who is not here.", field="macro")
    tickets.assign(ticket, person, why="macro")


def _person(name: str) -> User | None:
    if name == "on_duty":
        return on_duty(work.current().now)
    return User.objects.filter(username=name, is_active=True).first()


def _team(key: Any) -> Team:
    team = Team.objects.filter(key=key).first()
    if team is None:
        raise VerbError(f"There is no team “{key}” any more.", field="macro")
    return team


def _wait(ticket: Ticket, value: Any, user: User) -> None:
    if ticket.status == Status.CLOSED:  # an answer on a closed ticket waits for theirs too
        tickets.reopen(ticket, why="macro")
    tickets.wait(ticket, why="macro")


def _snooze(ticket: Ticket, value: Any, user: User) -> None:
    until = work.current().now + vocabulary.span(value)
    tickets.snooze(ticket, until=until, mode="reply")


VERBS: dict[str, Callable[[Ticket, Any, User], Any]] = {
    "category": lambda t, v, u: tickets.set_category(t, str(v)),
    "priority": lambda t, v, u: tickets.set_priority(t, str(v)),
    "kind": lambda t, v, u: tickets.set_kind(t, str(v)),
    "tag": lambda t, v, u: tickets.add_tags(t, vocabulary.words(v)),
    "untag": lambda t, v, u: tickets.remove_tags(t, vocabulary.words(v)),
    "assign": _assign,
    "assign_team": lambda t, v, u: tickets.set_team(t, _team(v)),
    "wait": _wait,
    "hold": lambda t, v, u: tickets.hold(t, reason=str(v)),
    "close": lambda t, v, u: tickets.close(t, resolution=str(v), why="macro"),
    "snooze": _snooze,
}
