"""The audit log, which the database itself keeps from being changed."""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

TABLE, NAME, WORDS = "inbox_auditentry", "audit_is_append_only", "the audit log is append-only"


def _lock(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(
            f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'check_violation'; END $$"
        )
        editor.execute(
            f"CREATE TRIGGER {NAME} BEFORE UPDATE OR DELETE ON {TABLE} "
            f"FOR EACH ROW EXECUTE FUNCTION {NAME}()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        editor.execute(
            f"CREATE TRIGGER {NAME}_{verb.lower()} BEFORE {verb} ON {TABLE} FOR EACH ROW "
            f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        )


def _unlock(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP TRIGGER {NAME} ON {TABLE}")
        editor.execute(f"DROP FUNCTION {NAME}()")
        return
    for verb in ("update", "delete"):
        editor.execute(f"DROP TRIGGER {NAME}_{verb}")


class Migration(migrations.Migration):
    dependencies = [("inbox", "0019_signin")]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True)),
                ("user_pk", models.BigIntegerField(blank=True, null=True)),
                ("actor", models.CharField(max_length=150)),
                ("what", models.CharField(max_length=60)),
                ("target", models.CharField(blank=True, max_length=250)),
                ("old", models.JSONField(blank=True, null=True)),
                ("new", models.JSONField(blank=True, null=True)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("previous", models.CharField(blank=True, max_length=64)),
                ("seal", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "indexes": [
                    models.Index(fields=["actor", "-number"], name="audit_actor"),
                    models.Index(fields=["what", "-number"], name="audit_what"),
                ],
            },
        ),
        migrations.RunPython(_lock, _unlock),
    ]
