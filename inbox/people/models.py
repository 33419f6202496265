"""Contacts (a human) and Identities (an account or address in one system)."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from inbox.people.likeness import IdentityKey, Proposal, ProposalState
from inbox.people.records import (
    Championship,
    ContactNote,
    PeopleExport,
    PeopleImport,
    PeopleImportRow,
    PeopleImportText,
    PersonEvent,
    RowKind,
    TakenLine,
)
from inbox.people.traces import EVENT, Activity, Trait, TraitKind

__all__ = [
    "EVENT",
    "NEVER",
    "Activity",
    "Championship",
    "Contact",
    "ContactNote",
    "Identity",
    "IdentityKey",
    "PeopleExport",
    "PeopleImport",
    "PeopleImportRow",
    "PeopleImportText",
    "PersonEvent",
    "Proposal",
    "ProposalState",
    "RowKind",
    "TakenLine",
    "Trait",
    "TraitKind",
]

STANDS = Q(merged_into__isnull=True)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # nobody heard them: they came with a list


class Contact(models.Model):
    """A human being, as far as we know.

    Merging hides a contact behind another and moves nothing but its identities, each of which
    remembers its `home`: so every merge can be taken back, in any order, exactly.
    """

    name = models.CharField(max_length=250, blank=True)
    # whether any of those merged here is a champion: kept by `standing.freshen`
    champion = models.BooleanField(default=False)
    # where a merged contact went, and who stands for it now; both none: it stands for itself
    merged_into = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="merged_from"
    )
    root = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="whole"
    )
    # the newest message of any identity; of somebody new the moment they came
    last_heard_at = models.DateTimeField(default=timezone.now)
    # what they want to be called in public, by which they are thanked (S85)
    alias = models.CharField(max_length=120, blank=True)
    # none: what they did has to be added up (again)
    counted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="contact_merged_has_root",
                condition=Q(merged_into=None, root=None)
                | Q(merged_into__isnull=False, root__isnull=False),
            )
        ]
        indexes = [
            models.Index(fields=["-last_heard_at", "-id"], name="contact_heard", condition=STANDS),
            models.Index(
                fields=["-last_heard_at", "-id"],
                name="contact_champion",
                condition=STANDS & Q(champion=True),
            ),
            models.Index(
                fields=["id"], name="contact_uncounted", condition=Q(counted_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"Contact {self.pk}"

    @property
    def heard_at(self) -> datetime | None:
        """When they were last heard; none: never."""
        return self.last_heard_at if self.last_heard_at > NEVER else None


class Identity(models.Model):
    """One address or account. `external_id` never changes; the handle may.

    An e-mail address is a claim, not a proof: `verified` says that somebody proved it.
    """

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="identities")
    # whose it was before merges brought it here; none: it belongs to `contact` itself
    home = models.ForeignKey(
        Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=20)
    realm = models.CharField(max_length=100)
    external_id = models.CharField(max_length=250)
    handle = models.CharField(max_length=250, blank=True)
    name = models.CharField(max_length=250, blank=True)
    # the address in the account's profile, in lower case; the vendor's word, no more
    email = models.CharField(max_length=250, blank=True)
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
    heard_at = models.DateTimeField(null=True, blank=True)
    # none: what it is found and compared by has to be made (again)
    looked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "realm", "external_id"], name="identity_once_per_realm"
            )
        ]
        indexes = [
            models.Index(
                fields=["id"], name="identity_unlooked", condition=Q(looked_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How the person is called where only this identity is known."""
        return self.name or self.handle or self.external_id

    @property
    def person_name(self) -> str:
        """How the person is called."""
        return self.contact.name or self.label
