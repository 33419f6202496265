"""Secrets that came in: what they are and what became of them, never their text."""

from django.contrib import admin

from inbox.admin.letters import ReadOnly
from inbox.guard.models import Secret


@admin.register(Secret)
class SecretAdmin(ReadOnly):
    """Read only; the original is shown on its own page, for a reason."""

    list_display = (
        "label", "ticket", "place", "found_at", "acknowledged_at", "rotated_at", "gone_at",
        "looked_at", "wiped_at",
    )  # fmt: skip
    list_filter = ("kind", "place")
    list_select_related = ("ticket",)
    ordering = ("-pk",)
    fields = (
        "ticket", "message", "kind", "place", "found_at", "expires_at", "answer_due_at",
        "acknowledged_at", "rotated_at", "gone_at", "look_at", "looked_at", "look_error",
        "wiped_at",
    )  # fmt: skip
