"""Business calendars. Edits make a new version; versions in use are never rewritten."""

from django.db import models


class Calendar(models.Model):
    """A named calendar; what it says stands in its newest version."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return self.name or self.key


class CalendarVersion(models.Model):
    """Open hours as they were from one edit to the next; clocks name the version they used."""

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    zone = models.CharField(max_length=64)
    week = models.JSONField(default=dict)
    holidays = models.JSONField(default=list, blank=True)  # country codes: PT, DE-BY
    closed = models.JSONField(default=list, blank=True)  # ISO dates
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "version"], name="calendar_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.version}"
