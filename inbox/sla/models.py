"""SLA policies and the clocks that run on tickets."""

from django.db import models
from django.db.models import Q


class Unit(models.TextChoices):
    """How a promised time is counted."""

    MINUTES = "minutes", "Minutes"
    HOURS = "hours", "Hours"
    BUSINESS_MINUTES = "business_minutes", "Business minutes"
    BUSINESS_HOURS = "business_hours", "Business hours"
    BUSINESS_DAYS = "business_days", "Business days"


class Metric(models.TextChoices):
    """What is promised."""

    FIRST_RESPONSE = "first_response", "First response"
    NEXT_RESPONSE = "next_response", "Next response"
    ACKNOWLEDGE = "acknowledge", "Acknowledgement"
    UPDATE = "update", "Update owed"
    TEAM_RESPONSE = "team_response", "Team response"
    PROMISE = "promise", "Promise"


class Policy(models.Model):
    """What is promised for a ticket. Soft ones are targets and never count as breaches (S1)."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    soft = models.BooleanField(default=False)
    calendar = models.ForeignKey(
        "inbox.Calendar", on_delete=models.PROTECT, null=True, blank=True, related_name="policies"
    )
    first_response_amount = models.PositiveIntegerField(null=True, blank=True)
    first_response_unit = models.CharField(max_length=20, choices=Unit.choices, blank=True)
    next_response_amount = models.PositiveIntegerField(null=True, blank=True)
    next_response_unit = models.CharField(max_length=20, choices=Unit.choices, blank=True)
    # a softer clock of our own, from the moment when only the community has answered (S3)
    team_response_amount = models.PositiveIntegerField(null=True, blank=True)
    team_response_unit = models.CharField(max_length=20, choices=Unit.choices, blank=True)
    update_amount = models.PositiveIntegerField(null=True, blank=True)
    update_unit = models.CharField(max_length=20, choices=Unit.choices, blank=True)
    acknowledge = models.CharField(
        max_length=30,
        blank=True,
        choices=[("end_of_next_business_day", "End of the next business day")],
    )
    warn_minutes = models.PositiveIntegerField(default=60)
    # Tickets of these categories and priorities take this policy, unless a rule or the source
    # group says otherwise. A policy that promises nothing is best effort (S20).
    categories = models.JSONField(default=list, blank=True)
    priorities = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.name or self.key


class ClockState(models.TextChoices):
    """Running and paused clocks are live; at most one per ticket and metric."""

    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    MET = "met", "Met"
    STOPPED = "stopped", "Stopped"


LIVE_CLOCK = (ClockState.RUNNING, ClockState.PAUSED)


class Clock(models.Model):
    """One promise on one ticket.

    `due_at` follows from (resumed_at, consumed_seconds, calendar version, amount): a pause keeps
    the consumed time (L18). The policy is a snapshot: editing it later changes no running clock.
    A promise is due at the moment that was promised. Past its due moment a hard clock is breached,
    a soft one only missed.
    """

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="clocks")
    metric = models.CharField(max_length=20, choices=Metric.choices)
    policy_key = models.CharField(max_length=50)
    soft = models.BooleanField(default=False)
    amount = models.PositiveIntegerField(default=0)
    unit = models.CharField(max_length=30)
    warn_minutes = models.PositiveIntegerField(default=0)
    calendar_version = models.ForeignKey(
        "inbox.CalendarVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    state = models.CharField(max_length=8, choices=ClockState.choices, default=ClockState.RUNNING)
    started_at = models.DateTimeField()
    resumed_at = models.DateTimeField()
    consumed_seconds = models.FloatField(default=0)
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    pause_reason = models.CharField(max_length=120, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    missed_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=10, blank=True)
    # what was promised, in the words that were written
    words = models.CharField(max_length=200, blank=True)
    # every stretch in which it stood still: [[from, to, why], …]
    pauses = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "metric"],
                name="clock_one_live_per_metric",
                condition=Q(state__in=["running", "paused"]),
            ),
            models.CheckConstraint(
                name="clock_paused_has_time",
                condition=~Q(state="paused") | Q(paused_at__isnull=False),
            ),
            models.CheckConstraint(
                name="clock_soft_is_never_breached",
                condition=Q(soft=False) | Q(breached_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="clock_due",
                condition=Q(state="running", breached_at__isnull=True, missed_at__isnull=True),
            ),
            models.Index(
                fields=["warn_at"],
                name="clock_warn",
                condition=Q(state="running", warned_at__isnull=True),
            ),
            models.Index(
                fields=["due_at"],
                name="clock_escalation",
                condition=Q(state="running", escalated_at__isnull=True),
            ),
            # what is usual: the newest first answers under a policy
            models.Index(
                fields=["policy_key", "-met_at"],
                name="clock_first_answers",
                condition=Q(metric="first_response", state="met", answered_by="team"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} of #{self.ticket_id}: {self.state}"

    @property
    def is_live(self) -> bool:
        """Whether it still runs or only stands still."""
        return self.state in LIVE_CLOCK
