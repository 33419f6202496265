"""Steps of people: what was pressed, on which tickets, how each of them stood before."""

from django.conf import settings
from django.db import models


class RunState(models.TextChoices):
    """Where a run stands; `working` and `undoing` are driven again when their worker is lost."""

    WORKING = "working", "Working"
    DONE = "done", "Done"
    UNDOING = "undoing", "Being undone"
    UNDONE = "undone", "Undone"


ACTIVE = (RunState.WORKING, RunState.UNDOING)


class ItemState(models.TextChoices):
    """What became of one ticket: skipped by the step, or kept as it is by its undo."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"
    UNDONE = "undone", "Undone"
    KEPT = "kept", "Kept"


class BulkRun(models.Model):
    """One press of a button. Its tickets were chosen when it was pressed, and no others join."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    operation = models.CharField(max_length=20)
    params = models.JSONField(default=dict, blank=True)
    said = models.CharField(max_length=200)  # “Closed”, “Given to Noor”
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.WORKING)
    created_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-id"], name="bulk_of_user"),
            models.Index(
                fields=["lease_until"],
                name="bulk_due",
                condition=models.Q(state__in=["working", "undoing"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.said} by {self.user}"


class BulkItem(models.Model):
    """One ticket of a run: how it stood before and after, as far as the two differ."""

    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="items")
    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.WAITING)
    why = models.CharField(max_length=250, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "ticket"], name="bulk_item_once"),
        ]
        indexes = [models.Index(fields=["run", "state", "id"], name="bulk_item_state")]

    def __str__(self) -> str:
        return f"#{self.ticket_id}: {self.state}"
