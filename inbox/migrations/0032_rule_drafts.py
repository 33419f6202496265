"""Drafts that a rule wrote: nobody's, shown to everybody who sees the ticket."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0031_history")]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="label",
            field=models.CharField(blank=True, default="", max_length=150),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="draft",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="drafts",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("user", None)),
                fields=("ticket", "label"),
                name="draft_once_a_rule",
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.CheckConstraint(
                condition=models.Q(("user__isnull", False), ("shared", True), _connector="OR"),
                name="draft_of_nobody_is_shared",
            ),
        ),
    ]
