"""People: activities, tags and levels from lists, and files read piece by piece."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0032_rule_drafts"),
    ]

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=20)),
                ("source_key", models.CharField(max_length=250, unique=True)),
                ("kind", models.CharField(blank=True, max_length=60)),
                ("title", models.CharField(max_length=250)),
                ("url", models.URLField(blank=True, max_length=500)),
                ("at", models.DateTimeField()),
                ("also", models.JSONField(default=list)),
            ],
            options={
                "verbose_name_plural": "activities",
            },
        ),
        migrations.CreateModel(
            name="PeopleImportRow",
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
                            ("person", "Person"),
                            ("account", "Account"),
                            ("activity", "Activity"),
                            ("bad", "Cannot be taken in"),
                            ("left", "Left out on purpose"),
                            ("met", "Whose a key of the list would be"),
                        ],
                        max_length=8,
                    ),
                ),
                ("key", models.CharField(max_length=250)),
                ("data", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="Trait",
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
                        choices=[("tag", "Tag"), ("level", "Level"), ("seen", "Last active")],
                        max_length=5,
                    ),
                ),
                ("value", models.CharField(max_length=60)),
                ("source", models.CharField(blank=True, max_length=20)),
            ],
        ),
        migrations.RemoveIndex(
            model_name="peopleimport",
            name="import_busy",
        ),
        migrations.AddField(
            model_name="peopleimport",
            name="cursor",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="peopleimport",
            name="doings",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="peopleimport",
            name="examples",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="peopleimport",
            name="files",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="peopleimport",
            name="folder",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="peopleimport",
            name="source",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="takenline",
            name="claims",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="takenline",
            name="proposal_ids",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="takenline",
            name="trait_ids",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="peopleimport",
            name="state",
            field=models.CharField(
                choices=[
                    ("reading", "Being read"),
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
        migrations.AddIndex(
            model_name="peopleimport",
            index=models.Index(
                condition=models.Q(("state__in", ["reading", "checking", "running", "undoing"])),
                fields=["id"],
                name="import_busy",
            ),
        ),
        migrations.AddField(
            model_name="activity",
            name="identity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="activities",
                to="inbox.identity",
            ),
        ),
        migrations.AddField(
            model_name="activity",
            name="run",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="activities",
                to="inbox.peopleimport",
            ),
        ),
        migrations.AddField(
            model_name="peopleimportrow",
            name="of",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="read",
                to="inbox.peopleimport",
            ),
        ),
        migrations.AddField(
            model_name="trait",
            name="contact",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="traits",
                to="inbox.contact",
            ),
        ),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(fields=["identity", "-at", "-id"], name="activity_newest"),
        ),
        migrations.AddIndex(
            model_name="peopleimportrow",
            index=models.Index(fields=["of", "kind", "id"], name="import_row_order"),
        ),
        migrations.AddConstraint(
            model_name="peopleimportrow",
            constraint=models.UniqueConstraint(
                fields=("of", "kind", "key"), name="import_row_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="trait",
            constraint=models.UniqueConstraint(
                fields=("contact", "kind", "source", "value"), name="trait_once"
            ),
        ),
    ]
