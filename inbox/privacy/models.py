"""What was erased: by whom, how far, and what a retention has taken. No names, no words."""

from django.conf import settings
from django.db import models


class Erasure(models.Model):
    """A person was erased, or is being erased: then the command goes on where it stopped."""

    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="erasures")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict, blank=True)  # {"messages": 12, …}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"],
                name="erasure_one_at_a_time",
                condition=models.Q(done_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"erasure of contact {self.contact_id}"


class PersonJobKind(models.TextChoices):
    """What was asked for."""

    EXPORT = "export", "Export"
    ERASE = "erase", "Erasure"


class PersonJobState(models.TextChoices):
    """`waiting`: nobody has finished it yet; whoever works on it holds its lease."""

    WAITING = "waiting", "Being worked on"
    DONE = "done", "Done"
    FAILED = "failed", "Not done"


class PersonJob(models.Model):
    """An export or an erasure that an admin asked for on a page. No names, no words."""

    contact = models.ForeignKey("inbox.Contact", on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=6, choices=PersonJobKind.choices)
    notes = models.BooleanField(default=False)  # of an export: internal notes too
    state = models.CharField(
        max_length=7, choices=PersonJobState.choices, default=PersonJobState.WAITING
    )
    said = models.CharField(max_length=80, blank=True)  # how far it is: “ticket 3 of 9”
    counts = models.JSONField(default=dict, blank=True)
    problem = models.CharField(max_length=250, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "kind"],
                name="person_job_one_at_a_time",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of person {self.contact_id}"


class Expiry(models.Model):
    """What the retention has taken from a ticket since it was closed last."""

    ticket = models.OneToOneField("inbox.Ticket", on_delete=models.CASCADE, related_name="expiry")
    files_at = models.DateTimeField(null=True, blank=True)
    texts_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "expiries"

    def __str__(self) -> str:
        return f"expiry of #{self.ticket_id}"


class RetentionRun(models.Model):
    """One night's work: how far each step has come, and what it took."""

    day = models.DateField(unique=True)
    started_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    reached = models.JSONField(default=dict)  # step: the last row looked at; done ones have null
    counts = models.JSONField(default=dict)  # step: how many rows were taken

    def __str__(self) -> str:
        return f"retention of {self.day}"
