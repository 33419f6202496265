"""Figures are kept by days, weeks, months and years; the job counts all of them anew."""

from django.db import migrations, models

ANEW = (
    "DELETE FROM inbox_reportfact",
    "UPDATE inbox_reportprogress SET built_to = 0, is_building = (1 = 1)",
)


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0027_person_jobs"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportSum",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("dim", models.CharField(blank=True, max_length=8)),
                ("kind", models.CharField(max_length=8)),
                ("span", models.CharField(max_length=5)),
                ("first", models.DateField()),
                ("value", models.CharField(blank=True, max_length=120)),
                ("label", models.CharField(blank=True, max_length=20)),
                ("scope", models.IntegerField(default=0)),
                ("n", models.IntegerField()),
                ("seconds", models.BigIntegerField(default=0)),
                ("quarters", models.BinaryField(default=bytes)),
                ("marks", models.BinaryField(default=bytes)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dim", "kind", "span", "first", "value", "label", "scope"),
                        name="sum_once",
                    )
                ],
            },
        ),
        migrations.DeleteModel(name="ReportDay"),
        migrations.RunSQL(ANEW, ANEW),
    ]
