"""Rows written without the ORM's compiler: the same statements, their text made once per model.

Filing a mail writes a dozen rows. Composing each INSERT anew costs several times what the database
needs for it (`make bench`), so the hot path writes them here. Values still go through each
field's own conversion. No `save()`, no signals: neither is used for flow in this house.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

if TYPE_CHECKING:
    from django.db.models import Field

    Column = Field[Any, Any]  # generic for the type checker only


@dataclass
class _Statement:
    """One statement, and the new rows that wait for the keys it returns."""

    text: str
    values: list[Any]
    new: list[Model] = field(default_factory=list)


_waiting: ContextVar[list[_Statement] | None] = ContextVar("inbox_rows", default=None)


@contextmanager
def together() -> Iterator[None]:
    """Send what is written inside in one round trip, in its order, when the block ends."""
    token = _waiting.set([])
    try:
        yield
        _send(_waiting.get() or [])
    finally:
        _waiting.reset(token)


def insert(rows: Iterable[Model]) -> None:
    """INSERT new rows of one model in one statement and give them their primary keys.

    Raises `IntegrityError` as the ORM does.
    """
    new = list(rows)
    if not new:
        return
    model = type(new[0])
    here = connections[DEFAULT_DB_ALIAS]  # `django.db.connection` looks this up at every touch
    values = [
        column.get_db_prep_save(column.pre_save(row, add=True), here)
        for row in new
        for column in _columns(model)
    ]
    _put(_Statement(_insert_text(model, len(new)), values, new))


def update(row: Model, names: Iterable[str], *, add: Mapping[str, int] | None = None) -> None:
    """UPDATE one row's named fields from the object; `add` counts columns up in the database."""
    text, values = _update_text(row, names, add or {})
    _put(_Statement(text, values))


def update_if(row: Model, names: Iterable[str], **expected: Any) -> bool:
    """UPDATE only while the expected columns still stand; whether they did (compare-and-set)."""
    text, values = _update_text(row, names, {})
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    text += "".join(f" AND {quote(column)} = %s" for column in expected)
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(text, [*values, *expected.values()])
        return bool(cursor.rowcount)


# ------------------------------------------------------------------ texts


@lru_cache(maxsize=100)
def _columns(model: type[Model]) -> "tuple[Column, ...]":
    fields = cast("Sequence[Column]", model._meta.local_concrete_fields)
    return tuple(c for c in fields if not c.primary_key and not getattr(c, "generated", False))


@lru_cache(maxsize=200)
def _insert_text(model: type[Model], rows: int) -> str:
    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    columns = _columns(model)
    names = ", ".join(quote(str(column.column)) for column in columns)
    one = f"({', '.join(['%s'] * len(columns))})"
    table, pk = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    return f"INSERT INTO {table} ({names}) VALUES {', '.join([one] * rows)} RETURNING {pk}"  # noqa: S608 - names are the models'


def _update_text(row: Model, names: Iterable[str], add: Mapping[str, int]) -> tuple[str, list[Any]]:
    here = connections[DEFAULT_DB_ALIAS]
    quote = here.ops.quote_name
    columns = [cast("Column", row._meta.get_field(name)) for name in names]
    sets = [f"{quote(str(column.column))} = %s" for column in columns]
    sets += [f"{quote(name)} = {quote(name)} + %s" for name in add]
    values = [column.get_db_prep_save(column.pre_save(row, add=False), here) for column in columns]
    table, pk = quote(row._meta.db_table), quote(str(row._meta.pk.column))
    text = f"UPDATE {table} SET {', '.join(sets)} WHERE {pk} = %s"  # noqa: S608 - names are the models'
    return text, [*values, *add.values(), row.pk]


# ------------------------------------------------------------------ sending


def _put(statement: _Statement) -> None:
    waiting = _waiting.get()
    if waiting is None:
        _send([statement])
    else:
        waiting.append(statement)


def _send(statements: list[_Statement]) -> None:
    here = connections[DEFAULT_DB_ALIAS]
    if here.vendor != "postgresql":
        for statement in statements:
            with here.cursor() as cursor:
                cursor.execute(statement.text, statement.values)
                _keys(statement, cursor.fetchall() if statement.new else [])
        return
    if not statements:
        return
    with here.cursor() as cursor:
        text = ";\n".join(statement.text for statement in statements)
        cursor.execute(text, [value for s in statements for value in s.values])
        for number, statement in enumerate(statements):
            if number:
                cursor.nextset()
            _keys(statement, cursor.fetchall() if statement.new else [])


def _keys(statement: _Statement, keys: Sequence[tuple[Any, ...]]) -> None:
    for row, (key,) in zip(statement.new, keys, strict=bool(keys)):
        row.pk = key
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
