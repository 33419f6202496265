"""A filter that finds nothing: which one of it to drop, and how much there would be then."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import QueryDict

from inbox.web.filtering import Chip, Filters

TRIED, COUNTED = 4, 50  # so many filters are left out in turn, and so many tickets counted


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The filter without which the most is found."""

    chip: Chip
    n: int

    @property
    def words(self) -> str:
        """How many there would be."""
        if self.n > COUNTED:
            return f"more than {COUNTED} tickets"
        return "1 ticket" if self.n == 1 else f"{self.n} tickets"


def nearest(filters: Filters, count: Callable[[Filters, int], int]) -> Nearest | None:
    """None where no single filter stands in the way. `count`: how many there are, at most."""
    found = []
    for chip in filters.tokens[:TRIED]:
        rest = Filters(QueryDict(chip.without.lstrip("?")), filters.user)
        found.append(Nearest(chip=chip, n=count(rest, COUNTED + 1)))
    best = max(found, key=lambda one: one.n, default=None)
    return best if best is not None and best.n else None
