"""`@ana` and `@security` in internal notes: whoever is named is told, once per note.

Only who sees the ticket can be told; a note that names somebody else is refused with their name.
"""

import re
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from inbox.accounts.models import Role, Team, User
from inbox.common import work
from inbox.notify.services import tell
from inbox.outbox.rendering import NAMED
from inbox.tickets import kinds
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message, Ticket, TicketEvent

CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
MOST = 50  # names in one note


@dataclass(frozen=True, kw_only=True)
class Named:
    """Whom a text names."""

    people: tuple[User, ...] = ()
    teams: tuple[Team, ...] = ()


def words(text: str) -> list[str]:
    """The names behind an @, in lower case, outside of code."""
    found = NAMED.findall(CODE.sub(" ", text)) if "@" in text else []
    return list(dict.fromkeys(name.lower() for name in found))[:MOST]


def named_in(text: str) -> Named:
    """The active people and the teams that a text names; unknown names are only words."""
    wanted = words(text)
    if not wanted:
        return Named()
    anybody = Q()
    for name in wanted:
        anybody |= Q(username__iexact=name)
    people = User.objects.filter(anybody, is_active=True).order_by("pk")
    return Named(people=tuple(people), teams=tuple(Team.objects.filter(key__in=wanted)))


def readers(ticket: Ticket) -> QuerySet[User]:
    """The active accounts that see a ticket."""
    people = User.objects.filter(is_active=True)
    if ticket.restricted_team_id is None:
        return people
    inside = Q(teams=ticket.restricted_team_id) | Q(is_superuser=True) | Q(role=Role.ADMIN)
    return people.filter(inside).distinct()


def check(ticket: Ticket, text: str) -> None:
    """Raises `VerbError` when a note names somebody who cannot see its ticket."""
    named = named_in(text)
    if not (named.people or named.teams):
        return
    inside = readers(ticket)
    may = set(inside.filter(pk__in=[one.pk for one in named.people]).values_list("pk", flat=True))
    out = [one.display_name for one in named.people if one.pk not in may]
    out += [team.name for team in named.teams if not inside.filter(teams=team).exists()]
    if out:
        who = ", ".join(out)
        raise VerbError(f"{who} cannot see this ticket, so a mention would not reach them.")


def on_event(event: TicketEvent) -> None:
    """A note was written: tell whom it names. Its writer knows."""
    if event.kind != kinds.NOTE or work.current().historic:
        return
    message: Message = work.current().objects["message", event.data["message"]]
    named = named_in(message.new_text)
    if not (named.people or named.teams):
        return
    wanted = Q(pk__in=[one.pk for one in named.people]) | Q(teams__in=named.teams)
    ticket = event.ticket
    others = readers(ticket).exclude(pk=message.author_user_id or 0)
    for user in others.filter(wanted).distinct():
        tell(
            user,
            key=f"mention:{message.pk}:{user.pk}",
            kind="mention",
            text=f"{message.author_label} mentioned you on #{ticket.pk} {ticket.subject}",
            ticket=ticket,
            url=f"{ticket.get_absolute_url()}?at={message.pk}#message-{message.pk}",
        )
