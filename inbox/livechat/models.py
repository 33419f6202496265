"""Visitors of a site, how their browsers are known, and what each conversation has shown them."""

from django.db import models
from django.db.models import Q


class Visitor(models.Model):
    """Somebody on a site that shows the widget. Name and address are claims unless `verified`."""

    channel = models.ForeignKey("inbox.Channel", on_delete=models.CASCADE, related_name="visitors")
    external_key = models.CharField(max_length=64)
    name = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=250, blank=True)
    verified = models.BooleanField(default=False)  # the site's server has signed who it is
    # in lower case: the site's server has signed it, or somebody has answered from there
    confirmed_email = models.CharField(max_length=250, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_key"], name="visitor_once")
        ]

    def __str__(self) -> str:
        return self.name or self.external_key


class VisitorToken(models.Model):
    """A browser of a visitor: 256 random bits that we handed out, kept as their digest."""

    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"token of {self.visitor_id}"


class Conversation(models.Model):
    """One chat. It has a thread, and so a ticket, once the visitor has written."""

    channel = models.ForeignKey("inbox.Channel", on_delete=models.CASCADE, related_name="+")
    visitor = models.ForeignKey(Visitor, on_delete=models.CASCADE, related_name="conversations")
    key = models.CharField(max_length=64, unique=True)
    thread = models.OneToOneField(
        "inbox.Thread", on_delete=models.SET_NULL, null=True, related_name="conversation"
    )
    page = models.CharField(max_length=500, blank=True)
    referrer = models.CharField(max_length=500, blank=True)
    topic = models.CharField(max_length=80, blank=True)
    email = models.CharField(max_length=250, blank=True)
    email_confirmed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    closings = models.PositiveIntegerField(default=0)  # how often it has ended: each is rated once
    seen_at = models.DateTimeField(null=True)  # none: no page of the visitor is open
    left_at = models.DateTimeField(null=True)  # the last page was closed
    read_entry = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    team_read = models.BigIntegerField(default=0)  # the newest entry that one of the team has seen
    # when an answer that nobody has read goes out by mail, and how far mails have told
    mail_due_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    mailed_entry = models.BigIntegerField(default=0)
    asked_closing = models.PositiveIntegerField(default=0)  # the last one that a mail asked about

    class Meta:
        indexes = [
            models.Index(
                fields=["mail_due_at"],
                name="conversation_mail_due",
                condition=Q(mail_due_at__isnull=False),
            ),
            models.Index(fields=["visitor", "-id"], name="conversation_newest"),
        ]

    def __str__(self) -> str:
        return f"chat {self.key}"


class Rating(models.Model):
    """What the visitor thought of a chat when it had ended; of each closing there is one."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="ratings")
    closing = models.PositiveIntegerField()
    score = models.PositiveSmallIntegerField()  # 1 very bad … 5 very good
    comment = models.TextField(blank=True)
    rated_at = models.DateTimeField()  # first; it may be changed for some days

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "closing"], name="rating_once_per_closing"
            ),
            models.CheckConstraint(
                name="rating_one_to_five", condition=Q(score__gte=1, score__lte=5)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.score} of 5"


class EntryKind(models.TextChoices):
    """What the visitor's page is told."""

    MESSAGE = "message", "Message"
    CHANGED = "changed", "Message changed"
    CLOSED = "closed", "Closed"
    OPENED = "opened", "Opened again"


class Entry(models.Model):
    """One thing a visitor may see. The id is the stream's event id.

    Rows of one conversation are written under its ticket's lock, so their ids rise in the order
    of their commits and nobody who resumes after an id misses one.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=8, choices=EntryKind.choices)
    message = models.ForeignKey(
        "inbox.Message", on_delete=models.CASCADE, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "message"],
                name="entry_once_per_message",
                condition=Q(kind="message"),
            )
        ]
        indexes = [models.Index(fields=["conversation", "id"], name="entry_in_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
