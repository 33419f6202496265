"""The audit log: who did what to the installation. Rows are added and never changed."""

from django.db import models


class AuditEntry(models.Model):
    """One thing that was done. Each row seals the one before it, so a gap or a change shows.

    No foreign keys: an account that is deleted must not change what is written of it.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    user_pk = models.BigIntegerField(null=True, blank=True)
    # the account's name at that time, or what acted by itself: "command line", "nobody"
    actor = models.CharField(max_length=150)
    what = models.CharField(max_length=60)
    target = models.CharField(max_length=250, blank=True)
    old = models.JSONField(null=True, blank=True)
    new = models.JSONField(null=True, blank=True)
    address = models.CharField(max_length=45, blank=True)
    previous = models.CharField(max_length=64, blank=True)
    seal = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["actor", "-number"], name="audit_actor"),
            models.Index(fields=["what", "-number"], name="audit_what"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.actor}: {self.what} {self.target}".rstrip()
