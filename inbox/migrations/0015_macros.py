"""Macros, and the index by which usual first answers are found."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0014_visitor_proof"),
    ]

    operations = [
        migrations.CreateModel(
            name="Macro",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("text", models.TextField(blank=True)),
                ("actions", models.JSONField(blank=True, default=list)),
                (
                    "seen_by",
                    models.CharField(
                        choices=[
                            ("everybody", "Everybody"),
                            ("team", "One team"),
                            ("owner", "Only its owner"),
                        ],
                        default="everybody",
                        max_length=10,
                    ),
                ),
                ("channels", models.JSONField(blank=True, default=list)),
                ("categories", models.JSONField(blank=True, default=list)),
                ("order", models.PositiveIntegerField(default=100)),
                ("enabled", models.BooleanField(default=True, verbose_name="on")),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["order", "name", "pk"],
            },
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(
                    ("answered_by", "team"), ("metric", "first_response"), ("state", "met")
                ),
                fields=["policy_key", "-met_at"],
                name="clock_first_answers",
            ),
        ),
        migrations.AddField(
            model_name="macro",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="macro",
            name="team",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to="inbox.team"
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("owner", None), ("seen_by", "everybody"), ("team", None)),
                    models.Q(("owner", None), ("seen_by", "team"), ("team__isnull", False)),
                    models.Q(("owner__isnull", False), ("seen_by", "owner"), ("team", None)),
                    _connector="OR",
                ),
                name="macro_names_who_sees_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="macro",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("text", ""), _negated=True),
                    models.Q(("actions", []), _negated=True),
                    _connector="OR",
                ),
                name="macro_does_something",
            ),
        ),
    ]
