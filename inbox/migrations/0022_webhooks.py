"""Outgoing webhooks; which processes are alive; since when a connection is not well."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import inbox.common.crypto
import inbox.webhooks.models


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0021_privacy"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="health_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=150, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(max_length=120)),
                ("url", models.URLField(max_length=500)),
                (
                    "secret",
                    inbox.common.crypto.EncryptedTextField(
                        default=inbox.webhooks.models.new_secret
                    ),
                ),
                ("old_secret", inbox.common.crypto.EncryptedTextField(blank=True)),
                ("old_until", models.DateTimeField(blank=True, null=True)),
                ("events", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[("on", "On"), ("paused", "Paused"), ("off", "Off")],
                        default="on",
                        max_length=8,
                    ),
                ),
                ("stopped_because", models.CharField(blank=True, max_length=250)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("failing_since", models.DateTimeField(blank=True, null=True)),
                ("rest_until", models.DateTimeField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("fence", models.PositiveBigIntegerField(default=0)),
                ("last_ok_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="inbox.team",
                    ),
                ),
            ],
            options={
                "ordering": ["label", "pk"],
            },
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "message_id",
                    models.CharField(
                        default=inbox.webhooks.models.new_id, max_length=40, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=30)),
                ("body", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waits"),
                            ("sent", "Arrived"),
                            ("failed", "Given up"),
                            ("dropped", "Not told"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField()),
                ("queued_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.CharField(blank=True, max_length=250)),
                (
                    "event",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.ticketevent",
                    ),
                ),
                (
                    "ticket",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="inbox.ticket",
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="inbox.webhook",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["webhook", "not_before", "id"],
                        name="webhook_event_open",
                    ),
                    models.Index(fields=["webhook", "-id"], name="webhook_event_log"),
                    models.Index(fields=["created_at"], name="webhook_event_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("webhook", "event"), name="webhook_event_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="WebhookAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("milliseconds", models.PositiveIntegerField(default=0)),
                ("answer", models.TextField(blank=True)),
                ("error", models.CharField(blank=True, max_length=250)),
                (
                    "row",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tries",
                        to="inbox.webhookevent",
                    ),
                ),
            ],
        ),
    ]
