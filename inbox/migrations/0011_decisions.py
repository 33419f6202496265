"""The decisions of the product review are listed by their moment."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0010_drafts"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="ticketevent",
            index=models.Index(fields=["-at"], name="event_decided", condition=Q(kind="decided")),
        ),
    ]
