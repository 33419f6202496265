"""Routing rules, what they decided, and how often they hit."""

from typing import Any

from django.db import models

from inbox.routing.engine import RuleSpec


class Trigger(models.TextChoices):
    """When a rule is asked."""

    OPENED = "opened", "A ticket is opened"
    MESSAGE = "message", "A message arrives"
    STATE = "state", "A ticket changes"


class Rule(models.Model):
    """One rule; the lowest order is asked first."""

    key = models.SlugField(unique=True, max_length=80)
    label = models.CharField(max_length=200)
    order = models.PositiveIntegerField(default=100, db_index=True)
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.MESSAGE)
    condition = models.JSONField(default=dict, blank=True)
    actions = models.JSONField(default=list)
    stop = models.BooleanField("stop here", default=False)
    enabled = models.BooleanField("on", default=True)
    paused_reason = models.CharField(max_length=250, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.label or self.key

    @property
    def spec(self) -> RuleSpec:
        """The rule as the engine sees it."""
        return RuleSpec(
            key=self.key,
            label=self.label or self.key,
            trigger=self.trigger,
            condition=self.condition,
            actions=self.actions,
            stop=self.stop,
            pk=self.pk or 0,
        )


class RuleTrace(models.Model):
    """Why a ticket is where it is: every rule that was asked about an event, and its answer."""

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="traces")
    message = models.ForeignKey(
        "inbox.Message", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    trigger = models.CharField(max_length=10)
    ruleset = models.PositiveBigIntegerField(default=0)
    steps = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["ticket", "id"], name="trace_of_ticket")]

    def __str__(self) -> str:
        return f"#{self.ticket_id}: {len(self.steps)} rules asked"

    @property
    def matched(self) -> list[dict[str, Any]]:
        """The steps that held."""
        return [step for step in self.steps if step["matched"]]


class RuleHit(models.Model):
    """One hit of a rule; the list page sums the last 30 days, the fold removes older ones."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="hits")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["rule", "-at"], name="hit_of_rule")]

    def __str__(self) -> str:
        return f"{self.rule} {self.at:%Y-%m-%d}"
