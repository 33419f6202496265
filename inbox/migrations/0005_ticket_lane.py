"""Whose turn it is, as a column that the database makes; the queue's groups are ranges of it."""

from django.db import migrations, models

from inbox.migrations._rebuilding import rebuilding


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0004_api_answers"),
    ]

    operations = rebuilding(
        migrations.RemoveIndex(
            model_name="ticket",
            name="ticket_live_due",
        ),
        migrations.AddField(
            model_name="ticket",
            name="lane",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(
                        models.Q(("status__in", ("open", "in_progress", "on_hold")), _negated=True),
                        then=models.Value(""),
                    ),
                    models.When(snoozed_until__isnull=False, then=models.Value("snoozed")),
                    models.When(
                        models.Q(
                            ("status", "open"),
                            models.Q(("status", "in_progress"), ("waiting_on", "research")),
                            _connector="OR",
                        ),
                        then=models.Value("us"),
                    ),
                    default=models.Value("wait"),
                ),
                output_field=models.CharField(max_length=8),
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("lane", ""), _negated=True),
                fields=["lane", "next_due_at", "number"],
                name="ticket_lane",
            ),
        ),
    )
