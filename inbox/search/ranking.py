"""Which tickets hold which words, best first: one statement, the same arithmetic on both databases.

A ticket's score is the sum, over the wanted words, of how rare the word is and where it stands
best; words that stand together in one message count again. The database only has to find rows by
its full-text index: the few rarest words bring the candidates, the frequent ones are looked up
among these, so that the cost does not grow with how often "error" is written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from inbox.tickets.models import Ticket

MOST_FOUND = 1000
PER_WORD = 1500  # documents that one word may bring: twice as many cost twice as long
BUDGET = 4_000  # and all together
LOOKED_UP = 200  # candidates among which frequent words are looked up
MOST_FREQUENT = 4
TOGETHER = 0.6


@dataclass(frozen=True)
class Choice:
    """One way to write a wanted word: its stems side by side, what it counts, how many have it."""

    stems: tuple[str, ...]
    factor: float = 1.0
    n: int = 0

    def worth(self, size: int) -> float:
        """How much it says that this stands somewhere: the rarer, the more."""
        return self.factor * log(1 + size / (self.n + 1))


@dataclass(frozen=True)
class Wanted:
    """A word that is wanted, with all the ways to write it."""

    choices: tuple[Choice, ...]

    @property
    def n(self) -> int:
        """In about how many documents it stands, in one way or another."""
        return sum(choice.n for choice in self.choices)


@dataclass(frozen=True)
class Match:
    """A ticket, its score, and how many of the wanted words it holds."""

    number: int
    score: float
    words: int


def best(
    wanted: Sequence[Wanted],
    *,
    size: int,
    among: QuerySet[Ticket],
    is_narrow: bool,
    need_all: bool,
) -> list[Match]:
    """The tickets among these, best first; with `need_all` those that hold every word, if any do.

    `is_narrow`: most tickets are not among these, so that a word is looked for only there.
    """
    if not wanted:
        return []
    rare, frequent = _parted(wanted)
    try:
        found = _ranked(rare, size, among, is_narrow=is_narrow)
    except EmptyResultSet:
        return []
    if need_all:
        found = [m for m in found if m.words == len(rare)] or found
    found = _with_frequent(found, frequent, size)
    if need_all:
        found = [m for m in found if m.words == len(wanted)] or found
    return found


def _parted(wanted: Sequence[Wanted]) -> tuple[list[Wanted], list[Wanted]]:
    """The words that bring candidates, and those that are too frequent to."""
    by_rarity = sorted(wanted, key=lambda one: one.n)
    rare: list[Wanted] = []
    spent = 0
    for one in by_rarity:
        if rare and (one.n > PER_WORD or spent + one.n > BUDGET):
            break
        rare.append(one)
        spent += one.n
    return rare, by_rarity[len(rare) :]


def _ranked(
    wanted: list[Wanted], size: int, among: QuerySet[Ticket], *, is_narrow: bool
) -> list[Match]:
    inside, within = _numbers(among)
    where, params = (f" AND d.ticket_id IN ({inside})", within) if is_narrow else ("", [])
    parts, values = [], []
    for n, one in enumerate(wanted):
        for choice in one.choices:
            sql, own = _branch(n, choice, choice.worth(size), where)
            parts.append(sql)
            values += [*own, *params]
    sql = (
        f"WITH hit AS ({' UNION ALL '.join(parts)}),"  # noqa: S608 - our own words, marks for values
        " best AS (SELECT ticket_id, term, MAX(w) AS w FROM hit GROUP BY ticket_id, term),"
        " doc AS (SELECT ticket_id, id, SUM(w) AS w FROM hit GROUP BY ticket_id, id),"
        " most AS (SELECT ticket_id, MAX(w) AS w FROM doc GROUP BY ticket_id),"
        " total AS (SELECT ticket_id, SUM(w) AS w, COUNT(*) AS n FROM best GROUP BY ticket_id)"
        f" SELECT total.ticket_id, total.w + {TOGETHER} * most.w AS score, total.n FROM total"
        f" JOIN most ON most.ticket_id = total.ticket_id WHERE total.ticket_id IN ({inside})"
        f" ORDER BY total.n = {len(wanted)} DESC, score DESC, total.ticket_id DESC"
        f" LIMIT {MOST_FOUND}"
    )
    return [Match(*row) for row in _rows(sql, [*values, *within])]


def _with_frequent(found: list[Match], frequent: list[Wanted], size: int) -> list[Match]:
    """The same candidates with what the frequent words say about the first of them."""
    scores = {match.number: [match.score, match.words] for match in found[:LOOKED_UP]}
    for one in frequent[:MOST_FREQUENT]:
        for number in holding(one, list(scores)):
            scores[number][0] += one.choices[0].worth(size)
            scores[number][1] += 1
    # the others are so frequent that they tell nothing apart
    left = len(frequent[MOST_FREQUENT:])
    first = [Match(number, score, int(n) + left) for number, (score, n) in scores.items()]
    first.sort(key=lambda match: -match.score)
    return [*first, *found[LOOKED_UP:]]


def holding(one: Wanted, numbers: Sequence[int]) -> list[int]:
    """Which of some tickets hold a word."""
    if not numbers:
        return []
    marks = ", ".join(["%s"] * len(numbers))
    where, values = _match([choice.stems for choice in one.choices])
    sql = f"SELECT DISTINCT d.ticket_id FROM {_source()} WHERE {where} AND d.ticket_id IN ({marks})"  # noqa: S608 - marks for values
    return [number for (number,) in _rows(sql, [*values, *numbers])]


def best_documents(wanted: Sequence[Wanted], numbers: Sequence[int]) -> dict[int, int]:
    """The message of each ticket that holds most of the words: what a snippet is made of."""
    if not numbers or not wanted:
        return {}
    marks = ", ".join(["%s"] * len(numbers))
    parts, values = [], []
    for one in wanted:
        where, own = _match([choice.stems for choice in one.choices])
        parts.append(
            "SELECT d.ticket_id, d.message_id, d.weight FROM"  # noqa: S608 - marks for values
            f" {_source()} WHERE {where} AND d.message_id IS NOT NULL AND d.ticket_id IN ({marks})"
        )
        values += [*own, *numbers]
    sql = (
        "SELECT ticket_id, message_id FROM (SELECT ticket_id, message_id, ROW_NUMBER() OVER"  # noqa: S608 - marks for values
        " (PARTITION BY ticket_id ORDER BY COUNT(*) DESC, MAX(weight) DESC, message_id) AS place"
        f" FROM ({' UNION ALL '.join(parts)}) hit GROUP BY ticket_id, message_id) ranked"
        " WHERE place = 1"
    )
    return dict(_rows(sql, values))


def excluded(choices: Iterable[tuple[str, ...]]) -> tuple[str, list[Any]]:
    """A condition on `inbox_ticket`: no document of it holds one of these."""
    where, values = _match(list(choices))
    inner = f"SELECT d.ticket_id FROM {_source()} WHERE {where}"  # noqa: S608 - marks for values
    return f"inbox_ticket.number NOT IN ({inner})", values


# ------------------------------------------------------------------ the two dialects


def _branch(term: int, choice: Choice, worth: float, where: str) -> tuple[str, list[Any]]:
    match, values = _match([choice.stems])
    # of a word that stands everywhere the newest documents are enough
    order = " ORDER BY d.id DESC" if choice.n > PER_WORD else ""
    weight = f"d.weight * CAST({worth / 100:.5f} AS DOUBLE PRECISION)"
    sql = (
        f"SELECT * FROM (SELECT d.id, d.ticket_id, {term} AS term, {weight} AS w"  # noqa: S608 - numbers of our own
        f" FROM {_source()} WHERE {match}{where}{order} LIMIT {PER_WORD}) part{term}"
    )
    return sql, values


def _source() -> str:
    if connection.vendor == "postgresql":
        return "inbox_searchdoc d"
    return "inbox_searchindex JOIN inbox_searchdoc d ON d.id = inbox_searchindex.rowid"


def _match(choices: list[tuple[str, ...]]) -> tuple[str, list[Any]]:
    """A condition that holds where one of these stands. Every word is quoted."""
    if connection.vendor == "postgresql":
        ways = [" <-> ".join(f"'{stem}'" for stem in stems) for stems in choices]
        text = " | ".join(f"({way})" for way in ways)
        return "d.tsv @@ to_tsquery('simple', %s)", [text]
    ways = ['"' + " ".join(stems) + '"' for stems in choices]
    return "inbox_searchindex MATCH %s", [" OR ".join(ways)]


def _numbers(among: QuerySet[Ticket]) -> tuple[str, list[Any]]:
    sql, params = among.order_by().values("number").query.sql_with_params()
    return sql, [_bare(value) for value in params]


def _bare(value: Any) -> Any:
    """A parameter as this database's driver wants it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _rows(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
