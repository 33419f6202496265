"""Rotations: who is on duty when, and who stands in for whom."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

USER = settings.AUTH_USER_MODEL


class Turn(models.TextChoices):
    """How long one person's turn lasts."""

    DAY = "day", "A day"
    WEEK = "week", "A week"
    CUSTOM = "custom", "A number of days"


class Rotation(models.Model):
    """Who answers the community; a turn begins at the hand-over time in the rotation's zone (S40).

    Members take turns in their order from `starts_on`. Somebody who is away is skipped: the next
    one in the order stands in, and nobody else's turn moves. With a roster (a `pagerduty` channel)
    the vendor's shifts count instead, as they were when it last answered.
    """

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    calendar = models.ForeignKey("inbox.Calendar", on_delete=models.SET_NULL, null=True, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    handover = models.CharField(max_length=5, default="09:00")
    starts_on = models.DateField()
    turn = models.CharField(max_length=8, choices=Turn.choices, default=Turn.DAY)
    turn_days = models.PositiveSmallIntegerField(default=1)
    rests_when_closed = models.BooleanField(
        default=False, help_text="Nobody is on duty on days that the calendar calls closed."
    )
    approver = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Who says yes to swaps; without one a swap counts when somebody takes it.",
    )  # fmt: skip
    roster = models.ForeignKey(
        "inbox.Channel", on_delete=models.SET_NULL, null=True, blank=True, related_name="rotations"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="rotation_turn_lasts", condition=Q(turn_days__gte=1))
        ]

    def __str__(self) -> str:
        return self.name or self.key


class RotationMember(models.Model):
    """One place in the order of a rotation."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="places")
    user = models.ForeignKey(USER, on_delete=models.CASCADE)
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rotation", "position"], name="rotation_place_once")
        ]

    def __str__(self) -> str:
        return f"{self.rotation} {self.position}: {self.user}"


class Override(models.Model):
    """Somebody else's time: whatever the turns say, this person is on duty (S79)."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="overrides")
    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="override_has_length", condition=Q(ends_at__gt=F("starts_at"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.rotation} from {self.starts_at:%Y-%m-%d %H:%M}"


class Absence(models.Model):
    """Somebody is away: no shifts, no alerts, and their reopened tickets go to who is on (L20)."""

    user = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="absence_has_length", condition=Q(ends_at__gt=F("starts_at"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} away from {self.starts_at:%Y-%m-%d}"


class SwapState(models.TextChoices):
    """asked → taken → approved, or it ends without a change."""

    ASKED = "asked", "Asked"
    TAKEN = "taken", "Waits for approval"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Taken back"


class SwapRequest(models.Model):
    """Somebody asks to be relieved for a time (S75, S79); approval makes the override."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="swaps")
    asked_by = models.ForeignKey(USER, on_delete=models.CASCADE, related_name="+")
    of = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    is_cover = models.BooleanField(default=False)  # for right now: whoever takes it, has it
    state = models.CharField(max_length=10, choices=SwapState.choices, default=SwapState.ASKED)
    taken_by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_by = models.ForeignKey(USER, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    override = models.OneToOneField(Override, on_delete=models.SET_NULL, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="swap_has_length", condition=Q(ends_at__gt=F("starts_at")))
        ]

    def __str__(self) -> str:
        return f"{self.asked_by} asks for {self.starts_at:%Y-%m-%d %H:%M}"


class RosterShift(models.Model):
    """A shift as the vendor's roster has it; kept until it answers again."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="shifts")
    user = models.ForeignKey(USER, on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=250, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    fetched_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name or self.email} from {self.starts_at:%Y-%m-%d %H:%M}"


class RoundRobin(models.Model):
    """Where the round stands: who of a team was given a ticket last."""

    team = models.OneToOneField("inbox.Team", on_delete=models.CASCADE)
    last_user_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.team}: after {self.last_user_id}"
