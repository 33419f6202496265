"""Rotations, who stands in for whom, and follow-ups."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from inbox.admin.audited import Audited
from inbox.common.versions import bump
from inbox.followups.models import FollowUp
from inbox.oncall.models import Absence, Override, Rotation, RotationMember


class MemberInline(admin.TabularInline):
    """The order of a rotation."""

    model = RotationMember
    extra = 1


@admin.register(Rotation)
class RotationAdmin(Audited):
    """Who is on duty on which day."""

    list_display = ("key", "name", "turn", "zone", "handover", "starts_on", "roster")
    inlines = (MemberInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Tell every process, once the members are stored too."""
        super().save_related(request, form, formsets, change)
        bump("rotations")


class _Bumping(Audited):
    """Rows that every process keeps: saving and deleting them says so."""

    stamp = "rotations"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Tell every process."""
        super().save_model(request, obj, form, change)
        bump(self.stamp)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Tell every process."""
        super().delete_model(request, obj)
        bump(self.stamp)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Tell every process."""
        super().delete_queryset(request, queryset)
        bump(self.stamp)


@admin.register(Override)
class OverrideAdmin(_Bumping):
    """Somebody else's time."""

    list_display = ("rotation", "user", "starts_at", "ends_at", "reason", "made_by")
    list_filter = ("rotation",)


@admin.register(Absence)
class AbsenceAdmin(_Bumping):
    """Who is away."""

    list_display = ("user", "starts_at", "ends_at", "reason")


@admin.register(FollowUp)
class FollowUpAdmin(_Bumping):
    """What happens when nobody answers; the handbook file is the easier place to write one."""

    stamp = "follow_ups"
    list_display = ("key", "label", "channels", "enabled")
    list_editable = ("enabled",)
