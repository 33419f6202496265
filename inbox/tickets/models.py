"""The ticket and what is in it. Whatever reacts to tickets lives in a room of its own."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

USER = settings.AUTH_USER_MODEL


class Status(models.TextChoices):
    """Fixed categories with invariants; the names shown are editable (L19)."""

    OPEN = "open", "Open"
    IN_PROGRESS = "in_progress", "In progress"
    ON_HOLD = "on_hold", "On hold"
    CLOSED = "closed", "Closed"
    TRASHED = "trashed", "Trashed"
    SPAM = "spam", "Spam"
    MERGED = "merged", "Merged"


LIVE = (Status.OPEN, Status.IN_PROGRESS, Status.ON_HOLD)
ENDED = (Status.CLOSED, Status.TRASHED, Status.SPAM, Status.MERGED)


class WaitingOn(models.TextChoices):
    """Whose turn it is."""

    US = "us", "Us"
    THEM = "them", "Them"
    RESEARCH = "research", "Research"


class Kind(models.TextChoices):
    """What somebody asks for (S43)."""

    HELP = "help", "Help"
    BUG = "bug", "Bug"
    FEATURE = "feature", "Feature"
    DOCS = "docs", "Docs"
    SECURITY = "security", "Security"
    LEAD = "lead", "Lead"
    OTHER = "other", "Other"


class Resolution(models.TextChoices):
    """How a ticket ended."""

    ANSWERED = "answered", "Answered"
    SOLVED = "solved", "Solved"
    BECAME_ISSUE = "became_issue", "Became an issue"
    DOCS_GAP = "docs_gap", "Docs gap"
    NO_REPLY = "no_reply", "No reply"
    DUPLICATE = "duplicate", "Duplicate"
    TRANSACTIONAL = "transactional", "Transactional"
    MOVED_TO_DM = "moved_to_dm", "Moved to DM"
    SPAM = "spam", "Spam"


class Priority(models.TextChoices):
    """How much it matters, beside the time promised."""

    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class ThreadRole(models.TextChoices):
    """What a thread is to its ticket."""

    CUSTOMER = "customer", "Customer"
    BRIDGE = "bridge", "Bridge"
    TRIAGE = "triage", "Triage"


class Direction(models.TextChoices):
    """From the asker's side or from ours."""

    IN = "in", "In"
    OUT = "out", "Out"


class Visibility(models.TextChoices):
    """Internal never leaves the house."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"


class AuthorRole(models.TextChoices):
    """Who wrote a message, computed when it is filed. `bot` is our own."""

    ASKER = "asker", "Asker"
    TEAM = "team", "Team"
    COMMUNITY = "community", "Community"
    BOT = "bot", "Bot"


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
    waiting_since = models.DateTimeField(null=True, blank=True)
    episode = models.PositiveIntegerField(default=0)
    status_before = models.CharField(max_length=12, blank=True)
    version = models.PositiveBigIntegerField(default=0)

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
                fields=["next_due_at", "number"],
                name="ticket_live_due",
                condition=Q(status__in=["open", "in_progress", "on_hold"]),
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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["realm", "thread_key"], name="thread_once")]

    def __str__(self) -> str:
        return f"{self.realm} {self.thread_key}"


class Message(models.Model):
    """One message, kept with its own thread: that is its way back."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="messages")
    direction = models.CharField(max_length=3, choices=Direction.choices)
    visibility = models.CharField(
        max_length=8, choices=Visibility.choices, default=Visibility.INTERNAL
    )
    realm = models.CharField(max_length=100)
    external_id = models.CharField(max_length=500)
    sender_key = models.CharField(max_length=250, blank=True)
    author = models.ForeignKey(
        "inbox.Identity", on_delete=models.PROTECT, null=True, blank=True, related_name="messages"
    )
    author_user = models.ForeignKey(
        USER, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    author_label = models.CharField(max_length=250, blank=True)
    role = models.CharField(max_length=10, choices=AuthorRole.choices)
    subject = models.CharField(max_length=250, blank=True)
    body_text = models.TextField(blank=True)
    new_text = models.TextField(blank=True)
    body_html = models.TextField(blank=True)
    to = models.JSONField(default=list, blank=True)
    cc = models.JSONField(default=list, blank=True)
    reply_to = models.JSONField(default=list, blank=True)
    references = models.JSONField(default=list, blank=True)
    message_class = models.CharField(max_length=12, default="normal")
    matched_by = models.CharField(max_length=30, blank=True)
    # unverified_participant · sender_unverified · subject_changed · accepted …
    flags = models.JSONField(default=list, blank=True)
    notes = models.JSONField(default=list, blank=True)
    delivery = models.ForeignKey(
        "inbox.Delivery", on_delete=models.SET_NULL, null=True, blank=True, related_name="messages"
    )
    sent_at = models.DateTimeField()
    filed_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    search_text = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["realm", "external_id", "sender_key"], name="message_once"
            )
        ]
        indexes = [models.Index(fields=["ticket", "sent_at", "id"], name="message_in_order")]

    def __str__(self) -> str:
        return f"{self.author_label}: {self.new_text[:60]}"


class Receipt(models.Model):
    """The same message, received by another of our channels as well (L5)."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="receipts")
    delivery = models.ForeignKey("inbox.Delivery", on_delete=models.SET_NULL, null=True)
    channel = models.ForeignKey("inbox.Channel", on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "channel"], name="receipt_once")]

    def __str__(self) -> str:
        return f"also received by {self.channel}"


class Attachment(models.Model):
    """A file of a message. The bytes lie in `DATA_DIR/files` under their hash, without a name."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    # A file somebody uploaded for a reply that is not sent yet has an uploader and no message.
    uploader = models.ForeignKey(
        USER, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content_id = models.CharField(max_length=250, blank=True)
    inline = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.filename


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
        indexes = [models.Index(fields=["ticket", "id"], name="event_of_ticket")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor_label}"

    @property
    def by_rule(self) -> bool:
        """Whether automation did it: then no rule looks at it again."""
        return self.actor_kind == "rule"


class TicketCount(models.Model):
    """Counts of tickets as delta rows, folded by the sweep, so nothing is ever counted anew.

    `scope` is "" for what everybody may see, or the key of the restricted team; `key` is
    `status:open`, `category:Hiring`, `owner:7`.
    """

    scope = models.CharField(max_length=50, blank=True)
    key = models.CharField(max_length=150)
    n = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["scope", "key"], name="count_of_key")]

    def __str__(self) -> str:
        return f"{self.scope or 'all'} {self.key} {self.n:+}"
