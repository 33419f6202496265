"""People, categories, tags, editable settings."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from inbox.common.models import Setting
from inbox.common.versions import bump
from inbox.people.models import Contact, Identity
from inbox.tickets.models import Category, Tag


class IdentityInline(admin.TabularInline):
    """The addresses and accounts of a contact."""

    model = Identity
    extra = 0
    fields = ("kind", "external_id", "handle", "verified", "user", "unreachable_reason")
    readonly_fields = ("kind", "external_id")


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin):
    """Humans."""

    list_display = ("name", "champion", "created_at")
    search_fields = ("name", "identities__external_id")
    inlines = (IdentityInline,)


@admin.register(Setting)
class SettingAdmin(admin.ModelAdmin):
    """Editable values: pleasantries, quiet hours, caps."""

    list_display = ("name", "value")

    def save_model(self, request: HttpRequest, obj: Setting, form: Any, change: Any) -> None:
        """Tell every process."""
        super().save_model(request, obj, form, change)
        bump("settings")


admin.site.register(Category)
admin.site.register(Tag)
