"""Connections end and come back, and may be limited to teams and people."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0033_activities"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="disconnected_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="channel",
            name="limited",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="channel",
            name="people",
            field=models.ManyToManyField(
                blank=True, editable=False, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="revoke_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="channel",
            name="revoke_attempts",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="channel",
            name="revoke_error",
            field=models.CharField(blank=True, editable=False, max_length=250),
        ),
        migrations.AddField(
            model_name="channel",
            name="teams",
            field=models.ManyToManyField(
                blank=True, editable=False, related_name="+", to="inbox.team"
            ),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("revoke_at", None), ("disconnected_at__isnull", False), _connector="OR"
                ),
                name="channel_revoked_when_disconnected",
            ),
        ),
    ]
