"""Channels: settings to read and change, secrets only to write."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from inbox.admin.audited import Audited
from inbox.channels import directory, registry, sources, use
from inbox.channels.contract import ConfigError
from inbox.channels.models import Channel, Source, SourceGroup
from inbox.common.versions import bump
from inbox.mirrors.models import MirrorTarget


class ChannelForm(forms.ModelForm):
    """Each documented setting is a field of its own."""

    class Meta:
        model = Channel
        fields = ["kind", "key", "label", "active", "purpose", "policy", "owner", "owner_on_duty"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"] = forms.ChoiceField(
            choices=[(name, kind.label) for name, kind in registry.all_kinds().items()]
        )
        self.specs = {s.name: s for k in registry.all_kinds().values() for s in k.all_settings}
        secrets = self.instance.secrets if self.instance.pk else {}
        for name, spec in self.specs.items():
            field = forms.CharField(required=False, help_text=spec.help)
            if spec.secret:
                field.widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
                known = secrets.get(name, "")
                field.help_text += f" (kept, ends in …{known[-4:]})" if len(known) > 8 else ""
            else:
                field.initial = self.instance.settings.get(name, "") if self.instance.pk else ""
            self.fields[f"set_{name}"] = field

    def clean(self) -> dict[str, Any]:
        """Settings that can work; an empty secret keeps the old one."""
        data = super().clean() or {}
        secrets = self.instance.secrets if self.instance.pk else {}
        settings = dict(self.instance.settings or {})
        known = registry.all_kinds().get(data.get("kind", ""))
        own = {spec.name for spec in known.all_settings} if known else set()
        for name, spec in self.specs.items():
            if name not in own:
                continue
            value = data.get(f"set_{name}", "")
            if spec.secret and value:
                secrets[name] = value
            elif not spec.secret:
                settings[name] = value
        if data.get("active") and self.instance.disconnected_at is not None:
            raise forms.ValidationError("It is disconnected: connect it again on its own page.")
        self.instance.settings = {name: value for name, value in settings.items() if value}
        self.instance.secrets_text = json.dumps(secrets)
        self.instance.kind, self.instance.key = data.get("kind", ""), data.get("key", "")
        try:
            registry.get(self.instance.kind).validate(self.instance.config)
        except (ConfigError, registry.UnknownKind) as error:
            raise forms.ValidationError(str(error)) from error
        return data


@admin.register(Channel)
class ChannelAdmin(Audited):
    """Connections and their health."""

    form = ChannelForm
    list_display = ("__str__", "label", "active", "policy", "health", "health_text", "last_in_at")
    readonly_fields = ("webhook_url", "health", "health_text", "last_in_at", "last_out_at")

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """Head, settings, health."""
        settings = [f"set_{s.name}" for k in registry.all_kinds().values() for s in k.all_settings]
        return [
            (None, {"fields": ChannelForm.Meta.fields}),
            ("Settings", {"fields": list(dict.fromkeys(settings))}),
            ("Health", {"fields": list(self.readonly_fields)}),
        ]

    def get_form(
        self,
        request: HttpRequest,
        obj: Any | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        """The form with its own fields."""
        kwargs["fields"] = ChannelForm.Meta.fields
        return super().get_form(request, obj, change, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Channel | None = None) -> bool:
        """Settings are changed by those who use the connection (S34)."""
        mine = obj is None or use.may_use(obj, request.user.pk or 0)
        return mine and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Channel | None = None) -> bool:
        """The same."""
        mine = obj is None or use.may_use(obj, request.user.pk or 0)
        return mine and bool(super().has_delete_permission(request, obj))

    @admin.display(description="Webhook address")
    def webhook_url(self, channel: Channel) -> str:
        """Where a provider posts to."""
        return channel.config.webhook_url if channel.key else ""

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: Any) -> None:
        """Tell this process at once; others notice in seconds."""
        super().save_model(request, obj, form, change)
        directory.forget()


class SourceGroupForm(forms.ModelForm):
    """What each field of a group does."""

    class Meta:
        model = SourceGroup
        fields = ["name", "policy", "owner", "announce_to"]
        help_texts = {
            "policy": "The promise for what comes from these places; none is best effort.",
            "owner": "Who gets what comes from these places.",
            "announce_to": "Where new items are announced, such as #core-issues; empty: nowhere.",
        }


class SourceForm(forms.ModelForm):
    """What a place may set, checked."""

    class Meta:
        model = Source
        fields = ["channel", "external_key", "label", "group", "settings"]
        help_texts = {
            "external_key": "A repository, channel or mailbox; a pattern such as example/tap-* "
            "gives its group and settings to every place that it matches.",
            "settings": 'tags: which tags release which folder, {"tags": {"v*": "packages/core"}}. '
            'upgrade: how people get a release, {"upgrade": "pip install core=={version}"}.',
        }

    def clean_settings(self) -> dict[str, Any]:
        """Only names and shapes that something reads."""
        settings = self.cleaned_data["settings"]
        if not isinstance(settings, dict):
            raise forms.ValidationError("Settings are pairs of a name and a value.")
        try:
            sources.check_settings(settings)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return settings


class PlaceAdmin(Audited):
    """Rows that every process keeps in memory."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Tell every process."""
        super().save_model(request, obj, form, change)
        bump("sources")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Tell every process."""
        super().delete_model(request, obj)
        bump("sources")

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Tell every process."""
        super().delete_queryset(request, queryset)
        bump("sources")


@admin.register(SourceGroup)
class SourceGroupAdmin(PlaceAdmin):
    """Sources that share a promise."""

    form = SourceGroupForm
    list_display = ("name", "policy", "owner", "announce_to")


@admin.register(Source)
class SourceAdmin(PlaceAdmin):
    """Places inside a connection."""

    form = SourceForm
    list_display = ("__str__", "channel", "group")
    list_filter = ("channel", "group")
    search_fields = ("external_key", "label")


@admin.register(MirrorTarget)
class MirrorTargetAdmin(Audited):
    """Where the team is asked: by topic (a category) the one who knows it, else the fallback."""

    list_display = ("channel", "purpose", "place", "topic", "mention")
    list_filter = ("purpose",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Tell every process."""
        super().save_model(request, obj, form, change)
        bump("mirrors")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Tell every process."""
        super().delete_model(request, obj)
        bump("mirrors")
