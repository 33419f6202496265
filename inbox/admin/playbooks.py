"""Playbooks as the YAML that the handbook has, checked when they are saved; series of events."""

from typing import Any

import yaml
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from inbox.admin.audited import Audited
from inbox.common.versions import bump
from inbox.playbooks import attending
from inbox.playbooks.definition import BadPlaybook, template_from
from inbox.playbooks.models import Event, Playbook, Run, Series
from inbox.playbooks.starting import STAMP

ADDRESSES: Any = {models.URLField: {"assume_scheme": "https"}}


class PlaybookForm(forms.ModelForm):
    """The definition says everything; key, name and summary are read out of it."""

    text = forms.CharField(
        label="Definition (YAML)",
        widget=forms.Textarea(attrs={"rows": 40, "cols": 100, "spellcheck": "false"}),
        strip=False,
    )

    class Meta:
        model = Playbook
        fields = ("active",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            given = self.instance.definition
            self.initial["text"] = yaml.safe_dump(given, sort_keys=False, allow_unicode=True)

    def clean_text(self) -> str:
        """Read it, and say where it is wrong."""
        text = str(self.cleaned_data["text"])
        try:
            data = yaml.safe_load(text)
            template = template_from(data if isinstance(data, dict) else {})
        except yaml.YAMLError as error:
            raise ValidationError(f"This is not YAML: {error}") from error
        except BadPlaybook as error:
            raise ValidationError(str(error)) from error
        others = Playbook.objects.filter(key=template.key).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(f"There is another playbook “{template.key}”.")
        self.instance.key, self.instance.name = template.key, template.name[:120]
        self.instance.summary, self.instance.definition = template.summary[:500], data
        return text


@admin.register(Playbook)
class PlaybookAdmin(Audited):
    """Templates; a run keeps what it was started with."""

    form = PlaybookForm
    list_display = ("name", "key", "active")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Tell every process which events start one."""
        super().save_model(request, obj, form, change)
        bump(STAMP)

    def has_delete_permission(self, request: HttpRequest, obj: Playbook | None = None) -> bool:
        """What has been followed stays, switched off; its runs name it."""
        if obj is not None and Run.objects.filter(playbook=obj).exists():
            return False
        return super().has_delete_permission(request, obj)


@admin.register(Series)
class SeriesAdmin(Audited):
    """Events that come again."""

    formfield_overrides = ADDRESSES
    list_display = ("name", "key", "playbook", "weekday", "time", "every", "active")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Its events follow with the next tick."""
        obj.look_at = None
        super().save_model(request, obj, form, change)


@admin.register(Event)
class EventAdmin(Audited):
    """Single events; the desk's own pages are the better place, and move the runs along."""

    formfield_overrides = ADDRESSES
    list_display = ("title", "series", "starts_at", "state")
    list_filter = ("series", "state")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Event | None = None
    ) -> tuple[str, ...]:
        """Runs hang on these: they change where their runs follow."""
        return ("series", "starts_at", "ends_at", "state") if obj else ("state",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Who was there may have changed after it was over."""
        super().save_model(request, obj, form, change)
        attending.took_part(obj)
