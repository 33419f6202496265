"""Sums of days, weeks, months and years: every one that a fact is counted in, moved together.

Whoever writes holds the row of progress, so a sum is read, moved and written by one at a time.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from typing import NamedTuple

from django.db import connection

from inbox.reports.lanes import LANE, lane, packed, unpacked
from inbox.reports.models import ReportSum
from inbox.reports.spans import QUARTERS, begin_of
from inbox.reports.story import Made

DIMENSIONS = ("channel", "category", "person", "team", "priority")
# read where they stand: their labels are as many as there are helpers, so sums would save nothing
NOT_SUMMED = {"help", "gap"}
MEASURED = {"first", "solved"}  # these have percentiles
FLOW = {"in", "back", "out", "kept", "missed"}  # these are drawn by days of anybody's zone
COARSE = ("week", "month", "year")
ROWS = 500  # per statement; SQLite allows 32,766 values


class Place(NamedTuple):
    """Which sum."""

    dim: str
    kind: str
    span: str
    first: date
    value: str
    label: str
    scope: int


@dataclass(slots=True)
class Sum:
    """How many, how long together, at which quarters of an hour, at which marks of the scale."""

    n: int = 0
    seconds: int = 0
    quarters: int = 0
    marks: int = 0

    def add(self, n: int, seconds: int, quarters: int, marks: int) -> None:
        """Move it."""
        self.n += n
        self.seconds += seconds
        self.quarters += quarters
        self.marks += marks


Moves = defaultdict[Place, Sum]


def count(moves: Moves, made: Iterable[Made], sign: int) -> None:
    """Facts that came (1) or went (-1), in the sums of their days."""
    for fact in made:
        if fact.kind in NOT_SUMMED:
            continue
        at = fact.at.astimezone(UTC)
        day, quarter = at.date(), at.hour * 4 + at.minute // 15
        move = (
            sign,
            sign * fact.seconds,
            lane(quarter, sign) if fact.kind in FLOW else 0,
            lane(fact.bucket, sign) if fact.kind in MEASURED else 0,
        )
        moves[Place("", fact.kind, "day", day, "", fact.label, fact.scope)].add(*move)
        for dim in DIMENSIONS:
            value = str(getattr(fact, dim))
            place = Place(dim, fact.kind, "day", day, value, fact.label, fact.scope)
            moves[place].add(*move)


def folded(moves: Mapping[Place, Sum]) -> Moves:
    """The same moves in days and in all that days are part of."""
    found = Moves(Sum)
    for place, move in moves.items():
        found[place].add(move.n, move.seconds, move.quarters, move.marks)
        for span in COARSE:
            whole = place._replace(span=span, first=begin_of(place.first, span))
            found[whole].add(move.n, move.seconds, _week(place, span, move), move.marks)
    return found


def _week(place: Place, span: str, move: Sum) -> int:
    """Months know at which quarters of the week tickets were opened, for the map of hours."""
    if span != "month" or place.kind != "in":
        return 0
    return move.quarters << (LANE * QUARTERS * place.first.weekday())


def write(moves: Mapping[Place, Sum]) -> None:
    """Move what is stored; a sum that does not move is not written."""
    moving = [(place, move) for place, move in folded(moves).items() if move != Sum()]
    for begin in range(0, len(moving), ROWS):
        part = moving[begin : begin + ROWS]
        stored = dict(_stored([place for place, _ in part]))
        for place, move in part:
            if place in stored:
                was = stored[place]
                move.add(was.n, was.seconds, was.quarters, was.marks)
        ReportSum.objects.bulk_create(
            (row(place, total) for place, total in part),
            update_conflicts=True,
            unique_fields=Place._fields,
            update_fields=["n", "seconds", "quarters", "marks"],
        )


def row(place: Place, total: Sum) -> ReportSum:
    """A sum as it is stored."""
    return ReportSum(
        **place._asdict(),
        n=total.n,
        seconds=total.seconds,
        quarters=packed(total.quarters),
        marks=packed(total.marks),
    )


# the list stands first, so that each of its rows is one look at the unique index
STORED = (
    "WITH wanted ({names}) AS (VALUES {rows}) SELECT {columns}, s.n, s.seconds, s.quarters, s.marks"
    " FROM wanted JOIN inbox_reportsum s USING ({names})"
)


def _stored(places: list[Place]) -> Iterator[tuple[Place, Sum]]:
    text = STORED.format(
        names=", ".join(Place._fields),
        columns=", ".join(f"s.{name}" for name in Place._fields),
        rows=", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(places)),
    )
    with connection.cursor() as cursor:
        cursor.execute(text, [value for place in places for value in place])
        for dim, kind, span, first, value, label, scope, *rest in cursor.fetchall():
            # SQLite keeps days as text
            day = date.fromisoformat(first) if isinstance(first, str) else first
            n, seconds, quarters, marks = rest
            place = Place(dim, kind, span, day, value, label, scope)
            yield place, Sum(n, seconds, unpacked(bytes(quarters)), unpacked(bytes(marks)))
