"""Rotations: who is on duty on which day."""

from django.conf import settings
from django.db import models


class Rotation(models.Model):
    """A daily rotation; the day begins at the hand-over time in its zone (S40)."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    calendar = models.ForeignKey("inbox.Calendar", on_delete=models.SET_NULL, null=True, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    handover = models.CharField(max_length=5, default="09:00")
    starts_on = models.DateField()

    def __str__(self) -> str:
        return self.name or self.key


class RotationMember(models.Model):
    """One place in the order of a rotation."""

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="places")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rotation", "position"], name="rotation_place_once")
        ]

    def __str__(self) -> str:
        return f"{self.rotation} {self.position}: {self.user}"
