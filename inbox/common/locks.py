"""Keeping changes apart that concern the same thing before it has a row to lock."""

from hashlib import sha256

from django.db import connection


def hold(*names: str) -> None:
    """Let one change at a time work under these names, until its transaction ends.

    SQLite's writing transactions exclude each other anyway.
    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    if connection.vendor != "postgresql":
        return
    digest = sha256("\0".join(names).encode()).digest()
    with connection.cursor() as cursor:
        key = int.from_bytes(digest[:8], "big", signed=True)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
