"""Full text: an index on the expression in PostgreSQL, an FTS5 table kept by triggers in SQLite."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

POSTGRES = (
    "CREATE INDEX inbox_message_search ON inbox_message USING gin (to_tsvector('simple', search_text))",
)
SQLITE = (
    "CREATE VIRTUAL TABLE inbox_search USING fts5(search_text, content='inbox_message', content_rowid='id')",
    "INSERT INTO inbox_search(rowid, search_text) SELECT id, search_text FROM inbox_message",
    "CREATE TRIGGER inbox_search_insert AFTER INSERT ON inbox_message BEGIN "
    "INSERT INTO inbox_search(rowid, search_text) VALUES (new.id, new.search_text); END",
    "CREATE TRIGGER inbox_search_delete AFTER DELETE ON inbox_message BEGIN "
    "INSERT INTO inbox_search(inbox_search, rowid, search_text) VALUES ('delete', old.id, old.search_text); END",
    "CREATE TRIGGER inbox_search_update AFTER UPDATE OF search_text ON inbox_message BEGIN "
    "INSERT INTO inbox_search(inbox_search, rowid, search_text) VALUES ('delete', old.id, old.search_text); "
    "INSERT INTO inbox_search(rowid, search_text) VALUES (new.id, new.search_text); END",
)
SQLITE_BACK = (
    "DROP TRIGGER inbox_search_insert",
    "DROP TRIGGER inbox_search_delete",
    "DROP TRIGGER inbox_search_update",
    "DROP TABLE inbox_search",
)


def _create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for sql in POSTGRES if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(sql)


def _drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    postgres = editor.connection.vendor == "postgresql"
    for sql in ("DROP INDEX inbox_message_search",) if postgres else SQLITE_BACK:
        editor.execute(sql)


class Migration(migrations.Migration):
    """Search; reversible."""

    dependencies = [("inbox", "0002_invariants")]
    operations = [migrations.RunPython(_create, _drop)]
