"""Time and duty: targets apart from breaches, rotations with stand-ins, follow-ups, notices."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F

from inbox.migrations._rebuilding import rebuilding


def _targets_are_missed(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    soft = apps.get_model("inbox", "Clock").objects.filter(soft=True, breached_at__isnull=False)
    soft.update(missed_at=F("breached_at"), breached_at=None)


def _targets_are_breached(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    soft = apps.get_model("inbox", "Clock").objects.filter(soft=True, missed_at__isnull=False)
    soft.update(breached_at=F("missed_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("inbox", "0005_ticket_lane"),
    ]

    operations = rebuilding(
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Digest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("half", models.CharField(max_length=8)),
                ("unanswered", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="FollowUp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.SlugField(unique=True)),
                ("label", models.CharField(blank=True, max_length=120)),
                ("channels", models.JSONField(blank=True, default=list)),
                ("steps", models.JSONField(default=list)),
                ("enabled", models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("shift_at", models.DateTimeField()),
                ("sheet", models.JSONField(default=dict)),
                ("words", models.CharField(blank=True, max_length=500)),
                ("written_at", models.DateTimeField(null=True)),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                ("address", models.CharField(blank=True, max_length=250)),
                ("kind", models.CharField(max_length=30)),
                ("text", models.CharField(max_length=300)),
                ("url", models.CharField(blank=True, max_length=200)),
                ("body", models.TextField(blank=True)),
                ("made_at", models.DateTimeField()),
                ("not_before", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PromiseOffer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", models.CharField(max_length=200)),
                ("due_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "Offered"),
                            ("promised", "Promised"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="offered",
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RosterShift",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=200)),
                ("email", models.CharField(blank=True, max_length=250)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("fetched_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RoundRobin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last_user_id", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SwapRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("is_cover", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Asked"),
                            ("taken", "Waits for approval"),
                            ("approved", "Approved"),
                            ("declined", "Declined"),
                            ("withdrawn", "Taken back"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
            ],
        ),
        migrations.AlterModelOptions(
            name="rotation",
            options={"ordering": ["pk"]},
        ),
        migrations.RemoveIndex(
            model_name="clock",
            name="clock_due",
        ),
        migrations.AddField(
            model_name="calendar",
            name="feed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="calendar",
            name="feed_error",
            field=models.CharField(blank=True, max_length=250),
        ),
        migrations.AddField(
            model_name="calendar",
            name="feed_url",
            field=models.URLField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="calendarversion",
            name="imported",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="clock",
            name="escalated_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="missed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="clock",
            name="words",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="delayedaction",
            name="why",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="policy",
            name="categories",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="policy",
            name="priorities",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AddField(
            model_name="policy",
            name="team_response_amount",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="policy",
            name="team_response_unit",
            field=models.CharField(
                blank=True,
                choices=[
                    ("minutes", "Minutes"),
                    ("hours", "Hours"),
                    ("business_minutes", "Business minutes"),
                    ("business_hours", "Business hours"),
                    ("business_days", "Business days"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="rotation",
            name="approver",
            field=models.ForeignKey(
                blank=True,
                help_text="Who says yes to swaps; without one a swap counts when somebody takes it.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="rotation",
            name="rests_when_closed",
            field=models.BooleanField(
                default=False, help_text="Nobody is on duty on days that the calendar calls closed."
            ),
        ),
        migrations.AddField(
            model_name="rotation",
            name="roster",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="rotations",
                to="inbox.channel",
            ),
        ),
        migrations.AddField(
            model_name="rotation",
            name="turn",
            field=models.CharField(
                choices=[("day", "A day"), ("week", "A week"), ("custom", "A number of days")],
                default="day",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="rotation",
            name="turn_days",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="ticket",
            name="answered_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ticket",
            name="asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="ticket",
            name="state_seconds",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="user",
            name="available",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="user",
            name="mail_digests",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="mail_notices",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="most_tickets",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="clock",
            name="metric",
            field=models.CharField(
                choices=[
                    ("first_response", "First response"),
                    ("next_response", "Next response"),
                    ("acknowledge", "Acknowledgement"),
                    ("update", "Update owed"),
                    ("team_response", "Team response"),
                    ("promise", "Promise"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="delayedaction",
            name="feature",
            field=models.CharField(max_length=80),
        ),
        migrations.AlterField(
            model_name="outgoing",
            name="ticket",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="outgoing",
                to="inbox.ticket",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(
                    ("breached_at__isnull", True), ("missed_at__isnull", True), ("state", "running")
                ),
                fields=["due_at"],
                name="clock_due",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("escalated_at__isnull", True), ("state", "running")),
                fields=["due_at"],
                name="clock_escalation",
            ),
        ),
        migrations.RunPython(_targets_are_missed, _targets_are_breached),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("soft", False), ("breached_at__isnull", True), _connector="OR"),
                name="clock_soft_is_never_breached",
            ),
        ),
        migrations.AddConstraint(
            model_name="rotation",
            constraint=models.CheckConstraint(
                condition=models.Q(("turn_days__gte", 1)), name="rotation_turn_lasts"
            ),
        ),
        migrations.AddField(
            model_name="absence",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="absences",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="digest",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="digests",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="acknowledged_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="incoming",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="outgoing",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="rotation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="handovers",
                to="inbox.rotation",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="ticket",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="inbox.ticket",
            ),
        ),
        migrations.AddField(
            model_name="notice",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="made_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="rotation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="overrides",
                to="inbox.rotation",
            ),
        ),
        migrations.AddField(
            model_name="override",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="promiseoffer",
            name="message",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="offer",
                to="inbox.message",
            ),
        ),
        migrations.AddField(
            model_name="promiseoffer",
            name="ticket",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="offers",
                to="inbox.ticket",
            ),
        ),
        migrations.AddField(
            model_name="promiseoffer",
            name="user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="rostershift",
            name="rotation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="shifts",
                to="inbox.rotation",
            ),
        ),
        migrations.AddField(
            model_name="rostershift",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="roundrobin",
            name="team",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, to="inbox.team"
            ),
        ),
        migrations.AddField(
            model_name="swaprequest",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="swaprequest",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="swaprequest",
            name="of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="swaprequest",
            name="override",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.SET_NULL, to="inbox.override"
            ),
        ),
        migrations.AddField(
            model_name="swaprequest",
            name="rotation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="swaps",
                to="inbox.rotation",
            ),
        ),
        migrations.AddField(
            model_name="swaprequest",
            name="taken_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="absence",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="absence_has_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="digest",
            constraint=models.UniqueConstraint(fields=("user", "day", "half"), name="digest_once"),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.UniqueConstraint(
                fields=("rotation", "shift_at"), name="handover_once"
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("told_at__isnull", True)),
                fields=["not_before"],
                name="notice_untold",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("read_at__isnull", True)),
                fields=["user", "-id"],
                name="notice_unread",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("user__isnull", False),
                    models.Q(("address", ""), _negated=True),
                    _connector="OR",
                ),
                name="notice_has_a_reader",
            ),
        ),
        migrations.AddConstraint(
            model_name="override",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="override_has_length",
            ),
        ),
        migrations.AddConstraint(
            model_name="swaprequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="swap_has_length"
            ),
        ),
    )
