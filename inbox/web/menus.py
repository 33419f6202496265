"""What the menus of every ticket offer, and whom it names: that is kept per process."""

from typing import Any

from inbox.accounts.models import Team, User
from inbox.channels import directory
from inbox.common.versions import kept_many
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket

MENUS: dict[str, Any] = {
    "agents": lambda: list(User.objects.filter(is_active=True).order_by("first_name", "username")),
    "teams": lambda: list(Team.objects.order_by("name")),
    "categories": tickets.known_categories,
}


def menus() -> dict[str, Any]:
    """Active accounts, teams and categories, under one reading of their stamps."""
    return kept_many(MENUS)


def name_on(row: Ticket) -> None:
    """Give a ticket its channel, owner and teams from what is at hand.

    Joined instead, they take the database longer to plan than to read. Whoever is not at hand,
    such as an account that was closed, is read when asked for.
    """
    known = menus()
    row.channel = directory.by_id(row.channel_id)
    for name, kept in (("owner", "agents"), ("team", "teams"), ("restricted_team", "teams")):
        pk = getattr(row, f"{name}_id")
        found = next((one for one in known[kept] if one.pk == pk), None)
        if found is not None:
            setattr(row, name, found)
