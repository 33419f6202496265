"""Test databases begin as copies of one that is migrated: migrating costs as much as many tests.

`make test` migrates one database of each kind and names it in `SUITE_MIGRATED`: for PostgreSQL the
database, for SQLite the file. Without it every process of the suite migrates its own.
"""

import os
import sqlite3
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

VARIABLE = "SUITE_MIGRATED"


def copy_from_it() -> None:
    """Let the test database of this process be made as a copy."""
    name = os.environ.get(VARIABLE, "")
    if not name:
        return
    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"].endswith("postgresql"):
        database.setdefault("TEST", {})["TEMPLATE"] = name
        return

    def fill(connection: BaseDatabaseWrapper, **others: Any) -> None:
        del others
        is_test = "memorydb" in str(connection.settings_dict["NAME"])
        if is_test and not connection.introspection.table_names():
            with sqlite3.connect(name) as source:
                source.backup(connection.connection)
            source.close()

    connection_created.connect(fill, weak=False)
