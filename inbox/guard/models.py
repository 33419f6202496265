"""The block list, and the secrets that somebody sent us by mistake."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from inbox.common.crypto import EncryptedTextField
from inbox.guard.finding import ADVICE, LABELS


class BlockKind(models.TextChoices):
    """What is blocked."""

    IDENTITY = "identity", "Account"
    ADDRESS = "address", "Address"
    DOMAIN = "domain", "Domain"


class Block(models.Model):
    """A sender who is not heard any more: what comes from them is filed as spam (L21)."""

    kind = models.CharField(max_length=10, choices=BlockKind.choices)
    # an address or a domain in small letters; for an account `kind/realm/external id`
    value = models.CharField(max_length=400)
    label = models.CharField(max_length=250, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    # the last time that somebody was kept out by it, and how often
    hit_at = models.DateTimeField(null=True, blank=True)
    hits = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="block_once")]

    def __str__(self) -> str:
        return self.label or self.value


class Secret(models.Model):
    """A secret that stood in a message or a file of it; the text has a mark in its place.

    The original is encrypted and only kept for some days (setting `secret_days`): for whoever has
    to say which key it was. `fingerprint` is a keyed hash: it tells the same one again, and says
    nothing to anybody without the key.
    """

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="secrets")
    message = models.ForeignKey("inbox.Message", on_delete=models.CASCADE, related_name="secrets")
    # in which raw delivery it came; that is emptied with the original
    delivery = models.ForeignKey(
        "inbox.Delivery", on_delete=models.SET_NULL, null=True, blank=True, related_name="secrets"
    )
    kind = models.CharField(max_length=40)
    place = models.CharField(max_length=20)  # text · html · subject · file …
    fingerprint = models.CharField(max_length=32)
    original = EncryptedTextField(blank=True, editable=False)
    found_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # until when somebody should have confirmed that they know of it; null: nobody has to any more
    answer_due_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)
    gone_at = models.DateTimeField(null=True, blank=True)  # it stands at the source no more
    wiped_at = models.DateTimeField(null=True, blank=True)  # the original is kept no longer
    # when the source is looked at again, when it was, and why nobody could
    look_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    look_error = models.CharField(max_length=200, blank=True)
    # what takes it away at the source, once somebody has asked for that
    tidying = models.ForeignKey(
        "inbox.Outgoing", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # what tells whoever posted it: a row that waits for a yes, or an automatic answer
    said = models.ForeignKey(
        "inbox.Message", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.ForeignKey(
        "inbox.Outgoing", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "fingerprint"], name="secret_once"),
        ]
        indexes = [
            models.Index(
                fields=["answer_due_at"],
                name="secret_unanswered",
                condition=Q(answer_due_at__isnull=False),
            ),
            models.Index(fields=["expires_at"], name="secret_expiring", condition=Q(wiped_at=None)),
            models.Index(
                fields=["look_at"], name="secret_to_look_at", condition=Q(look_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} on #{self.ticket_id}"

    @property
    def label(self) -> str:
        """What it is, in words."""
        return LABELS.get(self.kind, "secret")

    @property
    def advice(self) -> str:
        """What to do about it, and where."""
        return ADVICE.get(self.kind, "")

    @property
    def told_at(self) -> datetime | None:
        """When the note to whoever posted it left; None while it waits."""
        row = self.note or (self.said.outgoing.first() if self.said else None)
        return row.sent_at if row else None
