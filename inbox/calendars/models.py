"""Business calendars. Edits make a new version; versions in use are never rewritten."""

from django.db import models


class Calendar(models.Model):
    """A named calendar; what it says stands in its newest version."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    # an iCal feed whose all-day events are closed days; fetched by the clockwork
    feed_url = models.URLField(max_length=500, blank=True)
    feed_at = models.DateTimeField(null=True, blank=True)
    feed_error = models.CharField(max_length=250, blank=True)

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
    imported = models.JSONField(default=list, blank=True)  # ISO dates from the feed
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "version"], name="calendar_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.version}"
