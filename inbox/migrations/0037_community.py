"""Community: deeds and what they add up to, nominations, referrals, topics for office hours."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0036_playbooks"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("asked", "Asked"),
                            ("answered", "Answered others"),
                            ("credited", "Marked as solution"),
                            ("reported", "Reported an issue"),
                            ("proposed", "Opened a pull request"),
                            ("merged", "Merged a pull request"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Engagement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("score", models.FloatField()),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("asking", "Asking"),
                            ("helping", "Helping"),
                            ("regular", "Regular"),
                            ("candidate", "Champion candidate"),
                        ],
                        max_length=10,
                    ),
                ),
                ("parts", models.JSONField(default=list)),
                ("deeds", models.PositiveIntegerField()),
                ("first_at", models.DateTimeField()),
                ("counted_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LiveTopic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("done", "Talked about"),
                            ("dropped", "Not needed any more"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Nomination",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=250)),
                ("at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("declined_because", models.CharField(blank=True, max_length=250)),
                ("quiet_until", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Referral",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("area", models.CharField(blank=True, max_length=60)),
                ("reason", models.CharField(max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("seen", "Seen"),
                            ("planned", "Planned"),
                            ("done", "Done"),
                        ],
                        default="new",
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="contact",
            name="alias",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="contact",
            name="counted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("counted_at__isnull", True)),
                fields=["id"],
                name="contact_uncounted",
            ),
        ),
        migrations.AddField(
            model_name="deed",
            name="identity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deeds",
                to="inbox.identity",
            ),
        ),
        migrations.AddField(
            model_name="deed",
            name="message",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="inbox.message",
            ),
        ),
        migrations.AddField(
            model_name="deed",
            name="ticket",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deeds",
                to="inbox.ticket",
            ),
        ),
        migrations.AddField(
            model_name="engagement",
            name="contact",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="engagement",
                to="inbox.contact",
            ),
        ),
        migrations.AddField(
            model_name="livetopic",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="livetopic",
            name="ticket",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="live_topic",
                to="inbox.ticket",
            ),
        ),
        migrations.AddField(
            model_name="nomination",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="nomination",
            name="contact",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="nominations",
                to="inbox.contact",
            ),
        ),
        migrations.AddField(
            model_name="nomination",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="referral",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="referral",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="referrals",
                to="inbox.ticket",
            ),
        ),
        migrations.AddIndex(
            model_name="deed",
            index=models.Index(fields=["kind", "-at"], name="deed_of_kind"),
        ),
        migrations.AddIndex(
            model_name="deed",
            index=models.Index(fields=["identity", "-at", "-id"], name="deed_newest"),
        ),
        migrations.AddConstraint(
            model_name="deed",
            constraint=models.UniqueConstraint(
                fields=("identity", "kind", "ticket"), name="deed_once"
            ),
        ),
        migrations.AddIndex(
            model_name="engagement",
            index=models.Index(fields=["-first_at"], name="engagement_first"),
        ),
        migrations.AddIndex(
            model_name="engagement",
            index=models.Index(
                condition=models.Q(("score__gt", 0)), fields=["counted_at"], name="engagement_ages"
            ),
        ),
        migrations.AddIndex(
            model_name="livetopic",
            index=models.Index(fields=["state", "-at"], name="live_topic_newest"),
        ),
        migrations.AddConstraint(
            model_name="nomination",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")), fields=("contact",), name="nominated_once"
            ),
        ),
        migrations.AddIndex(
            model_name="referral",
            index=models.Index(fields=["state", "-at", "-id"], name="referral_newest"),
        ),
        migrations.AddConstraint(
            model_name="referral",
            constraint=models.UniqueConstraint(
                fields=("ticket", "area"), name="referral_once_per_area"
            ),
        ),
    ]
