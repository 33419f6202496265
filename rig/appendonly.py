"""Getting round the audit log's own protection, as somebody with the database's password could."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import TransactionTestCase

from inbox.audit.models import AuditEntry

TABLE, NAME = "inbox_auditentry", "audit_is_append_only"


@contextmanager
def writable() -> Iterator[None]:
    """Rows can be changed inside."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {TABLE} DISABLE TRIGGER {NAME}")
        else:
            stored = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
            cursor.execute(stored, [TABLE])
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER {NAME}")
        else:
            for _, sql in triggers:
                cursor.execute(sql)


def let_tests_empty_it() -> None:
    """After a test its tables are emptied; SQLite has no other way for that than to delete."""
    case_class: Any = TransactionTestCase  # its stubs leave the method out
    emptied = case_class._fixture_teardown

    def teardown(case: TransactionTestCase) -> None:
        if connection.vendor == "sqlite" and AuditEntry.objects.exists():
            with writable():
                AuditEntry.objects.all().delete()
        emptied(case)

    case_class._fixture_teardown = teardown
