"""Invites, providers to sign in with, and what people want to be told of."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import inbox.common.crypto

EVENTS = ("assigned", "mention", "warning", "breach", "cover", "other")
EVERYWHERE = ("browser", "mail", "chat")


def to_choices(apps: Any, editor: Any) -> None:
    """Who wanted mails goes on getting them."""
    User = apps.get_model("inbox", "User")
    for user in User.objects.filter(models.Q(mail_notices=True) | models.Q(mail_digests=True)):
        told = {name: list(EVERYWHERE) for name in EVENTS if user.mail_notices}
        if user.mail_digests:
            told["digest"] = list(EVERYWHERE)
        user.told = told
        user.save(update_fields=["told"])


def to_two_boxes(apps: Any, editor: Any) -> None:
    """The way back."""
    User = apps.get_model("inbox", "User")
    for user in User.objects.exclude(told={}):
        user.mail_digests = "mail" in user.told.get("digest", [])
        user.mail_notices = any("mail" in user.told.get(name, []) for name in EVENTS)
        user.save(update_fields=["mail_digests", "mail_notices"])


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0018_chat_opened"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="on_desk",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="user",
            name="last_seen_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="quiet_hours",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="user",
            name="single_keys",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="user",
            name="told",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.CreateModel(
            name="SignInProvider",
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
                            ("github", "GitHub"),
                            ("google", "Google"),
                            ("slack", "Slack"),
                            ("openid", "OpenID Connect"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.SlugField(max_length=40, unique=True)),
                ("label", models.CharField(max_length=40)),
                ("client_id", models.CharField(max_length=191)),
                ("secret", inbox.common.crypto.EncryptedTextField(blank=True)),
                ("issuer", models.URLField(blank=True)),
                ("domains", models.JSONField(blank=True, default=list)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Admin"),
                            ("agent", "Agent"),
                            ("light", "Light agent"),
                            ("viewer", "Viewer"),
                        ],
                        default="light",
                        max_length=10,
                    ),
                ),
                ("enabled", models.BooleanField(default=True, verbose_name="on")),
            ],
            options={
                "verbose_name": "sign-in provider",
                "ordering": ["label", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "github"), _negated=True),
                            ("key", "github"),
                            _connector="OR",
                        ),
                        name="provider_github_by_its_name",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "openid"), _negated=True),
                            models.Q(("issuer", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="provider_openid_has_an_issuer",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role", "admin"), _negated=True),
                        name="provider_never_makes_admins",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invite",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("admin", "Admin"),
                            ("agent", "Agent"),
                            ("light", "Light agent"),
                            ("viewer", "Viewer"),
                        ],
                        default="agent",
                        max_length=10,
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("teams", models.ManyToManyField(blank=True, related_name="+", to="inbox.team")),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invites",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("used_at__isnull", True), ("withdrawn_at__isnull", True)
                        ),
                        fields=("email",),
                        name="invite_once_open",
                    )
                ],
            },
        ),
        migrations.RunPython(to_choices, to_two_boxes),
        migrations.RemoveField(
            model_name="user",
            name="mail_digests",
        ),
        migrations.RemoveField(
            model_name="user",
            name="mail_notices",
        ),
    ]
