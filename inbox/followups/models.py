"""Delayed actions, keyed to an episode: what was planned in another episode never fires."""

from django.db import models
from django.db.models import Q


class ActionState(models.TextChoices):
    """A pending action fires once or is cancelled."""

    PENDING = "pending", "Pending"
    FIRED = "fired", "Fired"
    CANCELLED = "cancelled", "Cancelled"


class DelayedAction(models.Model):
    """Something that happens to a ticket later, unless its episode is over by then (L15)."""

    feature = models.CharField(max_length=40)
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.CASCADE, related_name="delayed_actions"
    )
    episode = models.CharField(max_length=80)
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=ActionState.choices, default=ActionState.PENDING
    )
    fired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["feature", "ticket", "episode"], name="delayed_action_once_per_episode"
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="delayed_action_due", condition=Q(state="pending"))
        ]

    def __str__(self) -> str:
        return f"{self.feature} of #{self.ticket_id} at {self.due_at:%Y-%m-%d %H:%M}"
