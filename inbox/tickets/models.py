"""The ticket and what is in it. Whatever reacts to tickets lives in a room of its own."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from inbox.tickets import naming
from inbox.tickets.messages import Attachment, LateNote, Message, Reaction, Receipt, Tombstone
from inbox.tickets.states import (
    ENDED,
    LANE,
    LIVE,
    AuthorRole,
    Direction,
    Kind,
    Priority,
    Resolution,
    Status,
    ThreadRole,
    Visibility,
    WaitingOn,
)

__all__ = [
    "ENDED",
    "LIVE",
    "Attachment",
    "AuthorRole",
    "Category",
    "Direction",
    "Kind",
    "LateNote",
    "Message",
    "Priority",
    "Reaction",
    "Receipt",
    "Resolution",
    "Status",
    "Tag",
    "Thread",
    "ThreadRole",
    "Ticket",
    "TicketCount",
    "TicketEvent",
    "Tombstone",
    "Touched",
    "Visibility",
    "WaitingOn",
]

USER = settings.AUTH_USER_MODEL


class Category(models.Model):
    """A name that tickets are sorted under; the desk's filter lists every one."""

    name = models.CharField(max_length=120, unique=True)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A free word on tickets."""

    name = models.CharField(max_length=80, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """What somebody waits for. `next_due_at` is a cache written only by `sla`."""

    number = models.BigAutoField(primary_key=True)
    subject = models.CharField(max_length=250, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.HELP)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    waiting_on = models.CharField(
        max_length=10, choices=WaitingOn.choices, default=WaitingOn.US, blank=True
    )
    resolution = models.CharField(max_length=20, choices=Resolution.choices, blank=True)
    resolution_note = models.TextField(blank=True)
    hold_reason = models.CharField(max_length=500, blank=True)
    category = models.CharField(max_length=120, blank=True)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.NORMAL)
    channel = models.ForeignKey("inbox.Channel", on_delete=models.PROTECT, related_name="tickets")
    source = models.ForeignKey("inbox.Source", on_delete=models.PROTECT, null=True, blank=True)
    team = models.ForeignKey(
        "inbox.Team", on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    restricted_team = models.ForeignKey(
        "inbox.Team", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    owner = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    asker = models.ForeignKey(
        "inbox.Identity", on_delete=models.PROTECT, null=True, related_name="tickets"
    )
    opener_role = models.CharField(
        max_length=10, choices=AuthorRole.choices, default=AuthorRole.ASKER
    )
    opener_class = models.CharField(max_length=12, default="normal")
    tags = models.ManyToManyField(Tag, related_name="tickets", blank=True)
    permalink = models.URLField(max_length=500, blank=True)
    policy = models.ForeignKey("inbox.Policy", on_delete=models.SET_NULL, null=True, blank=True)
    policy_reason = models.CharField(max_length=120, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snooze_mode = models.CharField(max_length=10, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_from"
    )
    # copied on every answer: addresses that an agent or a rule added
    cc = models.JSONField(default=list, blank=True)
    hint = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    trashed_at = models.DateTimeField(null=True, blank=True)
    last_message_at = models.DateTimeField(null=True, blank=True)
    last_message_id = models.BigIntegerField(null=True, blank=True)
    message_count = models.PositiveIntegerField(default=0)
    # who spoke last: nobody but the asker so far means unanswered (S3)
    asked_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    episode = models.PositiveIntegerField(default=0)
    status_before = models.CharField(max_length=12, blank=True)
    version = models.PositiveBigIntegerField(default=0)
    # seconds spent in each state so far, without the one it is in: {"them": 86400.0, …} (S58, S66)
    state_seconds = models.JSONField(default=dict, blank=True)
    # Whose turn it is, made by the database: each group of the queue is one range of its index.
    lane = models.GeneratedField(
        expression=LANE, output_field=models.CharField(max_length=8), db_persist=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="ticket_hold_has_reason", condition=~Q(status="on_hold") | ~Q(hold_reason="")
            ),
            models.CheckConstraint(
                name="ticket_dm_has_note",
                condition=~(Q(status="closed") & Q(resolution="moved_to_dm"))
                | ~Q(resolution_note=""),
            ),
            models.CheckConstraint(name="ticket_not_by_own_bot", condition=~Q(opener_role="bot")),
            models.CheckConstraint(
                name="ticket_merged_has_target",
                condition=Q(status="merged", merged_into__isnull=False) | ~Q(status="merged"),
            ),
            models.CheckConstraint(
                name="ticket_closed_has_resolution",
                condition=~Q(status="closed") | ~Q(resolution=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["lane", "next_due_at", "number"],
                name="ticket_lane",
                condition=~Q(lane=""),
            ),
            models.Index(
                fields=["owner", "next_due_at"],
                name="ticket_live_owner",
                condition=Q(status__in=["open", "in_progress", "on_hold"]),
            ),
            models.Index(fields=["asker", "-number"], name="ticket_asker"),
            models.Index(fields=["status", "-number"], name="ticket_status"),
            models.Index(fields=["category", "-number"], name="ticket_category"),
            models.Index(
                fields=["snoozed_until"],
                name="ticket_snoozed",
                condition=Q(snoozed_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}"

    def get_absolute_url(self) -> str:
        """The ticket's page on the desk."""
        return reverse("ticket", args=[self.number])

    @property
    def status_name(self) -> str:
        """What its status is called here (L19)."""
        return naming.status_name(self.status, self.waiting_on)

    @property
    def is_live(self) -> bool:
        """Whether somebody still waits or works."""
        return self.status in LIVE


