"""What lists of people tell about somebody: what they did elsewhere, tags and levels.

All of it is the word of a list. Nothing here decides who somebody is, or what they may.
"""

from django.db import models

EVENT = "event"  # the source of what somebody did at an event of ours


class Activity(models.Model):
    """One thing that a person did somewhere else, as a list told it, or at an event of ours.

    It hangs on an identity, so that it follows merges and splits like messages do. `source_key`
    is the natural key at its source: the same activity of a second list is the same row.
    """

    identity = models.ForeignKey(
        "inbox.Identity", on_delete=models.CASCADE, related_name="activities"
    )
    source = models.CharField(max_length=20)  # the key of the reader that knows these files
    source_key = models.CharField(max_length=250, unique=True)
    kind = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=250)
    url = models.URLField(max_length=500, blank=True)
    at = models.DateTimeField()
    # whose undoing takes it away; none: that time is over
    run = models.ForeignKey(
        "inbox.PeopleImport", on_delete=models.SET_NULL, null=True, related_name="activities"
    )
    also = models.JSONField(default=list)  # later runs that named it too, by number

    class Meta:
        verbose_name_plural = "activities"
        indexes = [models.Index(fields=["identity", "-at", "-id"], name="activity_newest")]

    def __str__(self) -> str:
        return self.title


class TraitKind(models.TextChoices):
    """What a list may say; of a level and a last activity each source has one."""

    TAG = "tag", "Tag"
    LEVEL = "level", "Level"
    SEEN = "seen", "Last active"


class Trait(models.Model):
    """A tag, a level or the day of the last activity, as one source says it."""

    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="traits")
    kind = models.CharField(max_length=5, choices=TraitKind.choices)
    value = models.CharField(max_length=60)
    source = models.CharField(max_length=20, blank=True)  # the reader's key; none: a table

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "kind", "source", "value"], name="trait_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
