"""Privacy: erasures, what a retention took, the signing key; what left may be emptied.

A queued row still never changes what it sends. One that is done with may lose its words for good:
then its payload says `erased`.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import inbox.common.crypto

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
ENDED = (
    "(NEW.state IN ('sent', 'failed') AND NEW.channel_id = OLD.channel_id"
    " AND COALESCE(NEW.ticket_id, 0) = COALESCE(OLD.ticket_id, 0)"
    " AND COALESCE(NEW.message_id, 0) = COALESCE(OLD.message_id, 0) AND {erased})"
)
ERASED = {
    "postgresql": "COALESCE(NEW.payload ->> 'erased', '') = 'true'",
    "sqlite": "COALESCE(json_extract(NEW.payload, '$.erased'), 0) = 1",
}


def _may_be_erased(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    erased = ENDED.format(erased=ERASED[editor.connection.vendor])
    _forbid(editor, f"{CHANGED} AND NOT {UNSAID} AND NOT {erased}")


def _only_drafts_change(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    _forbid(editor, f"{CHANGED} AND NOT {UNSAID}")


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
    dependencies = [
        ("inbox", "0020_audit"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["done", "ignored", "unknown"]),
                    models.Q(("body", b""), _negated=True),
                ),
                fields=["id"],
                name="delivery_raw",
            ),
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("counts", models.JSONField(blank=True, default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="erasures",
                        to="inbox.contact",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", True)),
                        fields=("contact",),
                        name="erasure_one_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Expiry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("files_at", models.DateTimeField(blank=True, null=True)),
                ("texts_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="expiry",
                        to="inbox.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "expiries",
            },
        ),
        migrations.CreateModel(
            name="RetentionRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True)),
                ("started_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("reached", models.JSONField(default=dict)),
                ("counts", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField(unique=True)),
                ("key", inbox.common.crypto.EncryptedTextField()),
            ],
        ),
        migrations.RunPython(_may_be_erased, _only_drafts_change),
    ]
