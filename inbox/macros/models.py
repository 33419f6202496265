"""Saved answers with what is done beside them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from inbox.macros.actions import in_order, sentence


class SeenBy(models.TextChoices):
    """Who finds a macro."""

    EVERYBODY = "everybody", "Everybody"
    TEAM = "team", "One team"
    OWNER = "owner", "Only its owner"


class Macro(models.Model):
    """Words and actions under a name. Empty lists of kinds and categories mean everywhere."""

    key = models.SlugField(unique=True, max_length=80)
    name = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    actions = models.JSONField(default=list, blank=True)
    seen_by = models.CharField(max_length=10, choices=SeenBy.choices, default=SeenBy.EVERYBODY)
    team = models.ForeignKey("inbox.Team", on_delete=models.CASCADE, null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True
    )
    channels = models.JSONField(default=list, blank=True)
    categories = models.JSONField(default=list, blank=True)
    order = models.PositiveIntegerField(default=100)
    enabled = models.BooleanField("on", default=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["order", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="macro_names_who_sees_it",
                condition=Q(seen_by="everybody", team=None, owner=None)
                | Q(seen_by="team", team__isnull=False, owner=None)
                | Q(seen_by="owner", team=None, owner__isnull=False),
            ),
            models.CheckConstraint(
                name="macro_does_something", condition=~Q(text="") | ~Q(actions=[])
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.key

    @property
    def sentences(self) -> list[str]:
        """What it does beside its words."""
        return [sentence(name, value) for name, value in in_order(self.actions)]
