"""Subscriptions of other systems, what is sent to them, and every attempt."""

import base64
import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q

from inbox.common.crypto import EncryptedTextField


def new_secret() -> str:
    """`whsec_` and 32 random bytes, as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def new_id() -> str:
    """The id of one message: the same at every attempt, so that receivers know it again."""
    return f"msg_{secrets.token_hex(12)}"


class WebhookState(models.TextChoices):
    """`paused`: nothing leaves, but what happens is kept until somebody goes on."""

    ON = "on", "On"
    PAUSED = "paused", "Paused"
    OFF = "off", "Off"


class Webhook(models.Model):
    """One address that is told; its lease lets one request at a time go there."""

    label = models.CharField(max_length=120)
    url = models.URLField(max_length=500)
    secret = EncryptedTextField(default=new_secret)
    # signed with too, until the receiver knows the new one
    old_secret = EncryptedTextField(blank=True)
    old_until = models.DateTimeField(null=True, blank=True)
    events = models.JSONField(default=list)
    # the one restricted team whose tickets are told as well
    team = models.ForeignKey(
        "inbox.Team", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=8, choices=WebhookState.choices, default=WebhookState.ON)
    stopped_because = models.CharField(max_length=250, blank=True)
    failures = models.PositiveIntegerField(default=0)  # in a row
    failing_since = models.DateTimeField(null=True, blank=True)
    rest_until = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["label", "pk"]

    def __str__(self) -> str:
        return self.label


class WebhookEventState(models.TextChoices):
    """`dropped`: it may not be told any more, because its ticket was restricted meanwhile."""

    QUEUED = "queued", "Waits"
    SENT = "sent", "Arrived"
    FAILED = "failed", "Given up"
    DROPPED = "dropped", "Not told"


class WebhookEvent(models.Model):
    """One event for one subscription. The row is the queue."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="rows")
    message_id = models.CharField(max_length=40, unique=True, default=new_id)
    name = models.CharField(max_length=30)
    event = models.ForeignKey(
        "inbox.TicketEvent", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    # made by the first attempt and the same ever after
    body = models.TextField(blank=True)
    state = models.CharField(
        max_length=8, choices=WebhookEventState.choices, default=WebhookEventState.QUEUED
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    queued_at = models.DateTimeField()  # again, when somebody has it sent again
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=250, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event"], name="webhook_event_once")
        ]
        indexes = [
            models.Index(
                fields=["webhook", "not_before", "id"],
                name="webhook_event_open",
                condition=Q(state="queued"),
            ),
            models.Index(fields=["webhook", "-id"], name="webhook_event_log"),
            models.Index(fields=["created_at"], name="webhook_event_age"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.message_id}"


class WebhookAttempt(models.Model):
    """One request, and what came back."""

    row = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(default=0)  # 0: there was no answer
    milliseconds = models.PositiveIntegerField(default=0)
    answer = models.TextField(blank=True)  # its first 2 kB
    error = models.CharField(max_length=250, blank=True)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.status or self.error}"
