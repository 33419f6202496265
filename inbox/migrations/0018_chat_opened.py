"""Live chat: an open page is told when its chat was opened again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("inbox", "0017_reports")]

    operations = [
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("message", "Message"),
                    ("changed", "Message changed"),
                    ("closed", "Closed"),
                    ("opened", "Opened again"),
                ],
                max_length=8,
            ),
        ),
    ]
