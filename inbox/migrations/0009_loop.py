"""Items and releases of trackers, and who is told what is out."""

import django.db.models.deletion
from django.db import migrations, models

from inbox.migrations._rebuilding import rebuilding


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0008_thread_state"),
    ]

    operations = rebuilding(
        migrations.AlterField(
            model_name="link",
            name="released_in",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=250)),
                ("kind", models.CharField(max_length=12)),
                ("place", models.CharField(max_length=200)),
                ("number", models.PositiveIntegerField()),
                ("url", models.CharField(max_length=500)),
                ("title", models.CharField(blank=True, max_length=250)),
                ("state", models.CharField(default="open", max_length=10)),
                ("reason", models.CharField(blank=True, max_length=20)),
                ("commit", models.CharField(blank=True, max_length=64)),
                ("base", models.CharField(blank=True, max_length=200)),
                ("head", models.CharField(blank=True, max_length=64)),
                ("draft", models.BooleanField(default=False)),
                ("backport_of", models.PositiveIntegerField(default=0)),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("asked_review_at", models.DateTimeField(blank=True, null=True)),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("trouble", models.CharField(blank=True, max_length=250)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="inbox.channel",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="link",
            name="item",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="links",
                to="inbox.item",
            ),
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.CharField(max_length=200)),
                ("tag", models.CharField(max_length=200)),
                ("name", models.CharField(blank=True, max_length=250)),
                ("url", models.CharField(blank=True, max_length=500)),
                ("prerelease", models.BooleanField(default=False)),
                ("draft", models.BooleanField(default=False)),
                ("gone", models.BooleanField(default=False)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.channel",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LoopNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.channel",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.contact",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="inbox.item",
                    ),
                ),
                (
                    "outgoing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice",
                        to="inbox.outgoing",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="inbox.ticket",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="inbox.release",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="item",
            name="released_in",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="items",
                to="inbox.release",
            ),
        ),
        migrations.CreateModel(
            name="Closing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.CharField(max_length=200)),
                ("number", models.PositiveIntegerField()),
                (
                    "pull",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="closings",
                        to="inbox.item",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["place", "number"], name="closing_of")],
                "constraints": [
                    models.UniqueConstraint(fields=("pull", "place", "number"), name="closing_once")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="release",
            constraint=models.UniqueConstraint(
                fields=("channel", "place", "tag"), name="release_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="loopnotice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("release__isnull", False)),
                fields=("release", "contact", "channel"),
                name="notice_once_per_release",
            ),
        ),
        migrations.AddConstraint(
            model_name="loopnotice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("release__isnull", True)),
                fields=("item", "contact", "channel"),
                name="notice_once_per_page",
            ),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="item_due"
            ),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["channel", "key"], name="item_key"),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(
                condition=models.Q(("draft", False), ("kind", "pull"), ("state", "open")),
                fields=["asked_review_at"],
                name="item_review_owed",
            ),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.UniqueConstraint(
                fields=("channel", "place", "number"), name="item_once_in_place"
            ),
        ),
    )
