"""Contacts (a human) and Identities (an account or address in one system)."""

from django.conf import settings
from django.db import models


class Contact(models.Model):
    """A human being, as far as we know. Merging moves identities and can be undone."""

    name = models.CharField(max_length=250, blank=True)
    champion = models.BooleanField(default=False)
    notes = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name or f"Contact {self.pk}"


class Identity(models.Model):
    """One address or account. `external_id` never changes; the handle may.

    An e-mail address is a claim, not a proof: `verified` says that somebody proved it.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="identities")
    kind = models.CharField(max_length=20)
    realm = models.CharField(max_length=100)
    external_id = models.CharField(max_length=250)
    handle = models.CharField(max_length=250, blank=True)
    name = models.CharField(max_length=250, blank=True)
    verified = models.BooleanField(default=False)
    timezone = models.CharField(max_length=64, blank=True)
    utc_offset_minutes = models.SmallIntegerField(null=True, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="identities",
    )
    member_kind = models.CharField(max_length=20, blank=True)
    unreachable_reason = models.CharField(max_length=250, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "realm", "external_id"], name="identity_once_per_realm"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How the person is called where only this identity is known."""
        return self.name or self.handle or self.external_id


class ContactMerge(models.Model):
    """A merge of two contacts and how to undo it."""

    kept = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    merged_name = models.CharField(max_length=250, blank=True)
    identity_ids = models.JSONField(default=list)
    merged_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)

    def __str__(self) -> str:
        return f"{self.merged_name} into {self.kept}"
