"""People, categories, tags, editable settings."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from inbox.admin.audited import Audited
from inbox.common.models import Setting
from inbox.common.versions import bump
from inbox.people.models import Contact, Identity
from inbox.privacy.policies import BadRetention
from inbox.privacy.policies import check as check_retention
from inbox.tickets.models import Category, Tag


class IdentityInline(admin.TabularInline):
    """The addresses and accounts of a contact."""

    model = Identity
    fk_name = "contact"
    extra = 0
    fields = ("kind", "external_id", "handle", "verified", "user", "unreachable_reason")
    readonly_fields = ("kind", "external_id")


@admin.register(Contact)
class ContactAdmin(Audited):
    """Humans."""

    list_display = ("name", "champion", "created_at")
    fields = ("name", "champion")
    readonly_fields = ("champion",)  # named on the person's page, with a reason
    search_fields = ("name", "identities__external_id")
    inlines = (IdentityInline,)


class SettingForm(forms.ModelForm):
    """A setting whose shape is checked where it has one."""

    class Meta:
        model = Setting
        fields = ["name", "value"]

    def clean(self) -> dict[str, Any]:
        """Raises `ValidationError` for a retention that cannot be meant."""
        data = super().clean() or {}
        if data.get("name", self.instance.name) == "retention":
            try:
                check_retention(data.get("value"))
            except BadRetention as error:
                raise forms.ValidationError(str(error)) from error
        return data


@admin.register(Setting)
class SettingAdmin(Audited):
    """Editable values: pleasantries, quiet hours, caps."""

    form = SettingForm
    list_display = ("name", "value")

    def save_model(self, request: HttpRequest, obj: Setting, form: Any, change: Any) -> None:
        """Tell every process."""
        super().save_model(request, obj, form, change)
        bump("settings")


admin.site.register([Category, Tag], Audited)
