"""Search by documents: analysed words, their full-text index, the vocabulary, error fingerprints."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

POSTGRES = (
    "ALTER TABLE inbox_searchdoc ADD COLUMN tsv tsvector GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED",
    "CREATE INDEX inbox_searchdoc_tsv ON inbox_searchdoc USING gin (tsv)",
    "DROP INDEX inbox_message_search",
)
POSTGRES_BACK = (
    "CREATE INDEX inbox_message_search ON inbox_message USING gin (to_tsvector('simple', search_text))",
    "DROP INDEX inbox_searchdoc_tsv",
    "ALTER TABLE inbox_searchdoc DROP COLUMN tsv",
)


def _triggers(table: str, fts: str, column: str) -> tuple[str, ...]:
    """What keeps an FTS5 table beside its content."""
    put = f"INSERT INTO {fts}(rowid, {column}) VALUES (new.id, new.{column}); "
    take = f"INSERT INTO {fts}({fts}, rowid, {column}) VALUES ('delete', old.id, old.{column}); "
    return (
        f"CREATE TRIGGER {fts}_insert AFTER INSERT ON {table} BEGIN {put}END",
        f"CREATE TRIGGER {fts}_delete AFTER DELETE ON {table} BEGIN {take}END",
        f"CREATE TRIGGER {fts}_update AFTER UPDATE OF {column} ON {table} BEGIN {take}{put}END",
    )


def _gone(fts: str) -> tuple[str, ...]:
    kinds = ("insert", "delete", "update")
    return (*(f"DROP TRIGGER {fts}_{kind}" for kind in kinds), f"DROP TABLE {fts}")


# the words are folded already: the tokenizer must leave them as they are
SQLITE = (
    "CREATE VIRTUAL TABLE inbox_searchindex USING fts5(words, content='inbox_searchdoc', "
    "content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
    *_triggers("inbox_searchdoc", "inbox_searchindex", "words"),
    *_gone("inbox_search"),
)
SQLITE_BACK = (
    "CREATE VIRTUAL TABLE inbox_search USING fts5(search_text, content='inbox_message', content_rowid='id')",
    "INSERT INTO inbox_search(rowid, search_text) SELECT id, search_text FROM inbox_message",
    *_triggers("inbox_message", "inbox_search", "search_text"),
    *_gone("inbox_searchindex"),
)


def _create(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for sql in POSTGRES if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(sql)


def _drop(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    for sql in POSTGRES_BACK if editor.connection.vendor == "postgresql" else SQLITE_BACK:
        editor.execute(sql)


class Migration(migrations.Migration):
    """Existing rows are indexed by the sweep, a batch at a time."""

    dependencies = [
        ("inbox", "0015_macros"),
    ]

    operations = [
        migrations.CreateModel(
            name="Fingerprint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=16, unique=True)),
                ("kind", models.CharField(max_length=12)),
                ("words", models.CharField(max_length=200)),
                ("first_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=20, unique=True)),
                ("value", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Word",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.CharField(max_length=32, unique=True)),
                ("stem", models.CharField(db_index=True, max_length=32)),
                ("n", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Spelling",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=32)),
                ("word", models.CharField(max_length=32)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("key", "word"), name="spelling_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Occurrence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "fingerprint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="occurrences",
                        to="inbox.fingerprint",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.message",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="occurrences",
                        to="inbox.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["fingerprint", "at"], name="occurrence_when")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("fingerprint", "message"), name="occurrence_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchDoc",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", models.TextField(blank=True)),
                ("weight", models.PositiveSmallIntegerField(default=100)),
                (
                    "message",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="search_doc",
                        to="inbox.message",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.ticket",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("message__isnull", True)),
                        fields=("ticket",),
                        name="search_facts_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Spike",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("release", models.CharField(max_length=200)),
                ("before", models.PositiveIntegerField()),
                ("after", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "fingerprint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spikes",
                        to="inbox.fingerprint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("fingerprint", "release"), name="spike_once")
                ],
            },
        ),
        migrations.RunPython(_create, _drop),
    ]
