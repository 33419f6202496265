"""What search looks through stands in its documents; messages keep no second copy."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0028_report_sums"),
    ]

    operations = [
        migrations.RemoveField(model_name="message", name="search_text"),
    ]
