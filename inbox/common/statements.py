"""Statements that the ORM composes once in a process, asked again and again with other values.

Composing the queue's statements anew costs several times what the database needs for them. So they
are composed with *places*: values like no other, which go through the ORM as any value does and are
found again among the parameters. Only for statements whose shape never differs; what somebody
typed is composed anew.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

# no ticket or account has such a number, which fits every column of numbers; nothing was due then
FIRST_NUMBER = -2_000_000_000
FIRST_MOMENT = datetime(1000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where a value stands among a statement's parameters."""

    name: str


@dataclass(frozen=True)
class Statement:
    """One statement, and its parameters: fixed values and places."""

    sql: str
    params: tuple[Any, ...]

    def filled(self, **values: Any) -> list[Any]:
        """Its parameters with these values. Raises `KeyError` for a place without one."""
        return [bare(values[one.name]) if isinstance(one, Place) else one for one in self.params]

    def ask(self, **values: Any) -> list[tuple[Any, ...]]:
        """Its rows with these values. Raises `KeyError` for a place without one."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.filled(**values))
            return list(cursor.fetchall())


class Places:
    """Hands out what stands for values, and finds it again."""

    def __init__(self) -> None:
        self._known: dict[Any, Place] = {}

    def number(self, name: str) -> int:
        """Stands for a number."""
        return int(self._noted(FIRST_NUMBER - len(self._known), name))

    def moment(self, name: str) -> datetime:
        """Stands for a moment."""
        at: datetime = self._noted(FIRST_MOMENT + timedelta(days=len(self._known)), name)
        return at

    def text(self, name: str) -> str:
        """Stands for a text."""
        return str(self._noted(f"\x00 {len(self._known)}", name))

    def statement(self, sql: str, params: "list[Any] | tuple[Any, ...]") -> Statement:
        """What the ORM composed, with the places in it."""
        return Statement(sql, tuple(self._known.get(bare(one), one) for one in params))

    def _noted(self, value: Any, name: str) -> Any:
        self._known[bare(value)] = Place(name)
        return value


def bare(value: Any) -> Any:
    """A parameter as this database's driver wants it."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def moment(value: Any) -> datetime | None:
    """A moment as this database's driver gives it: SQLite has no zones, or text, in UTC."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
