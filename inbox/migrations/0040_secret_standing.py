"""Secrets: when their source is looked at again, and what takes them away there."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0039_events_made"),
    ]

    operations = [
        migrations.AddField(
            model_name="secret",
            name="look_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="secret",
            name="look_error",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="secret",
            name="looked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="secret",
            name="tidying",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="inbox.outgoing",
            ),
        ),
        migrations.AddIndex(
            model_name="secret",
            index=models.Index(
                condition=models.Q(("look_at__isnull", False)),
                fields=["look_at"],
                name="secret_to_look_at",
            ),
        ),
    ]
