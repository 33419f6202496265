"""What the address of the queue asks for: a filter in the language of search, an order, a page."""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import F, OrderBy, QuerySet
from django.http import QueryDict
from django.utils import timezone

from inbox.accounts.models import User
from inbox.search import filters
from inbox.search.filters import Scope
from inbox.search.language import LONGEST, Query, parse, quoted
from inbox.search.services import narrow
from inbox.sla.explain import bounds
from inbox.tickets import naming
from inbox.tickets.models import Ticket
from inbox.web.page import zone_of

# Fields that addresses of the queue had before the language: each stands for one of its filters.
FIELDS = {"category": "category", "channel": "channel", "owner": "assignee", "tag": "tag"}
SORTS = {
    "": "Due first, awake first",
    "newest": "Newest first",
    "oldest": "Waiting longest first",
    "longest": "Longest conversation first",
}
GROUPINGS = {"": "By SLA", "lanes": "By on-call lane"}


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One filter in use, and the address without it."""

    label: str
    words: str
    without: str


class Filters:
    """What an address asks for; unknown words are searched for, and a note says so."""

    NAMES = ("lane", "sort", "by", "status", "view")

    def __init__(self, data: QueryDict, user: User) -> None:
        self.user = user
        self.values = {name: _clean(data, name)[:200] for name in self.NAMES}
        if self.values["sort"] not in SORTS:
            self.values["sort"] = ""
        if self.values["by"] not in GROUPINGS:
            self.values["by"] = ""
        told = [quoted(key, _clean(data, name)) for name, key in FIELDS.items() if data.get(name)]
        text = [*told, _clean(data, "f"), _clean(data, "q")]
        self.text = " ".join(part for part in text if part)[:LONGEST]
        number = data.get("page", "1")
        self.page = min(max(int(number), 1), 100_000) if number.isdecimal() else 1

    @property
    def lane(self) -> str:
        """One end of tickets' lives, or the whole of one group."""
        return self.values["lane"]

    @property
    def sort(self) -> str:
        """The order of a plain list; "" is by SLA, in groups."""
        return self.values["sort"]

    @property
    def by(self) -> str:
        """How the groups are made."""
        return self.values["by"]

    def address(self, **changed: str | int) -> str:
        """The address of the same list, with something else."""
        values = {"q": self.text, **self.values, **changed}
        return "?" + urlencode({name: value for name, value in values.items() if value})

    def at_page(self, number: int) -> str:
        """The address of another page of the same list."""
        return self.address(page=number)

    @cached_property
    def query(self) -> Query:
        """What was typed, in the language of search: its tokens and notes are for the page."""
        return parse(self.text, naming.searched())

    @property
    def tokens(self) -> list[Chip]:
        """Every filter in use, as chips."""
        chips = [
            Chip(label=label, words=words, without=self.address(q=left, view=""))
            for label, words, left in self.query.removals()
        ]
        status = self.values["status"]
        if status:
            words = dict(naming.choices()).get(status, status)
            chips.append(Chip(label="Status", words=words, without=self.address(status="")))
        return chips

    @property
    def typed(self) -> str:
        """The filters alone, as they were written."""
        return " ".join(self.text[t.start : t.end] for t in self.query.tokens)

    @property
    def is_used(self) -> bool:
        """Whether anything narrows the list down."""
        return not self.query.is_empty or bool(self.values["status"])

    @cached_property
    def scope(self) -> Scope:
        """Who asks, when and where."""
        zone = zone_of(self.user)
        return Scope(user=self.user, bounds=bounds(timezone.now(), zone), zone=zone)

    @cached_property
    def notes(self) -> list[str]:
        """What of it was not understood, or names nothing that is here."""
        return [*self.query.notes, *filters.unknown(self.query, self.scope)]

    def apply(self, rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """Narrow the tickets down."""
        if self.values["status"]:
            rows = rows.filter(status=self.values["status"])
        return rows if self.query.is_empty else narrow(rows, self.query, self.scope)

    def order(self) -> tuple[str | OrderBy, ...]:
        """The order of a plain list."""
        orders: dict[str, tuple[str | OrderBy, ...]] = {
            "newest": ("-number",),
            "oldest": (F("waiting_since").asc(nulls_last=True), "number"),
            "longest": ("-message_count", "number"),
        }
        return orders[self.sort]


def _clean(data: QueryDict, name: str) -> str:
    return data.get(name, "").replace("\x00", "").strip()
