"""Notices: what one person, or one address, is told once."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Notice(models.Model):
    """Something that staff should know. `key` makes it once; `not_before` keeps nights quiet (S78).

    A notice to a person stands on the desk, and goes out by mail where they asked for it. One
    without a person goes to an address or a channel.
    """

    key = models.CharField(max_length=120, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="notices",
    )
    address = models.CharField(max_length=250, blank=True)
    ticket = models.ForeignKey(
        "inbox.Ticket", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=30)
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    made_at = models.DateTimeField()
    not_before = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    # some are told by mail or message alone
    on_desk = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="notice_has_a_reader", condition=Q(user__isnull=False) | ~Q(address="")
            )
        ]
        indexes = [
            models.Index(
                fields=["not_before"], name="notice_untold", condition=Q(told_at__isnull=True)
            ),
            models.Index(
                fields=["user", "-id"], name="notice_unread", condition=Q(read_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.text
