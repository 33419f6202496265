"""What no constraint of one table can say, said by triggers on both databases.

- no live clock on a ticket that has ended (L16)
- closed as "became issue" needs a link
- an internal message never has an outgoing row to a customer's thread
- a queued outgoing row never changes what it sends, or to whom
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

ENDED = "('closed', 'trashed', 'spam', 'merged')"
LIVE = "('running', 'paused')"

# name: (table, when, condition for which it is forbidden, the text)
RULES = {
    "clock_on_ended_ticket": (
        "inbox_clock",
        "INSERT OR UPDATE",
        f"NEW.state IN {LIVE} AND EXISTS (SELECT 1 FROM inbox_ticket t WHERE t.number = NEW.ticket_id AND t.status IN {ENDED})",
        "a live clock on a ticket that has ended",
    ),
    "ticket_ends_with_live_clock": (
        "inbox_ticket",
        "UPDATE",
        f"NEW.status IN {ENDED} AND EXISTS (SELECT 1 FROM inbox_clock c WHERE c.ticket_id = NEW.number AND c.state IN {LIVE})",
        "a ticket ended with a live clock",
    ),
    "ticket_issue_without_link": (
        "inbox_ticket",
        "UPDATE",
        "NEW.status = 'closed' AND NEW.resolution = 'became_issue' AND NOT EXISTS (SELECT 1 FROM inbox_link l WHERE l.ticket_id = NEW.number)",
        "closed as became_issue without a link",
    ),
    "outgoing_of_internal_message": (
        "inbox_outgoing",
        "INSERT",
        "NEW.message_id IS NOT NULL AND EXISTS (SELECT 1 FROM inbox_message m WHERE m.id = NEW.message_id AND m.visibility <> 'public')",
        "an internal message must not leave",
    ),
    "outgoing_is_a_snapshot": (
        "inbox_outgoing",
        "UPDATE",
        "CAST(NEW.payload AS text) <> CAST(OLD.payload AS text) OR NEW.idempotency_key <> OLD.idempotency_key OR NEW.channel_id <> OLD.channel_id OR NEW.ticket_id <> OLD.ticket_id OR COALESCE(NEW.message_id, 0) <> COALESCE(OLD.message_id, 0)",
        "an outgoing row is immutable once queued",
    ),
}


def _create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    make = _postgres if editor.connection.vendor == "postgresql" else _sqlite
    for name, rule in RULES.items():
        for sql in make(name, *rule):
            editor.execute(sql)


def _postgres(name: str, table: str, when: str, forbidden: str, text: str) -> list[str]:
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {forbidden} THEN RAISE EXCEPTION '{text}' USING ERRCODE = 'check_violation'; END IF; "
        "RETURN NEW; END $$",
        f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _sqlite(name: str, table: str, when: str, forbidden: str, text: str) -> list[str]:
    return [
        f"CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON {table} FOR EACH ROW "
        f"WHEN {forbidden} BEGIN SELECT RAISE(ABORT, '{text}'); END"
        for verb in when.split(" OR ")
    ]


def _drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for name, (table, when, _, _) in RULES.items():
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER {name} ON {table}")
            editor.execute(f"DROP FUNCTION {name}()")
        else:
            for verb in when.split(" OR "):
                editor.execute(f"DROP TRIGGER {name}_{verb.lower()}")


class Migration(migrations.Migration):
    """Triggers; reversible."""

    dependencies = [("inbox", "0001_initial")]
    operations = [migrations.RunPython(_create, _drop)]
