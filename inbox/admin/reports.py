"""The state of the reports, and the button that has them counted anew."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from inbox.admin.audited import Audited
from inbox.reports import services
from inbox.reports.models import ReportProgress


@admin.register(ReportProgress)
class ReportProgressAdmin(Audited):
    """One row, made by the job that keeps the figures."""

    list_display = ("__str__", "built_to", "renewed_at")
    actions = ("count_anew",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The job makes it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing to edit; the action asks for the view permission and this one to be listed."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It says what is done already."""
        return False

    @admin.action(description="Count all figures anew", permissions=["change"])
    def count_anew(self, request: HttpRequest, queryset: QuerySet[ReportProgress]) -> None:
        """Forget the figures; the job builds them from the tickets' events, a batch at a time."""
        services.rebuild()
        self.message_user(request, "All figures are being counted anew from the tickets’ events.")
