"""Policies and calendars. A calendar is edited by making a new version."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from inbox.admin.audited import Audited
from inbox.calendars.clock import DAYS, BusinessCalendar, read_interval
from inbox.calendars.models import Calendar
from inbox.calendars.services import save_calendar
from inbox.common.versions import bump
from inbox.sla.models import Policy


@admin.register(Policy)
class PolicyAdmin(Audited):
    """What is promised."""

    list_display = (
        "key",
        "name",
        "soft",
        "calendar",
        "first_response_amount",
        "first_response_unit",
    )

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: Any) -> None:
        """Tell every process."""
        super().save_model(request, obj, form, change)
        bump("policies")


class CalendarForm(forms.ModelForm):
    """Open hours in words: `09:00-13:00, 14:00-18:00` for each weekday."""

    zone = forms.CharField(initial="UTC")
    holidays = forms.CharField(required=False, help_text="countries, like PT or DE-BY, with commas")
    closed = forms.CharField(required=False, help_text="days, like 2026-12-24, with commas")

    feed_url = forms.URLField(
        required=False,
        assume_scheme="https",
        help_text="an iCal feed whose all-day events are closed days",
    )

    class Meta:
        model = Calendar
        fields = ["key", "name", "feed_url"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        last = self.instance.versions.order_by("-version").first() if self.instance.pk else None
        for day in DAYS:
            hours = ", ".join(last.week.get(day, [])) if last else ""
            self.fields[day] = forms.CharField(required=False, initial=hours)
        if last:
            self.initial.update(
                zone=last.zone, holidays=", ".join(last.holidays), closed=", ".join(last.closed)
            )

    def week(self) -> dict[str, list[str]]:
        """The week as the handbook writes it."""
        return {day: _list(self.cleaned_data[day]) for day in DAYS if self.cleaned_data.get(day)}

    def clean(self) -> dict[str, Any]:
        """Hours that can be read."""
        data = super().clean() or {}
        try:
            for spans in self.week().values():
                for span in spans:
                    read_interval(span)
            BusinessCalendar.from_week(data.get("zone", "UTC"), self.week())
        except (ValueError, KeyError) as error:
            raise forms.ValidationError(str(error)) from error
        return data


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@admin.register(Calendar)
class CalendarAdmin(Audited):
    """Business hours; running clocks keep the version they were started with."""

    form = CalendarForm
    list_display = ("key", "name", "feed_url", "feed_at", "feed_error")

    def get_fieldsets(self, request: HttpRequest, obj: Calendar | None = None) -> Any:
        """Head, week, days off."""
        return [
            (None, {"fields": ["key", "name", "zone"]}),
            ("Open hours", {"fields": list(DAYS)}),
            ("Closed", {"fields": ["holidays", "closed", "feed_url"]}),
        ]

    def get_form(
        self,
        request: HttpRequest,
        obj: Any | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        """The form with its own fields."""
        kwargs["fields"] = CalendarForm.Meta.fields
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Calendar, form: Any, change: Any) -> None:
        """A new version where something differs."""
        data = form.cleaned_data
        saved = save_calendar(
            key=obj.key,
            name=obj.name,
            zone=data["zone"],
            week=form.week(),
            holidays=_list(data["holidays"]),
            closed=_list(data["closed"]),
            feed_url=data["feed_url"],
        )
        obj.pk = saved.pk