class Thread(models.Model):
    """A conversation at the vendor: the hinge between what comes in and a ticket."""

    realm = models.CharField(max_length=100)
    thread_key = models.CharField(max_length=250)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="threads")
    channel = models.ForeignKey("inbox.Channel", on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey("inbox.Source", on_delete=models.PROTECT, null=True, blank=True)
    role = models.CharField(max_length=10, choices=ThreadRole.choices, default=ThreadRole.CUSTOMER)
    # Where it stood before its ticket was merged or split, newest last: [ticket number, …]
    moved_from = models.JSONField(default=list, blank=True)
    # when the vendor last said how it stands; what is older changes nothing
    state_at = models.DateTimeField(null=True, blank=True)
    is_closed = models.BooleanField(default=False)
    labels = models.JSONField(default=list, blank=True)
    # who has it there, as far as that was said: `id:…`, `nobody`, or nothing
    assignee_key = models.CharField(max_length=255, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["realm", "thread_key"], name="thread_once")]

    def __str__(self) -> str:
        return f"{self.realm} {self.thread_key}"

    @property
    def outer_key(self) -> str:
        """Its key at the vendor: what was split off is answered where it was asked."""
        return self.thread_key.partition("#split:")[0]


class TicketEvent(models.Model):
    """One thing that happened to a ticket: the timeline, the live stream, the cause of the rest."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=30)
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    actor_label = models.CharField(max_length=150)
    actor_user = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    rule_key = models.CharField(max_length=80, blank=True)
    echo = models.BooleanField(default=False)
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["ticket", "id"], name="event_of_ticket"),
            models.Index(fields=["-at"], name="event_decided", condition=Q(kind="decided")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor_label}"

    @property
    def by_rule(self) -> bool:
        """Whether automation did it: then no rule looks at it again."""
        return self.actor_kind == "rule"


class TicketCount(models.Model):
    """Counts of tickets as delta rows, folded by the sweep, so nothing is ever counted anew.

    `scope` is "" for what everybody may see, or the key of the restricted team; `key` is
    `status:open`, `category:Hiring`, `owner:7`, `channel:3`, `snoozed`.
    """

    scope = models.CharField(max_length=50, blank=True)
    key = models.CharField(max_length=150)
    n = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["scope", "key"], name="count_of_key")]

    def __str__(self) -> str:
        return f"{self.scope or 'all'} {self.key} {self.n:+}"


class Touched(models.Model):
    """Something happened to this ticket: whoever keeps figures of it takes the row and counts anew.

    Written in the change itself, so no commit is ever missed, whatever its order.
    """

    # no constraint: it would lock tickets for the job that takes the rows
    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )

    class Meta:
        verbose_name_plural = "touched"

    def __str__(self) -> str:
        return f"#{self.ticket_id}"
