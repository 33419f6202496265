"""Reading figures: permission first, then sums where there are sums, single facts where not.

Sums are kept by one dimension at a time. A question with two (bugs by channel) is answered from
the facts of its range; the answer is the same, only later.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate

from inbox.reports.lanes import between, counts, lane, unpacked
from inbox.reports.sources import Asked, on, within
from inbox.reports.sources import facts as facts_of
from inbox.reports.sources import sums as sums_of
from inbox.reports.spans import (
    DAY,
    QUARTERS,
    Period,
    Pieces,
    Run,
    Turn,
    begin_of,
    each,
    moment,
    pieces,
    runs,
    turn,
)  # fmt: skip
from inbox.reports.summing import MEASURED

MOVES = ("in", "back", "out")
TOLD = ("value", "kind", "label", "n", "seconds", "marks")
FLOWING = ("span", "first", "kind", "label", "n", "quarters")


class Cell(NamedTuple):
    """One sum's place in an answer."""

    value: str
    kind: str
    label: str


@dataclass
class Tally:
    """How many facts, how many seconds they have together, and at which marks they stand."""

    n: Counter[Cell] = field(default_factory=Counter)
    seconds: Counter[Cell] = field(default_factory=Counter)
    marks: dict[Cell, int] = field(default_factory=dict)

    def add(self, cell: Cell, n: int, seconds: int, marks: int) -> None:
        """Put one sum into its cell."""
        self.n[cell] += n
        self.seconds[cell] += seconds
        self.marks[cell] = self.marks.get(cell, 0) + marks

    def count(self, kind: str, *, value: str | None = None, label: str | None = None) -> int:
        """How many of a kind."""
        return sum(
            n
            for cell, n in self.n.items()
            if cell.kind == kind
            and (value is None or cell.value == value)
            and (label is None or cell.label == label)
        )

    def spread(self, kind: str, *, value: str | None = None) -> Counter[int]:
        """How many of a kind stand at each mark of the scale."""
        return counts(
            sum(
                marks
                for cell, marks in self.marks.items()
                if cell.kind == kind and (value is None or cell.value == value)
            )
        )

    def values(self, *kinds: str) -> list[str]:
        """The values of the dimension that have any of these kinds."""
        return sorted({cell.value for cell, n in self.n.items() if n and cell.kind in kinds})


def tally(asked: Asked, kinds: Iterable[str], by: str = "") -> Tally:
    """Everything of these kinds in the range, sorted by one dimension."""
    found = Tally()
    parts = pieces([asked.span])
    sums = sums_of(asked, kinds, by)
    if sums is None:
        parts = Pieces((), (asked.span,))
    elif parts.days:
        whole = [run for first, end in parts.days for run in runs(first, end)]
        rows = sums.filter(within(whole)).values_list(*TOLD)
        for value, kind, label, n, seconds, marks in rows:
            cell = Cell(value if by else "", kind, label)
            found.add(cell, n, seconds, unpacked(bytes(marks)))
    if parts.slivers:
        names = [by] if by else []
        facts = facts_of(asked, kinds, parts).values_list(*names, "kind", "label", "bucket")
        for *value, kind, label, bucket, n, seconds in facts.annotate(
            n_=Count("pk"), seconds_=Sum("seconds")
        ).order_by():
            cell = Cell(str(value[0]) if value else "", kind, label)
            found.add(cell, n, seconds, lane(bucket, n) if kind in MEASURED else 0)
    return found


Series = Counter[tuple[int, str, str]]


def series(asked: Asked, kinds: Iterable[str], cut: Sequence[Period]) -> Series:
    """(which period, kind, label) → how many."""
    sums = sums_of(asked, kinds, "")
    if sums is None:
        return _counted(asked, kinds, cut)
    turns = [turn(moment(day, asked.zone)) for day in (cut[0].first, *(p.end for p in cut))]
    whole = [runs(a.midnight, b.midnight) for a, b in pairwise(turns)]
    place = {(r.span, day): n for n, some in enumerate(whole) for r in some for day in each(r)}
    # a midnight that is none of UTC moves what lies between the two to the other side
    moved: dict[date, list[tuple[int, Turn]]] = defaultdict(list)
    for n, at in enumerate(turns):
        if at.quarter:
            moved[at.day].append((n, at))
    rows = sums.filter(within([run for some in whole for run in some]) | on(moved))
    found: Series = Counter()
    for span, first, kind, label, n, quarters in rows.values_list(*FLOWING):
        if (span, first) in place:
            found[place[span, first], kind, label] += n
        for after, at in moved.get(first, ()) if span == "day" else ():
            off = _off(at, unpacked(bytes(quarters)))
            found[after, kind, label] += off
            found[after - 1, kind, label] -= off
    return Counter({at: n for at, n in found.items() if n and 0 <= at[0] < len(cut)})


def _off(at: Turn, lanes: int) -> int:
    """How many more a period has that begins here and not at the midnight of UTC beside it."""
    if at.midnight > at.day:
        return between(lanes, at.quarter, QUARTERS)
    return -between(lanes, 0, at.quarter)


def _counted(asked: Asked, kinds: Iterable[str], cut: Sequence[Period]) -> Series:
    """The same from single facts."""
    found: Series = Counter()
    local = {day: n for n, period in enumerate(cut) for day in _every(period.first, period.end)}
    facts = facts_of(asked, kinds, Pieces((), (asked.span,))).annotate(
        local=TruncDate("at", tzinfo=ZoneInfo(asked.zone))
    )
    counted = facts.values_list("local", "kind", "label").annotate(n_=Count("pk")).order_by()
    for day, kind, label, n in counted:
        found[local[day], kind, label] += n
    return found


def standing(asked: Asked) -> int:
    """How many tickets were on the desk when the range began."""
    begin = turn(asked.span[0])
    sums = sums_of(asked, MOVES, "")
    counted: Counter[str] = Counter()
    if sums is None:
        facts = facts_of(asked, MOVES, None).filter(at__lt=asked.span[0])
        counted.update(dict(facts.values_list("kind").annotate(n_=Count("pk")).order_by()))
        return counted["in"] + counted["back"] - counted["out"]
    year = begin_of(begin.day, "year")
    whole = Q(span="year", first__lt=year) | within([Run("day", begin.day, begin.day + DAY)])
    for span, first, kind, _, n, quarters in sums.filter(
        whole | within(runs(year, begin.day))
    ).values_list(*FLOWING):
        is_partly = span == "day" and first == begin.day
        counted[kind] += between(unpacked(bytes(quarters)), 0, begin.quarter) if is_partly else n
    return counted["in"] + counted["back"] - counted["out"]


def _every(first: date, end: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((end - first).days))
