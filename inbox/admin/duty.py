"""Rotations."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from inbox.common.versions import bump
from inbox.oncall.models import Rotation, RotationMember


class MemberInline(admin.TabularInline):
    """The order of a rotation."""

    model = RotationMember
    extra = 1


@admin.register(Rotation)
class RotationAdmin(admin.ModelAdmin):
    """Who is on duty on which day."""

    list_display = ("key", "name", "zone", "handover", "starts_on")
    inlines = (MemberInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Tell every process, once the members are stored too."""
        super().save_related(request, form, formsets, change)
        bump("rotations")
