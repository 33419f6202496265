"""How a conversation stands at the vendor: closed or not, when that was said, its labels."""

from django.db import migrations, models

from inbox.migrations._rebuilding import rebuilding


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0007_forums"),
    ]

    operations = rebuilding(
        migrations.AddField(
            model_name="thread",
            name="is_closed",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="thread",
            name="labels",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="thread",
            name="state_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    )
