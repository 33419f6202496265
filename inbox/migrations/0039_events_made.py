"""What the clockwork made of a series, and when it looks at one again."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0038_quotes"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="made_as",
            field=models.JSONField(blank=True, default=dict, editable=False),
        ),
        migrations.AddField(
            model_name="event",
            name="slot",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="series",
            name="look_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="series",
            name="minutes",
            field=models.PositiveSmallIntegerField(
                default=60, validators=[django.core.validators.MinValueValidator(1)]
            ),
        ),
        migrations.AlterField(
            model_name="series",
            name="time",
            field=models.CharField(
                default="17:00",
                max_length=5,
                validators=[
                    django.core.validators.RegexValidator(
                        "^([01][0-9]|2[0-3]):[0-5][0-9]$", "Write it like 17:00."
                    )
                ],
            ),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(fields=("series", "slot"), name="event_once_a_slot"),
        ),
    ]
