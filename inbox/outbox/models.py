"""What leaves the house: one row per message per place, at most once."""

from django.db import models
from django.db.models import Q


class OutgoingState(models.TextChoices):
    """`uncertain` may have been sent and is looked up; `held` waits for a person."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    UNCERTAIN = "uncertain", "Uncertain"
    HELD = "held", "Held"


class HeldReason(models.TextChoices):
    """Why a person has to decide."""

    APPROVAL = "approval", "Waits for approval"
    UNCERTAIN = "uncertain", "May have been sent"


class Outgoing(models.Model):
    """A snapshot of what to send. Only its state may change once it is queued."""

    # none for what only staff get: invitations, digests, alerts
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.CASCADE, null=True, blank=True, related_name="outgoing"
    )
    thread = models.ForeignKey(
        "inbox.Thread", on_delete=models.PROTECT, null=True, blank=True, related_name="outgoing"
    )
    channel = models.ForeignKey("inbox.Channel", on_delete=models.PROTECT, related_name="outgoing")
    message = models.ForeignKey(
        "inbox.Message", on_delete=models.PROTECT, null=True, blank=True, related_name="outgoing"
    )
    # The message's visibility when it was queued; a trigger compares it with the message's own.
    visibility = models.CharField(max_length=8, default="public")
    kind = models.CharField(max_length=20)  # reply · auto_reply · forward · notice · issue
    payload = models.JSONField()
    idempotency_key = models.CharField(max_length=80, unique=True)
    # rows of one lane leave in their order; "" waits for nobody
    lane = models.CharField(max_length=120, blank=True)
    automatic = models.BooleanField(default=False)
    rule_key = models.CharField(max_length=80, blank=True)
    state = models.CharField(
        max_length=10, choices=OutgoingState.choices, default=OutgoingState.QUEUED
    )
    held_reason = models.CharField(max_length=10, choices=HeldReason.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    probes = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    fence = models.PositiveBigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    receipt = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "outgoing"
        constraints = [
            models.CheckConstraint(
                name="outgoing_never_internal", condition=Q(visibility="public")
            ),
            models.CheckConstraint(
                name="outgoing_held_has_reason", condition=~Q(state="held") | ~Q(held_reason="")
            ),
            models.UniqueConstraint(
                fields=["message", "channel"],
                name="outgoing_once_per_message",
                condition=Q(message__isnull=False, kind__in=["reply", "auto_reply"]),
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before", "id"],
                name="outgoing_open",
                condition=Q(state__in=["queued", "sending", "uncertain"]),
            ),
            models.Index(fields=["state", "-id"], name="outgoing_state"),
            models.Index(
                fields=["lane", "id"],
                name="outgoing_lane",
                condition=Q(state__in=["queued", "sending", "uncertain"]) & ~Q(lane=""),
            ),
        ]

    def __str__(self) -> str:
        return f"Outgoing {self.pk} ({self.kind}, {self.state})"


class AutomaticMail(models.Model):
    """One automatic message to one address: what the caps of L8 count."""

    address = models.CharField(max_length=250)
    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["address", "-at"], name="automatic_to_address")]

    def __str__(self) -> str:
        return f"{self.address} {self.at:%Y-%m-%d %H:%M}"
