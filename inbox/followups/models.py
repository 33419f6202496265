"""Delayed actions, keyed to an episode: what was planned in another episode never fires."""

from django.conf import settings
from django.db import models
from django.db.models import Q

USER = settings.AUTH_USER_MODEL


class ActionState(models.TextChoices):
    """A pending action fires once or is cancelled."""

    PENDING = "pending", "Pending"
    FIRED = "fired", "Fired"
    CANCELLED = "cancelled", "Cancelled"


class DelayedAction(models.Model):
    """Something that happens to a ticket later, unless its episode is over by then (L15)."""

    feature = models.CharField(max_length=80)
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.CASCADE, related_name="delayed_actions"
    )
    episode = models.CharField(max_length=80)
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=ActionState.choices, default=ActionState.PENDING
    )
    why = models.CharField(max_length=120, blank=True)
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


class FollowUp(models.Model):
    """What happens when nobody answers us: a chain of messages and verbs, each after its time.

    `steps`: [{"after_minutes": 2880, "message": "…", "close": "no_reply"}, …]. What belongs to one
    step happens together. `channels`: kinds, or `kind/key`; none means all.
    """

    key = models.SlugField(unique=True)
    label = models.CharField(max_length=120, blank=True)
    channels = models.JSONField(default=list, blank=True)
    steps = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.label or self.key


class OfferState(models.TextChoices):
    """A phrase that promises is offered; one click makes it a promise."""

    OFFERED = "offered", "Offered"
    PROMISED = "promised", "Promised"
    DISMISSED = "dismissed", "Dismissed"


class PromiseOffer(models.Model):
    """An answer that sounds like a promise, until somebody says whether it is one (S76)."""

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="offers")
    message = models.OneToOneField("inbox.Message", on_delete=models.CASCADE, related_name="offer")
    user = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True)
    words = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=OfferState.choices, default=OfferState.OFFERED)

    def __str__(self) -> str:
        return f"“{self.words}” on #{self.ticket_id}"


class Digest(models.Model):
    """A sweep that was sent to one person for one half of a day: at most once (S5)."""

    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="digests")
    day = models.DateField()
    half = models.CharField(max_length=8)  # morning · leaving
    unanswered = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day", "half"], name="digest_once")]

    def __str__(self) -> str:
        return f"{self.half} of {self.day} for {self.user}"


class Handover(models.Model):
    """The sheet from one shift to the next: made once when the shift changes, then signed twice."""

    rotation = models.ForeignKey(
        "inbox.Rotation", on_delete=models.CASCADE, related_name="handovers"
    )
    shift_at = models.DateTimeField()
    outgoing = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    incoming = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    sheet = models.JSONField(default=dict)
    words = models.CharField(max_length=500, blank=True)
    written_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rotation", "shift_at"], name="handover_once")
        ]

    def __str__(self) -> str:
        return f"Handover of {self.rotation} at {self.shift_at:%Y-%m-%d %H:%M}"
