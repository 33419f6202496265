"""Where one can go: the one table behind the rail, the sheet of phones, and the palette."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse

from inbox.accounts.models import User
from inbox.accounts.permissions import Right, can
from inbox.tickets import naming


@dataclass(frozen=True, kw_only=True)
class Place:
    """One line: what it is called, where it leads, who may go there."""

    label: str
    icon: str
    page: str = ""  # the name of its address; without one `path` is the address
    path: str = ""
    behind: str = ""  # the query of the queue's lists
    right: Right = Right.READ
    keys: str = ""
    status: str = ""  # whose editable name is the label
    n: str = ""  # the id of its count in the page

    @cached_property
    def href(self) -> str:
        """Its address, looked up once."""
        return (self.path or reverse(self.page)) + (f"?{self.behind}" if self.behind else "")

    def named(self, names: Mapping[str, str]) -> str:
        """Its label, by the names that statuses have here."""
        return names[self.status] if self.status else self.label


WORK = (
    Place(label="Queue", icon="inbox", page="queue", keys="G then Q", n="live"),
    Place(label="Mine", icon="mine", page="queue", behind="owner=me", keys="G then M", n="mine"),
    Place(label="Unassigned", icon="unassigned", page="queue", behind="owner=none", n="unassigned"),
    Place(label="", icon="hold", page="queue", behind="lane=hold", status="on_hold", n="on_hold"),
    Place(label="Snoozed", icon="snooze", page="queue", behind="lane=snoozed", n="snoozed"),
    Place(label="Triage", icon="filter", page="triage", keys="G then T"),
    Place(label="Sweep", icon="eye", page="sweep"),
)
LISTS = (
    Place(label="", icon="pause", page="queue", behind="lane=wait", status="them"),
    Place(label="", icon="closed", page="queue", behind="lane=closed", status="closed"),
    Place(label="", icon="shield", page="queue", behind="lane=spam", status="spam"),
    Place(label="Trash", icon="x", page="queue", behind="lane=trash"),
    Place(label="Saved views", icon="view", page="views"),
)
KNOWLEDGE = (
    Place(label="People", icon="people", page="people", keys="G then P"),
    Place(label="Playbooks", icon="playbook", page="playbooks", keys="G then B"),
    Place(label="On-call", icon="oncall", page="oncall", keys="G then O"),
    Place(label="Releases", icon="tag", page="loop", keys="G then L"),
    Place(label="Reports", icon="reports", page="reports", keys="G then R"),
    Place(label="Macros", icon="bolt", page="macros", right=Right.MACROS),
    Place(label="Notices", icon="flag", page="notices", keys="G then N"),
)
MANAGE = (
    Place(label="Start", icon="play", page="start", right=Right.MANAGE),
    Place(label="Channels", icon="plug", page="channels", right=Right.MANAGE),
    Place(label="Streams", icon="video", page="streams", right=Right.STREAMS),
    Place(label="Health", icon="tick", page="health", right=Right.ACT),
    Place(label="Rules and admin", icon="admin", path="/admin/", right=Right.MANAGE),
    Place(label="Team", icon="userplus", page="team", right=Right.MANAGE),
    Place(label="Names of statuses", icon="pen", page="statuses", right=Right.MANAGE),
    Place(label="Blocked senders", icon="none", page="blocks", right=Right.ACT),
    Place(label="Dead letters", icon="alert", page="dead-letters", right=Right.REPLY),
    Place(label="Webhooks", icon="link", page="webhooks", right=Right.MANAGE),
    Place(label="Retention", icon="clock", page="retention", right=Right.MANAGE),
    Place(label="Audit log", icon="lock", page="audit", right=Right.MANAGE),
)
# reached from elsewhere on the page: the palette alone lists them
ASIDE = (
    Place(label="Search", icon="search", page="search"),
    Place(label="Product review", icon="tick", page="review"),
    Place(label="Events", icon="cal", page="events"),
    Place(label="Plan an event", icon="cal", page="event-new", right=Right.ACT),
    Place(label="New ticket", icon="plus", page="ticket-new", right=Right.ACT, keys="⇧ N"),
    Place(label="New issue", icon="git-issue", page="issue-new", right=Right.REPLY),
    Place(label="Community", icon="people", page="community"),
    Place(label="For the office hours", icon="cal", page="topics"),
    Place(label="For product", icon="right", page="referrals"),
    Place(label="Docs gaps", icon="book", page="docs-gaps"),
    Place(label="Your account", icon="key", page="account"),
)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Places that belong together; with a name they are folded until it is opened."""

    places: tuple[Place, ...]
    name: str = ""
    icon: str = ""


GROUPS = (
    Group(places=WORK),
    Group(places=LISTS, name="More lists", icon="more"),
    Group(places=KNOWLEDGE),
    Group(places=MANAGE, name="Manage", icon="admin"),
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A place as it stands on a page."""

    label: str
    icon: str
    href: str
    is_current: bool = False
    id: str = ""
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A group as it stands on a page; one that holds the current page is open."""

    name: str
    icon: str
    lines: list[Line] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether the page that is shown is one of these."""
        return any(line.is_current for line in self.lines)


def places(user: User) -> Iterator[tuple[str, Place]]:
    """(label, place) of everything that somebody may open, for the palette."""
    names = naming.names()
    for group in (*GROUPS, Group(places=ASIDE)):
        for place in group.places:
            if can(user, place.right):
                yield place.named(names), place


def rail(request: HttpRequest, user: User, counted: Mapping[str, int]) -> list[Fold]:
    """The rail of one page: its groups with what this account may open."""
    names = naming.names()
    current = _current(request)
    groups = []
    for group in GROUPS:
        lines = [
            Line(
                label=place.named(names),
                icon=place.icon,
                href=place.href,
                is_current=place is current,
                id=f"n-{place.n}" if place.n else "",
                count=counted.get(place.n) if place.n else None,
            )
            for place in group.places
            if can(user, place.right)
        ]
        if lines:
            groups.append(Fold(name=group.name, icon=group.icon, lines=lines))
    return groups


def _current(request: HttpRequest) -> Place | None:
    """The place that is shown: a page below its own counts, a list by what is asked of it."""
    path = "/queue/" if request.path == "/" else request.path
    asked = "" if request.GET.get("view") else _list_of(request)
    for group in GROUPS:
        for place in group.places:
            address = place.href.partition("?")[0]
            if place.page == "queue":
                found = path == address and place.behind == asked and not request.GET.get("view")
            else:
                found = path.startswith(address)
            if found:
                return place
    return None


def _list_of(request: HttpRequest) -> str:
    """Which of the queue's lists is asked for; empty: the queue itself."""
    lane, owner = request.GET.get("lane", ""), request.GET.get("owner", "")
    if lane:
        return f"lane={lane}"
    return f"owner={owner}" if owner in ("me", "none") else ""
