"""Playbooks, what runs of them, and the events that they are for."""

from functools import cached_property

from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from inbox.playbooks.definition import template_from
from inbox.playbooks.shapes import Step, Template

USER = settings.AUTH_USER_MODEL
CLOCK = RegexValidator(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "Write it like 17:00.")


class Playbook(models.Model):
    """What to do step by step; `definition` is the handbook's row."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    summary = models.CharField(max_length=500, blank=True)
    definition = models.JSONField(default=dict)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name or self.key

    @property
    def template(self) -> Template:
        """What it says, as a value."""
        return template_from(self.definition)


class Series(models.Model):
    """Events that come again: every week or every few of them, on a day and at a time."""

    key = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    playbook = models.ForeignKey(
        Playbook, on_delete=models.SET_NULL, null=True, blank=True, related_name="series"
    )
    channel_label = models.CharField(max_length=120, blank=True)  # where it is announced
    meeting_url = models.URLField(max_length=500, blank=True)
    calendar = models.ForeignKey(
        "inbox.Calendar", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    weekday = models.PositiveSmallIntegerField(default=0)  # 0 is Monday
    time = models.CharField(max_length=5, default="17:00", validators=[CLOCK])  # calendar's zone
    minutes = models.PositiveSmallIntegerField(default=60, validators=[MinValueValidator(1)])
    every = models.PositiveSmallIntegerField(default=1)  # weeks
    starts_on = models.DateField(null=True, blank=True)  # the first one; weeks are counted from it
    active = models.BooleanField(default=True)
    look_at = models.DateTimeField(null=True, blank=True, editable=False)  # none: at once

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(name="series_weekday", condition=Q(weekday__lte=6)),
            models.CheckConstraint(name="series_every", condition=Q(every__gte=1)),
        ]

    def __str__(self) -> str:
        return self.name or self.key


class EventState(models.TextChoices):
    """An event is planned, then over, or it is called off."""

    PLANNED = "planned", "Planned"
    OVER = "over", "Over"
    CANCELLED = "cancelled", "Called off"


class Event(models.Model):
    """One meeting with the community.

    `agenda`: [{title, minutes, people[]}]. `people`: [{name, alias, contact, role}], `contact` is a
    contact's number or null. `links`: [{label, url}].
    """

    series = models.ForeignKey(
        Series, on_delete=models.SET_NULL, null=True, blank=True, related_name="events"
    )
    title = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    meeting_url = models.URLField(max_length=500, blank=True)
    stream_url = models.URLField(max_length=500, blank=True)
    agenda = models.JSONField(default=list, blank=True)
    people = models.JSONField(default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    state = models.CharField(max_length=10, choices=EventState.choices, default=EventState.PLANNED)
    # the series' day that the clockwork made it for, and how; none: somebody made it
    slot = models.DateField(null=True, blank=True, editable=False)
    made_as = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["series", "slot"], name="event_once_a_slot"),
            models.UniqueConstraint(fields=["series", "starts_at"], name="event_once_in_series"),
            models.CheckConstraint(
                name="event_ends_after_start", condition=Q(ends_at__gt=models.F("starts_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.starts_at:%Y-%m-%d}"


class EventTicket(models.Model):
    """A question that is talked about at an event, and where in its recording."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="event_tickets")
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.CASCADE, related_name="event_tickets"
    )
    timestamp_seconds = models.PositiveIntegerField(null=True, blank=True)
    url = models.URLField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "ticket"], name="ticket_once_per_event")
        ]

    def __str__(self) -> str:
        return f"#{self.ticket_id} at {self.event}"


class RunState(models.TextChoices):
    """A run goes on until everything is done or skipped, or somebody ends it."""

    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    CANCELLED = "cancelled", "Cancelled"


class Run(models.Model):
    """A playbook that is being followed, as it stood when it was started."""

    playbook = models.ForeignKey(Playbook, on_delete=models.PROTECT, related_name="runs")
    definition = models.JSONField(default=dict)
    title = models.CharField(max_length=200)
    anchor_at = models.DateTimeField()
    event = models.ForeignKey(
        Event, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.SET_NULL, null=True, blank=True, related_name="runs"
    )
    roles = models.JSONField(default=dict, blank=True)  # {role: user id}
    values = models.JSONField(default=dict, blank=True)  # {field: text or list}
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    started_by = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    # one per cause (a rule on a ticket, an event of a series): a second start finds the first
    once = models.CharField(max_length=120, null=True, blank=True, unique=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["anchor_at"], name="run_running", condition=Q(state="running"))
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its page."""
        return f"/playbooks/{self.pk}/"

    @cached_property
    def template(self) -> Template:
        """What it follows, as a value."""
        return template_from(self.definition)


class StepState(models.TextChoices):
    """A step waits for its time or its turn, is ready, may be started, and ends."""

    WAITING = "waiting", "Waiting"
    READY = "ready", "Ready"
    STARTED = "started", "Started"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Failed"


class GateState(models.TextChoices):
    """A gate is open until somebody confirms its words."""

    NONE = "", "None"
    OPEN = "open", "To be confirmed"
    CONFIRMED = "confirmed", "Confirmed"


class ActionStep(models.TextChoices):
    """How far a step's action is; it happens outside any change."""

    NONE = "", "Not asked for"
    QUEUED = "queued", "Queued"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class RunStep(models.Model):
    """One step of a run. Its words stand in the run's definition under `key`."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    key = models.CharField(max_length=50)
    position = models.PositiveSmallIntegerField()
    owner = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    assigned = models.BooleanField(default=False)  # by hand: a change of roles leaves it
    due_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=StepState.choices, default=StepState.WAITING)
    gate_state = models.CharField(max_length=10, choices=GateState.choices, blank=True)
    ack_due_at = models.DateTimeField(null=True, blank=True)
    acked_at = models.DateTimeField(null=True, blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True)
    result = models.JSONField(default=dict, blank=True)  # {choice, text, url, …}
    action_state = models.CharField(max_length=10, choices=ActionStep.choices, blank=True)
    action_error = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    outgoing = models.ForeignKey(
        "inbox.Outgoing", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "key"], name="step_once_per_run"),
            models.CheckConstraint(
                name="step_over_has_time",
                condition=~Q(state__in=["done", "skipped"]) | Q(done_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="step_due", condition=Q(state="waiting")),
            models.Index(
                fields=["ack_due_at"],
                name="step_ack_due",
                condition=Q(state="done", acked_at=None, escalated_at=None),
            ),
            models.Index(
                fields=["lease_until"], name="step_acting", condition=Q(action_state="queued")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} of run {self.run_id}"

    @property
    def step(self) -> Step:
        """What it says."""
        return self.run.template.step(self.key)

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do here."""
        return self.state in (StepState.DONE, StepState.SKIPPED)


class RunEntry(models.Model):
    """A line of a run's log; lines are only ever added."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="entries")
    step = models.ForeignKey(
        RunStep, on_delete=models.CASCADE, null=True, blank=True, related_name="entries"
    )
    kind = models.CharField(max_length=20)
    actor = models.CharField(max_length=150)
    actor_user = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "run entries"

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor}"
