"""Filters under names, and which of them somebody begins with."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse


class SharedWith(models.TextChoices):
    """Who finds a view."""

    OWNER = "owner", "Only you"
    TEAM = "team", "Your team"
    EVERYBODY = "everybody", "Everybody"


class Place(models.TextChoices):
    """The page that a view belongs to, by the name of its address."""

    QUEUE = "queue", "Queue"
    SEARCH = "search", "Search"


class SavedView(models.Model):
    """What the queue or a search was narrowed down to, as the page's address says it."""

    name = models.CharField(max_length=60)
    place = models.CharField(max_length=10, choices=Place.choices, default=Place.QUEUE)
    query = models.CharField(max_length=2000, blank=True)  # `q=is%3Amine&sort=oldest`
    shared_with = models.CharField(
        max_length=10, choices=SharedWith.choices, default=SharedWith.OWNER
    )
    team = models.ForeignKey("inbox.Team", on_delete=models.CASCADE, null=True, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    order = models.PositiveIntegerField(default=100)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                name="view_names_its_team",
                condition=Q(shared_with="team", team__isnull=False)
                | (~Q(shared_with="team") & Q(team=None)),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Where the view is seen."""
        return f"{reverse(self.place)}?{self.query}&view={self.pk}"


class ViewChoice(models.Model):
    """The view that the queue begins with for one person."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", primary_key=True
    )
    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.user}: {self.view}"
