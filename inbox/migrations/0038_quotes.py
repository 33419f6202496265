"""Quotes with consent, interviews, and notes at directories."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# the words of a quote, and the steps of a consent, stand for ever; only an erasure masks a name
RULES = {
    "quote_is_verbatim": (
        "inbox_quote",
        "(NEW.text <> OLD.text AND NEW.text NOT LIKE '%[erased]%') OR NEW.identity_id <> OLD.identity_id OR COALESCE(NEW.message_id, OLD.message_id) <> OLD.message_id",
        "the words of a quote never change",
    ),
    "consent_is_append_only": (
        "inbox_consententry",
        "NEW.state <> OLD.state OR NEW.at <> OLD.at OR NEW.quote_id <> OLD.quote_id",
        "a step of a consent never changes",
    ),
}


def _create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for name, (table, forbidden, text) in RULES.items():
        if editor.connection.vendor == "postgresql":
            # a sign of the LIKE is none of the formatting: no parameters are given
            editor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {forbidden} THEN RAISE EXCEPTION '{text}' "
                "USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
                params=None,
            )
            editor.execute(
                f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
                params=None,
            )
        else:
            editor.execute(
                f"CREATE TRIGGER {name}_update BEFORE UPDATE ON {table} FOR EACH ROW "
                f"WHEN {forbidden} BEGIN SELECT RAISE(ABORT, '{text}'); END",
                params=None,
            )


def _drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for name, (table, _, _) in RULES.items():
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER {name} ON {table}")
            editor.execute(f"DROP FUNCTION {name}()")
        else:
            editor.execute(f"DROP TRIGGER {name}_update")


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0037_community"),
    ]

    operations = [
        migrations.CreateModel(
            name="Interview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("invited", "Invited"),
                            ("scheduled", "Scheduled"),
                            ("held", "Held"),
                            ("declined", "Declined"),
                        ],
                        db_index=True,
                        default="invited",
                        max_length=10,
                    ),
                ),
                ("about", models.CharField(max_length=250)),
                ("is_story", models.BooleanField(default=False)),
                ("link", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("notes", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                (
                    "identity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interviews",
                        to="inbox.identity",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="interviews",
                        to="inbox.ticket",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Quote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("context", models.CharField(blank=True, max_length=250)),
                ("said_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("not_asked", "Not asked"),
                            ("asked", "Asked"),
                            ("attributed", "With name"),
                            ("blinded", "Blinded"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        db_index=True,
                        default="not_asked",
                        max_length=10,
                    ),
                ),
                ("state_at", models.DateTimeField()),
                ("credit", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
                (
                    "identity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotes",
                        to="inbox.identity",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="quotes",
                        to="inbox.message",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DirectoryNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person_key", models.CharField(max_length=100)),
                ("note_key", models.CharField(blank=True, max_length=100)),
                ("key", models.CharField(blank=True, max_length=100)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, max_length=250)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.channel",
                    ),
                ),
                (
                    "interview",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notes_elsewhere",
                        to="inbox.interview",
                    ),
                ),
                (
                    "quote",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notes_elsewhere",
                        to="inbox.quote",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsentEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("not_asked", "Not asked"),
                            ("asked", "Asked"),
                            ("attributed", "With name"),
                            ("blinded", "Blinded"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("words", models.CharField(blank=True, max_length=500)),
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
                    "evidence",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="inbox.message",
                    ),
                ),
                (
                    "quote",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="inbox.quote",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "consent entries",
            },
        ),
        migrations.AddConstraint(
            model_name="interview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["scheduled", "held"]), _negated=True),
                    ("at__isnull", False),
                    _connector="OR",
                ),
                name="interview_held_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="quote",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="quote_has_words"
            ),
        ),
        migrations.AddConstraint(
            model_name="directorynote",
            constraint=models.UniqueConstraint(
                fields=("channel", "quote"), name="directory_note_of_quote"
            ),
        ),
        migrations.AddConstraint(
            model_name="directorynote",
            constraint=models.UniqueConstraint(
                fields=("channel", "interview"), name="directory_note_of_interview"
            ),
        ),
        migrations.RunPython(_create, _drop),
    ]
