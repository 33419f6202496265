"""Live chat: proven addresses, what a visitor is asked first, one rating of each closing."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def ratings_get_a_table(apps: Any, schema_editor: Any) -> None:
    Conversation = apps.get_model("inbox", "Conversation")
    Rating = apps.get_model("inbox", "Rating")
    Conversation.objects.exclude(ended_at=None, rating=None).update(closings=1)
    Rating.objects.bulk_create(
        Rating(
            conversation=row,
            closing=1,
            score=min(max(row.rating, 1), 5),
            comment=row.rating_comment,
            rated_at=row.ended_at or row.created_at,
        )
        for row in Conversation.objects.exclude(rating=None).iterator()
    )


def the_newest_goes_back(apps: Any, schema_editor: Any) -> None:
    Rating = apps.get_model("inbox", "Rating")
    for row in Rating.objects.order_by("closing").select_related("conversation").iterator():
        row.conversation.rating, row.conversation.rating_comment = row.score, row.comment
        row.conversation.save(update_fields=["rating", "rating_comment"])


def confirmed_addresses_are_the_visitors(apps: Any, schema_editor: Any) -> None:
    Conversation = apps.get_model("inbox", "Conversation")
    Visitor = apps.get_model("inbox", "Visitor")
    rows = Conversation.objects.exclude(email_confirmed_at=None).order_by("pk")
    for visitor, email in rows.values_list("visitor", "email").iterator():
        Visitor.objects.filter(pk=visitor).update(confirmed_email=email.lower())


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0013_presence"),
    ]

    operations = [
        migrations.AddField(
            model_name="visitor",
            name="confirmed_email",
            field=models.CharField(blank=True, default="", max_length=250),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="conversation",
            name="referrer",
            field=models.CharField(blank=True, default="", max_length=500),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="conversation",
            name="topic",
            field=models.CharField(blank=True, default="", max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="conversation",
            name="closings",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="conversation",
            name="asked_closing",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="Rating",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("closing", models.PositiveIntegerField()),
                ("score", models.PositiveSmallIntegerField()),
                ("comment", models.TextField(blank=True)),
                ("rated_at", models.DateTimeField()),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ratings",
                        to="inbox.conversation",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="rating",
            constraint=models.UniqueConstraint(
                fields=("conversation", "closing"), name="rating_once_per_closing"
            ),
        ),
        migrations.AddConstraint(
            model_name="rating",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__gte", 1), ("score__lte", 5)),
                name="rating_one_to_five",
            ),
        ),
        migrations.RunPython(ratings_get_a_table, the_newest_goes_back),
        migrations.RunPython(confirmed_addresses_are_the_visitors, migrations.RunPython.noop),
        migrations.RemoveField(model_name="conversation", name="rating"),
        migrations.RemoveField(model_name="conversation", name="rating_comment"),
    ]
