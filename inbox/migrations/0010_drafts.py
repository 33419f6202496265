"""A draft may change until a message says it; what was queued may not."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TRIGGER, TABLE = "outgoing_is_a_snapshot", "inbox_outgoing"
TEXT = "an outgoing row is immutable once queued"
CHANGED = (
    "(CAST(NEW.payload AS text) <> CAST(OLD.payload AS text)"
    " OR NEW.idempotency_key <> OLD.idempotency_key OR NEW.channel_id <> OLD.channel_id"
    " OR NEW.ticket_id <> OLD.ticket_id"
    " OR COALESCE(NEW.message_id, 0) <> COALESCE(OLD.message_id, 0))"
)
# a draft takes its last words, and its message, when somebody approves it
UNSAID = (
    "(OLD.thread_id IS NOT NULL AND OLD.message_id IS NULL AND OLD.attempts = 0"
    " AND NEW.idempotency_key = OLD.idempotency_key AND NEW.channel_id = OLD.channel_id)"
)


def _drafts_change(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _forbid(editor, f"{CHANGED} AND NOT {UNSAID}")


def _nothing_changes(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _forbid(editor, CHANGED)


def _forbid(editor: BaseDatabaseSchemaEditor, forbidden: str) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"CREATE OR REPLACE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {forbidden} THEN RAISE EXCEPTION '{TEXT}' USING ERRCODE = 'check_violation'; "
            "END IF; RETURN NEW; END $$"
        )
        return
    editor.execute(f"DROP TRIGGER {TRIGGER}_update")
    editor.execute(
        f"CREATE TRIGGER {TRIGGER}_update BEFORE UPDATE ON {TABLE} FOR EACH ROW "
        f"WHEN {forbidden} BEGIN SELECT RAISE(ABORT, '{TEXT}'); END"
    )


class Migration(migrations.Migration):
    """The trigger; reversible."""

    dependencies = [("inbox", "0009_loop")]
    operations = [migrations.RunPython(_drafts_change, _nothing_changes)]
