"""Series of events: their rhythm, pausing them, and leaving out one date."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from inbox import pipeline
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.playbooks import events, recurring, series
from inbox.playbooks.models import Event, Playbook, Series
from inbox.tickets.errors import VerbError
from inbox.web.guard import entered
from inbox.web.page import page

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class SeriesForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A series as the page writes it."""

    weekday = forms.TypedChoiceField(label="Day", coerce=int, choices=list(enumerate(DAYS)))
    every = forms.IntegerField(label="Every how many weeks", min_value=1, max_value=52)
    minutes = forms.IntegerField(label="Minutes", min_value=1, max_value=1440)
    meeting_url = forms.URLField(
        label="Link to join", required=False, max_length=500, assume_scheme="https"
    )

    class Meta:
        model = Series
        fields = series.WRITTEN
        labels = {
            "time": "Begins at",
            "channel_label": "Channel, where it is announced",
            "calendar": "Calendar, for its zone and closed days",
            "starts_on": "Weeks are counted from",
        }
        widgets = {
            "time": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "starts_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["playbook"].queryset = Playbook.objects.filter(active=True)  # type: ignore[attr-defined]  # it is a choice of models
        for field in self.fields.values():
            field.widget.attrs["class"] = "select" if hasattr(field, "choices") else "input"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, key: str = "") -> HttpResponse:
    """One series, or a new one; a mistake comes back with what was written."""
    user, row = entered(request), _row(key) if key else Series()
    form = SeriesForm(request.POST or None, instance=row)
    if request.method != "POST":
        return _page(request, row, form)
    old = _told(row)
    if not form.is_valid():
        return _page(request, _row(key) if key else Series(), form)
    with pipeline.change(Actor.user(user)):
        row = series.write(row, form.cleaned_data)
        audit.record(user, "series.changed", row.key, old=old, new=_told(row), request=request)
    _look(row)
    messages.success(request, f"“{row.name}” is kept. Dates that nobody has touched have moved.")
    return HttpResponseRedirect(reverse("series", args=[row.key]))


def _row(key: str) -> Series:
    return get_object_or_404(Series.objects.select_related("calendar", "playbook"), key=key)


def _told(row: Series) -> dict[str, str]:
    """What stands in the audit log."""
    return {name: str(getattr(row, name) or "") for name in series.WRITTEN} if row.pk else {}


def _look(row: Series) -> None:
    """What the clockwork would do in a moment."""
    now = timezone.now()
    with pipeline.change(Actor.system("playbooks"), now=now):
        recurring.look(row.pk, now)


def _page(request: HttpRequest, row: Series, form: SeriesForm) -> HttpResponse:
    context = {
        "series": row,
        "form": form,
        "zone_of_series": recurring.calendar_of(row).zone,
        "coming": series.coming(row, timezone.now()) if row.pk else [],
    }
    return page(request, "playbooks/series.html", context, status=422 if form.errors else 200)


# ------------------------------------------------------------------ buttons


def _pause(row: Series, data: QueryDict) -> str:
    series.pause(row, call_off=bool(data.get("call_off")))
    return "It is paused: no more events are made."


def _resume(row: Series, data: QueryDict) -> str:
    series.resume(row)
    return "It goes on."


def _skip(row: Series, data: QueryDict) -> str:
    try:
        day = date.fromisoformat(data.get("day", ""))
    except ValueError:
        raise VerbError("The series has no such date.", field="day") from None
    series.skip(row, day)
    return f"{day:%Y-%m-%d} is left out. You can bring it back."


def _back(row: Series, data: QueryDict) -> str:
    number = data.get("event", "")
    pk = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
    event = get_object_or_404(Event, series=row, pk=pk)
    events.bring_back(event)
    return "It takes place."


VERBS: dict[str, Callable[[Series, QueryDict], str]] = {
    "pause": _pause,
    "resume": _resume,
    "skip": _skip,
    "back": _back,
}


@login_required
@require_POST
def act(request: HttpRequest, key: str, verb: str) -> HttpResponse:
    """One of the buttons of a series."""
    user, row, do = entered(request), _row(key), VERBS.get(verb)
    if do is None:
        raise Http404
    try:
        with pipeline.change(Actor.user(user)):
            said = do(row, request.POST)
            audit.record(user, f"series.{verb}", row.key, request=request)
    except VerbError as error:
        messages.error(request, error.text)
    else:
        _look(row)
        messages.success(request, said)
    return HttpResponseRedirect(reverse("series", args=[row.key]))
