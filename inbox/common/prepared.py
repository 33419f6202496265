"""Querysets whose SQL Django makes once per process, for a page that asks the same each time.

Making the text of a dozen statements took longer than everything the database did for them.
"""

from collections.abc import Callable
from copy import copy
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

from inbox.common.statements import Places, Statement

M = TypeVar("M", bound=Model)
LARGEST = 2**63 - 1  # a number beyond it is no key of a row, and the databases refuse it


class Prepared(Generic[M]):
    """A queryset as a function of whole numbers: for others, and for lists, its text may differ.

    `make` gets as many numbers as `rows` and must build the same queryset from any of them; what
    else it reads is read once. No `prefetch_related`, and none of the rows knows its relations
    but those of `select_related`.
    """

    def __init__(self, make: Callable[..., QuerySet[M]]) -> None:
        self._make = make
        self._made: dict[tuple[str, int], tuple[SQLCompiler, Statement]] = {}

    def rows(self, *given: int) -> list[M]:
        """What the queryset of these numbers holds now; nothing where one cannot be a key."""
        if any(number > LARGEST for number in given):
            return []
        connection = connections[DEFAULT_DB_ALIAS]
        key = (connection.vendor, len(given))
        if key not in self._made:
            self._made[key] = self._compiled(len(given))
        compiler, statement = self._made[key]
        values = tuple(statement.filled(**{str(n): number for n, number in enumerate(given)}))
        mine = copy(compiler)  # threads share the text, never a connection
        mine.connection = connection
        mine.as_sql = lambda **_: (statement.sql, values)  # type: ignore[method-assign]  # made before
        return list(ModelIterable(_Asked(mine)))  # type: ignore[arg-type]  # as much of one as it reads

    def first(self, *given: int) -> M | None:
        """The first of them, or None; say `[:1]` in `make` where there may be many."""
        return next(iter(self.rows(*given)), None)

    def _compiled(self, count: int) -> tuple[SQLCompiler, Statement]:
        places = Places()
        rows = self._make(*(places.number(str(n)) for n in range(count)))
        compiler = rows.query.get_compiler(using=DEFAULT_DB_ALIAS)
        statement = places.statement(*compiler.as_sql())
        found = compiler.get_converters([one[0] for one in compiler.select[: compiler.col_count]])
        compiler.get_converters = lambda expressions: found  # once, not with each question
        return compiler, statement


class _Asked:
    """What the iterable of models asks of a queryset."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, compiler: SQLCompiler) -> None:
        self.query, self._compiler = self, compiler

    def get_compiler(self, using: str) -> SQLCompiler:
        """The one that has its text already."""
        del using
        return self._compiler
