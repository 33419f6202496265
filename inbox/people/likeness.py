"""What identities are found and compared by, and who may be the same person as whom."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

# PostgreSQL looks up beginnings of words only in an index that ignores the language's order
BEGINNINGS = "varchar_pattern_ops"


class KeyKind(models.TextChoices):
    """What a key is made of."""

    WORD = "word", "A word of a name or handle"
    PART = "part", "A word of an address"
    ADDRESS = "address", "A whole address"
    HANDLE = "handle", "A handle, or what stands before the @"
    NAME = "name", "A full name"


class IdentityKey(models.Model):
    """One thing by which an identity is found or meets another; folded, made by the sweep."""

    identity = models.ForeignKey("inbox.Identity", on_delete=models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=8, choices=KeyKind.choices)
    value = models.CharField(max_length=120)
    backwards = models.CharField(max_length=120, blank=True)  # of words: typos meet at either end

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity", "kind", "value"], name="key_once")
        ]
        indexes = [
            models.Index(
                fields=["kind", "value"], name="key_value", opclasses=[BEGINNINGS, BEGINNINGS]
            ),
            models.Index(
                fields=["kind", "backwards"],
                name="key_backwards",
                opclasses=[BEGINNINGS, BEGINNINGS],
                condition=~Q(backwards=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class ProposalState(models.TextChoices):
    """A proposal is open until somebody says no; a yes is a merge, and can be taken back."""

    OPEN = "open", "Open"
    APART = "apart", "Different people"


class Proposal(models.Model):
    """Two identities that may be one person's, with the reasons. It never merges anything (L23).

    About identities, not contacts: a “no” stays true whatever is merged or split later.
    """

    one = models.ForeignKey("inbox.Identity", on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey("inbox.Identity", on_delete=models.CASCADE, related_name="+")
    score = models.PositiveSmallIntegerField()  # per cent
    reasons = models.JSONField(default=list)  # [[code, value], …]
    state = models.CharField(
        max_length=5, choices=ProposalState.choices, default=ProposalState.OPEN
    )
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="proposal_once"),
            models.CheckConstraint(name="proposal_in_order", condition=Q(one__lt=F("other"))),
        ]
        indexes = [
            models.Index(fields=["-score", "id"], name="proposal_open", condition=Q(state="open"))
        ]

    def __str__(self) -> str:
        return f"{self.one_id} and {self.other_id}: {self.score} %"
