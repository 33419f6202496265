"""What was erased, and what each night has taken: to be read only."""

from django.contrib import admin

from inbox.admin.letters import ReadOnly
from inbox.privacy.models import Erasure, RetentionRun


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnly):
    """A row a night."""

    list_display = ("day", "started_at", "done_at", "counts")
    ordering = ("-day",)


@admin.register(Erasure)
class ErasureAdmin(ReadOnly):
    """Who was let go, under which pseudonym, by whom."""

    list_display = ("contact", "by", "started_at", "done_at", "counts")
    ordering = ("-started_at",)
