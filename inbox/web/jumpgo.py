"""Where the palette can go: pages, the queue's lists, categories."""

from urllib.parse import urlencode

from django.urls import reverse

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.common.versions import kept
from inbox.tickets import services as tickets
from inbox.web import rail
from inbox.web.jumpdo import Option


def address(name: str, behind: str = "") -> str:
    """A page's address."""
    return reverse(name) + (f"?{behind}" if behind else "")


def pages(user: User) -> list[Option]:
    """Every page that somebody may open."""
    found = [
        Option(words=label, icon=place.icon, href=place.href, small=place.keys)
        for label, place in rail.places(user)
    ]
    if can(user, Right.ACT):
        exposed = reverse("playbook-expose")
        found.append(Option(words="Secret exposed: respond now", icon="shield", to=exposed))
    found.append(Option(words="Light or dark theme", icon="moon", to=reverse("theme")))
    found.append(Option(words="Sign out", icon="right", to=reverse("account_logout")))
    return [*found, Option(words="Keyboard help", icon="keys", press="?", cap="?")]


def categories(user: User) -> list[Option]:
    """The queue of each category."""
    names = kept("categories", tickets.known_categories)
    return [
        Option(words=name, icon="tag", href=address("queue", urlencode({"category": name})))
        for name in names
    ]
