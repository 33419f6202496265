"""SQLite changes a column by building the table anew; triggers that name it stand in the way."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import StateApps

_aside: list[tuple[str, str]] = []


def rebuilding(*operations: Operation) -> list[Operation]:
    """The operations, with every trigger of SQLite taken away before and put back after them."""
    return [
        migrations.RunPython(_take_away, _put_back),
        *operations,
        migrations.RunPython(_put_back, _take_away),
    ]


def _take_away(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor != "sqlite":
        return
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        _aside[:] = cursor.fetchall()
    for name, _ in _aside:
        editor.execute(f"DROP TRIGGER {name}")


def _put_back(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for _, sql in _aside:
        editor.execute(sql, params=None)
    _aside.clear()
