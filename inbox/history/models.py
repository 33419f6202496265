"""Histories that are brought in: how far a run is, what it brought, and what it could not read."""

from django.conf import settings
from django.db import models


class ImportState(models.TextChoices):
    """Where a run stands; `running` and `undoing` are driven again when their worker is lost."""

    RUNNING = "running", "Running"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"
    DONE = "done", "Done"
    UNDOING = "undoing", "Being taken back"
    UNDONE = "undone", "Taken back"


ACTIVE = (ImportState.RUNNING, ImportState.UNDOING)


class ImportRun(models.Model):
    """One history of one channel. `cursor` moves in the transaction that files its page."""

    channel = models.ForeignKey("inbox.Channel", on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.RUNNING)
    cursor = models.JSONField(default=dict, blank=True)
    pages = models.PositiveIntegerField(default=0)
    taken = models.PositiveBigIntegerField(default=0)  # tickets of the pages so far
    messages = models.PositiveBigIntegerField(default=0)  # that were not here before
    total = models.PositiveBigIntegerField(null=True, blank=True)  # where the vendor says so
    attempts = models.PositiveIntegerField(default=0)  # in vain since the last page
    not_before = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)  # who held the run before writes nothing
    error = models.CharField(max_length=250, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel"],
                name="import_one_active",
                condition=models.Q(state__in=["running", "undoing"]),
            )
        ]

    def __str__(self) -> str:
        return f"history of {self.channel}: {self.state}"

    @property
    def is_active(self) -> bool:
        """Whether it is being worked on."""
        return self.state in ACTIVE


class ImportItem(models.Model):
    """A ticket that a run made; tickets that were here before have none."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="items")
    ticket = models.OneToOneField(
        "inbox.Ticket", on_delete=models.CASCADE, related_name="import_item"
    )
    # somebody has worked on it since, so taking the run back leaves it alone
    kept = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"#{self.ticket_id}"


class ImportProblem(models.Model):
    """Something of a history that could not be read, in words, with the vendor's id."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="problems")
    text = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "text"], name="import_problem_once")]

    def __str__(self) -> str:
        return self.text
