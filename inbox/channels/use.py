"""Who may use a connection: answer through it, open conversations by it, change its settings (S34).

Everybody, unless it is limited to teams and people. Reading its tickets is another matter: that
goes by the tickets' own teams.
"""

from collections.abc import Iterable

from django.db.models import Q

from inbox.accounts.models import Team, User
from inbox.channels import directory
from inbox.channels.models import Channel


def may_use(channel: Channel, user_id: int) -> bool:
    """Whether this account is among those who use the connection."""
    if not channel.limited:
        return True
    mine = Q(people=user_id) | Q(teams__members=user_id)
    return Channel.objects.filter(mine, pk=channel.pk).exists()


def why_not(channel: Channel, user_id: int) -> str:
    """Why this account cannot send by the connection now; "" when it can."""
    if channel.disconnected_at is not None:
        return f"{channel.name} is disconnected: nothing leaves by it until it is connected again."
    if may_use(channel, user_id):
        return ""
    names = _named(channel)
    who = " and ".join(names) or "some of us"
    who = f"only {who} {'uses' if len(names) == 1 else 'use'} it"
    return f"{channel.name} is not yours to use: {who}."


def _named(channel: Channel) -> list[str]:
    """Who uses it, without the names of restricted teams: those are for their members."""
    teams = channel.teams.filter(restricted=False).order_by("name")
    people = channel.people.filter(is_active=True).order_by("username")
    return [*(team.name for team in teams), *(user.display_name for user in people)][:6]


def limit(channel: Channel, *, teams: Iterable[Team], people: Iterable[User]) -> None:
    """Let only these use it; nobody named lets everybody. Inside the caller's transaction."""
    teams, people = list(teams), list(people)
    channel.teams.set(teams)
    channel.people.set(people)
    channel.limited = bool(teams or people)
    channel.save(update_fields=["limited"])
    directory.forget()


def users_of(channel: Channel) -> dict[str, list[str]]:
    """Who uses it, by the keys of teams and the names of accounts; empty: everybody."""
    if not channel.limited:
        return {}
    teams = channel.teams.order_by("key").values_list("key", flat=True)
    people = channel.people.order_by("username").values_list("username", flat=True)
    return {"teams": list(teams), "people": list(people)}
