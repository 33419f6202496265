"""Who has a conversation at another desk, and notes that come before their conversation."""

import django.db.models.deletion
from django.db import migrations, models

from inbox.migrations._rebuilding import rebuilding


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0029_message_words"),
    ]

    operations = [
        *rebuilding(
            migrations.AddField(
                model_name="thread",
                name="assignee_key",
                field=models.CharField(blank=True, max_length=255),
            ),
        ),
        migrations.CreateModel(
            name="LateNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("realm", models.CharField(max_length=100)),
                ("thread_key", models.CharField(max_length=250)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.delivery",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("realm", "thread_key", "delivery"), name="late_note_once"
                    )
                ],
            },
        ),
    ]
