"""Facts of tickets and their sums per day, week, month and year.

A fact is derived: throw all of them away and the ticket's events make the same ones again. A sum
is derived from facts. So neither is ever edited, only renewed.
"""

from django.db import models


class FactKind(models.TextChoices):
    """What a fact says. Which labels each has stands in `story`."""

    OPENED = "in", "Opened"
    BACK = "back", "Reopened"
    ENDED = "out", "Ended"
    FIRST = "first", "First response"
    SOLVED = "solved", "Resolution"
    KEPT = "kept", "SLA kept"
    MISSED = "missed", "SLA missed"
    STATE = "state", "Time in a state"
    HELP = "help", "Answer of the community"
    GAP = "gap", "Docs gap"


class ReportFact(models.Model):
    """One measure of one ticket at one moment, with what the ticket is sorted under now.

    `seconds` is business time for responses and resolutions, plain time for states; `bucket` is
    where it stands on the scale of `scale`. 0 stands for nobody, no team and not restricted.
    """

    # no constraint: checking it would hold up whoever works on the tickets meanwhile
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.CASCADE, db_constraint=False, related_name="+"
    )
    kind = models.CharField(max_length=8, choices=FactKind.choices)
    label = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField()
    seconds = models.BigIntegerField(default=0)
    bucket = models.SmallIntegerField(default=0)
    channel = models.IntegerField()
    category = models.CharField(max_length=120, blank=True)
    person = models.IntegerField(default=0)
    team = models.IntegerField(default=0)
    priority = models.CharField(max_length=8)
    scope = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["kind", "at"], name="fact_in_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.label} of #{self.ticket_id}"


class ReportSum(models.Model):
    """How many facts of a kind a span of days (UTC) has, sorted by one dimension at a time.

    `dim` is "" for all of them, else the name of a dimension with `value` as its text. `scope`
    keeps what a restricted team alone may see apart. `quarters` and `marks` are counts as `lanes`
    packs them: at which quarters of the hour (of a day; of the week in a month), and at which
    marks of the scale.
    """

    dim = models.CharField(max_length=8, blank=True)
    kind = models.CharField(max_length=8)
    span = models.CharField(max_length=5)  # day, week, month, year
    first = models.DateField()
    value = models.CharField(max_length=120, blank=True)
    label = models.CharField(max_length=20, blank=True)
    scope = models.IntegerField(default=0)
    n = models.IntegerField()
    seconds = models.BigIntegerField(default=0)
    quarters = models.BinaryField(default=bytes)
    marks = models.BinaryField(default=bytes)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dim", "kind", "span", "first", "value", "label", "scope"],
                name="sum_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.span} of {self.first} {self.kind} {self.dim} {self.value}: {self.n}"


class ReportProgress(models.Model):
    """One row: how far the figures are. `built_to` rises while everything is counted anew."""

    built_to = models.BigIntegerField(default=0)
    is_building = models.BooleanField(default=True)
    renewed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "state of the reports"
        verbose_name_plural = "state of the reports"

    def __str__(self) -> str:
        return f"being built, at #{self.built_to}" if self.is_building else "up to date"
