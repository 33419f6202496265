"""Live chat: when the visitor left and read, and how far the team has read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0012_livechat"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="left_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="read_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="conversation",
            name="team_read",
            field=models.BigIntegerField(default=0),
        ),
    ]
