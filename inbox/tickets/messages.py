"""Messages of a ticket: what was written, who also received it, and its files."""

from django.conf import settings
from django.db import models

from inbox.tickets.states import AuthorRole, Direction, Visibility

USER = settings.AUTH_USER_MODEL
# flags of messages whose words are gone: with the person who wrote them, or by a retention
ERASED, EXPIRED = "erased", "expired"


class Message(models.Model):
    """One message, kept with its own thread: that is its way back."""

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="messages")
    thread = models.ForeignKey("inbox.Thread", on_delete=models.PROTECT, related_name="messages")
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
    version = models.CharField(max_length=40, blank=True)  # the vendor's, of the newest edit
    deleted_at = models.DateTimeField(null=True, blank=True)

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
    draft = models.ForeignKey(
        "inbox.Draft", on_delete=models.SET_NULL, null=True, blank=True, related_name="files"
    )
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content_id = models.CharField(max_length=250, blank=True)
    inline = models.BooleanField(default=False)
    # bytes that are still at the vendor have no hash yet
    is_missing = models.BooleanField(default=False)
    missing_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                name="attachment_unsent",
                condition=models.Q(message__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.filename


class Reaction(models.Model):
    """An emoji on a message, by one identity; kept even when the message is not here yet."""

    realm = models.CharField(max_length=100)
    message_key = models.CharField(max_length=250)
    emoji = models.CharField(max_length=80)
    author = models.ForeignKey("inbox.Identity", on_delete=models.PROTECT, related_name="+")
    active = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["realm", "message_key", "emoji", "author"], name="reaction_once"
            )
        ]

    def __str__(self) -> str:
        return f":{self.emoji}: on {self.message_key}"


class Tombstone(models.Model):
    """A message that was deleted before it came: it is filed as deleted when it does."""

    realm = models.CharField(max_length=100)
    message_key = models.CharField(max_length=250)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["realm", "message_key"], name="tombstone_once")
        ]

    def __str__(self) -> str:
        return self.message_key


class LateNote(models.Model):
    """A delivery with a note whose conversation is no ticket yet: it is filed when there is one."""

    delivery = models.ForeignKey("inbox.Delivery", on_delete=models.CASCADE, related_name="+")
    realm = models.CharField(max_length=100)
    thread_key = models.CharField(max_length=250)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["realm", "thread_key", "delivery"], name="late_note_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.realm} {self.thread_key}"
