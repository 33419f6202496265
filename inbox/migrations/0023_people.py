"""People: champions with reasons, notes, merges as a forest, proposals, lists taken in and out."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0022_webhooks"),
    ]

    operations = [
        migrations.DeleteModel(
            name="ContactMerge",
        ),
        migrations.AddField(
            model_name="contact",
            name="last_heard_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="contact",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="merged_from",
                to="inbox.contact",
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="root",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="whole",
                to="inbox.contact",
            ),
        ),
        migrations.AddField(
            model_name="identity",
            name="email",
            field=models.CharField(blank=True, max_length=250),
        ),
        migrations.AddField(
            model_name="identity",
            name="heard_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="identity",
            name="home",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="inbox.contact",
            ),
        ),
        migrations.AddField(
            model_name="identity",
            name="looked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", True)),
                fields=["-last_heard_at", "-id"],
                name="contact_heard",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", True), ("champion", True)),
                fields=["-last_heard_at", "-id"],
                name="contact_champion",
            ),
        ),
        migrations.AddIndex(
            model_name="identity",
            index=models.Index(
                condition=models.Q(("looked_at__isnull", True)),
                fields=["id"],
                name="identity_unlooked",
            ),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_into", None), ("root", None)),
                    models.Q(("merged_into__isnull", False), ("root__isnull", False)),
                    _connector="OR",
                ),
                name="contact_merged_has_root",
            ),
        ),
        migrations.CreateModel(
            name="Championship",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=250)),
                ("since", models.DateField()),
                ("evidence_url", models.URLField(blank=True, max_length=500)),
                ("named_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="honours",
                        to="inbox.contact",
                    ),
                ),
                (
                    "named_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("contact",),
                        name="champion_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ContactNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
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
                        related_name="notes",
                        to="inbox.contact",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IdentityKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("word", "A word of a name or handle"),
                            ("part", "A word of an address"),
                            ("address", "A whole address"),
                            ("handle", "A handle, or what stands before the @"),
                            ("name", "A full name"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value", models.CharField(max_length=120)),
                ("backwards", models.CharField(blank=True, max_length=120)),
                (
                    "identity",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="keys",
                        to="inbox.identity",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["kind", "value"],
                        name="key_value",
                        opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
                    ),
                    models.Index(
                        condition=models.Q(("backwards", ""), _negated=True),
                        fields=["kind", "backwards"],
                        name="key_backwards",
                        opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("identity", "kind", "value"), name="key_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PeopleExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("people", models.PositiveIntegerField()),
                ("about", models.CharField(blank=True, max_length=250)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="PeopleImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("filename", models.CharField(max_length=200)),
                ("encoding", models.CharField(max_length=12)),
                ("delimiter", models.CharField(max_length=1)),
                ("header", models.JSONField(default=list)),
                ("mapping", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("mapping", "Say which column is what"),
                            ("checking", "Being checked"),
                            ("checked", "Checked, nothing changed so far"),
                            ("running", "Being taken in"),
                            ("done", "Taken in"),
                            ("undoing", "Being taken back"),
                            ("undone", "Taken back"),
                        ],
                        default="mapping",
                        max_length=8,
                    ),
                ),
                ("skip_bad", models.BooleanField(default=False)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("position", models.PositiveIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("errors", models.JSONField(default=list)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["checking", "running", "undoing"])),
                        fields=["id"],
                        name="import_busy",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PeopleImportText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                (
                    "of",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kept",
                        to="inbox.peopleimport",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20)),
                ("at", models.DateTimeField()),
                ("actor_label", models.CharField(max_length=150)),
                ("data", models.JSONField(blank=True, default=dict)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
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
                        related_name="events",
                        to="inbox.contact",
                    ),
                ),
                (
                    "identity",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="inbox.identity",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="inbox.contact",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("score", models.PositiveSmallIntegerField()),
                ("reasons", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("apart", "Different people")],
                        default="open",
                        max_length=5,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "one",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.identity",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.identity",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["-score", "id"],
                        name="proposal_open",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("one", "other"), name="proposal_once"),
                    models.CheckConstraint(
                        condition=models.Q(("one__lt", models.F("other"))), name="proposal_in_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TakenLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("is_new", models.BooleanField(default=False)),
                ("identity_ids", models.JSONField(default=list)),
                ("filled", models.JSONField(default=dict)),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.contact",
                    ),
                ),
                (
                    "honour",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="inbox.championship",
                    ),
                ),
                (
                    "note",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="inbox.contactnote",
                    ),
                ),
                (
                    "of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taken",
                        to="inbox.peopleimport",
                    ),
                ),
            ],
        ),
        # what was there before: heard when they came, champions without a reason, one note
        migrations.RunSQL(
            "UPDATE inbox_contact SET last_heard_at = created_at", migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            "INSERT INTO inbox_championship (contact_id, reason, since, evidence_url, named_at) "
            "SELECT id, 'Named before reasons were kept', DATE(created_at), '', created_at FROM inbox_contact WHERE champion",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "INSERT INTO inbox_contactnote (contact_id, text, at) SELECT id, notes, created_at FROM inbox_contact WHERE notes <> ''",
            "UPDATE inbox_contact SET notes = COALESCE((SELECT MIN(text) FROM inbox_contactnote n WHERE n.contact_id = inbox_contact.id), '')",
        ),
        migrations.RemoveField(
            model_name="contact",
            name="notes",
        ),
    ]
