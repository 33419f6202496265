"""Forums: edits, reactions and deletions, lanes of outgoing rows, files at the vendor, mirrors."""

import django.db.models.deletion
from django.db import migrations, models

from inbox.migrations._rebuilding import rebuilding


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0006_time_and_duty"),
    ]

    operations = rebuilding(
        migrations.CreateModel(
            name="Fetch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=1000)),
                ("state", models.CharField(default="pending", max_length=10)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField()),
                ("error", models.CharField(blank=True, max_length=250)),
            ],
        ),
        migrations.CreateModel(
            name="MirrorCard",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("support", "Asking the team"),
                            ("triage", "Triage cards"),
                            ("bridge", "Live-chat bridge"),
                            ("announce", "Announcements"),
                        ],
                        max_length=10,
                    ),
                ),
                ("place", models.CharField(max_length=120)),
                ("shown", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="MirrorTarget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("support", "Asking the team"),
                            ("triage", "Triage cards"),
                            ("bridge", "Live-chat bridge"),
                            ("announce", "Announcements"),
                        ],
                        max_length=10,
                    ),
                ),
                ("place", models.CharField(max_length=120)),
                ("topic", models.CharField(blank=True, max_length=120)),
                ("mention", models.CharField(blank=True, max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name="Reaction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("realm", models.CharField(max_length=100)),
                ("message_key", models.CharField(max_length=250)),
                ("emoji", models.CharField(max_length=80)),
                ("active", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("realm", models.CharField(max_length=100)),
                ("message_key", models.CharField(max_length=250)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="attachment",
            name="is_missing",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="attachment",
            name="missing_reason",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="message",
            name="version",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="outgoing",
            name="lane",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddIndex(
            model_name="outgoing",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["queued", "sending", "uncertain"]),
                    models.Q(("lane", ""), _negated=True),
                ),
                fields=["lane", "id"],
                name="outgoing_lane",
            ),
        ),
        migrations.AddField(
            model_name="fetch",
            name="attachment",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, to="inbox.attachment"
            ),
        ),
        migrations.AddField(
            model_name="fetch",
            name="channel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.channel"
            ),
        ),
        migrations.AddField(
            model_name="mirrorcard",
            name="channel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="inbox.channel"
            ),
        ),
        migrations.AddField(
            model_name="mirrorcard",
            name="outgoing",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="card",
                to="inbox.outgoing",
            ),
        ),
        migrations.AddField(
            model_name="mirrorcard",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="cards", to="inbox.ticket"
            ),
        ),
        migrations.AddField(
            model_name="mirrortarget",
            name="channel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mirrors",
                to="inbox.channel",
            ),
        ),
        migrations.AddField(
            model_name="reaction",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inbox.identity"
            ),
        ),
        migrations.AddConstraint(
            model_name="tombstone",
            constraint=models.UniqueConstraint(
                fields=("realm", "message_key"), name="tombstone_once"
            ),
        ),
        migrations.AddIndex(
            model_name="fetch",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["not_before"], name="fetch_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="mirrorcard",
            constraint=models.UniqueConstraint(
                fields=("ticket", "channel", "purpose"), name="mirror_card_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="mirrortarget",
            constraint=models.UniqueConstraint(
                fields=("channel", "purpose", "topic"), name="mirror_once_per_topic"
            ),
        ),
        migrations.AddConstraint(
            model_name="reaction",
            constraint=models.UniqueConstraint(
                fields=("realm", "message_key", "emoji", "author"), name="reaction_once"
            ),
        ),
    )
