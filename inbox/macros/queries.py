"""Which macros somebody finds, and on which tickets."""

from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common.versions import kept
from inbox.macros.models import Macro, SeenBy
from inbox.tickets.models import Ticket


def visible_to(user: User) -> QuerySet[Macro]:
    """Everybody's, those of one's teams, one's own; admins see every team's too."""
    mine = Q(seen_by=SeenBy.EVERYBODY) | Q(seen_by=SeenBy.OWNER, owner=user)
    if user.is_admin:
        return Macro.objects.filter(mine | Q(seen_by=SeenBy.TEAM))
    return Macro.objects.filter(mine | Q(seen_by=SeenBy.TEAM, team__in=user.teams.all()))


def editable_by(user: User) -> QuerySet[Macro]:
    """One's own and those of one's teams; everybody's are for admins."""
    rows = visible_to(user)
    return rows if can(user, Right.MANAGE) else rows.exclude(seen_by=SeenBy.EVERYBODY)


def for_ticket(user: User, ticket: Ticket, *, q: str = "") -> list[Macro]:
    """What fits this ticket; what is made for its kind of channel alone comes first."""
    rows = [row for row in kept("macros", _load) if _fits(row, ticket) and _found(row, q)]
    seen = _of_those(rows, user)
    return sorted(seen, key=lambda row: (not row.channels, not row.categories))


def for_many(user: User) -> list[Macro]:
    """What can be done to many tickets at once: macros that have no words."""
    return _of_those([row for row in kept("macros", _load) if not row.text], user)


def _of_those(rows: list[Macro], user: User) -> list[Macro]:
    shared = any(row.seen_by == SeenBy.TEAM for row in rows)
    teams = set(user.teams.values_list("pk", flat=True)) if shared else set()
    return [row for row in rows if _seen(row, user, teams)]


def find(user: User, ticket: Ticket, key: str) -> Macro | None:
    """The macro of this key, where it can be used here."""
    return next((row for row in for_ticket(user, ticket) if row.key == key), None)


def _load() -> list[Macro]:
    return list(Macro.objects.filter(enabled=True))


def _fits(row: Macro, ticket: Ticket) -> bool:
    kind_fits = not row.channels or ticket.channel.kind in row.channels
    return kind_fits and (not row.categories or ticket.category in row.categories)


def _found(row: Macro, q: str) -> bool:
    text = f"{row.name} {row.key} {row.text}".casefold()
    return all(word in text for word in q.casefold().split())


def _seen(row: Macro, user: User, teams: set[int]) -> bool:
    if row.seen_by == SeenBy.TEAM:
        return user.is_admin or row.team_id in teams
    return row.seen_by == SeenBy.EVERYBODY or row.owner_id == user.pk
