"""Rotations."""

from django.contrib import admin

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
