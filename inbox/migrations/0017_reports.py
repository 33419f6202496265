"""Facts of tickets, their sums per day, and what was touched since."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0016_search"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportProgress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("built_to", models.BigIntegerField(default=0)),
                ("is_building", models.BooleanField(default=True)),
                ("renewed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "state of the reports",
                "verbose_name_plural": "state of the reports",
            },
        ),
        migrations.CreateModel(
            name="ReportDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dim", models.CharField(blank=True, max_length=8)),
                ("kind", models.CharField(max_length=8)),
                ("day", models.DateField()),
                ("value", models.CharField(blank=True, max_length=120)),
                ("label", models.CharField(blank=True, max_length=20)),
                ("bucket", models.SmallIntegerField(default=0)),
                ("scope", models.IntegerField(default=0)),
                ("n", models.IntegerField()),
                ("seconds", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dim", "kind", "day", "value", "label", "bucket", "scope"),
                        name="day_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Touched",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        db_index=False,
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.ticket",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "touched",
            },
        ),
        migrations.CreateModel(
            name="ReportFact",
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
                            ("in", "Opened"),
                            ("back", "Reopened"),
                            ("out", "Ended"),
                            ("first", "First response"),
                            ("solved", "Resolution"),
                            ("kept", "SLA kept"),
                            ("missed", "SLA missed"),
                            ("state", "Time in a state"),
                            ("help", "Answer of the community"),
                            ("gap", "Docs gap"),
                        ],
                        max_length=8,
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=20)),
                ("at", models.DateTimeField()),
                ("seconds", models.BigIntegerField(default=0)),
                ("bucket", models.SmallIntegerField(default=0)),
                ("channel", models.IntegerField()),
                ("category", models.CharField(blank=True, max_length=120)),
                ("person", models.IntegerField(default=0)),
                ("team", models.IntegerField(default=0)),
                ("priority", models.CharField(max_length=8)),
                ("scope", models.IntegerField(default=0)),
                (
                    "ticket",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.ticket",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "at"], name="fact_in_time")],
            },
        ),
    ]
