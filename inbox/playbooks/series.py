"""What people do with a series: write it, pause it, leave out one of its dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.text import slugify

from inbox.common import work
from inbox.playbooks import events, recurring
from inbox.playbooks.models import Event, EventState, Series
from inbox.playbooks.recurrence import Slot
from inbox.tickets.errors import NotAllowed, VerbError

WRITTEN = (
    "name", "playbook", "channel_label", "meeting_url", "calendar",
    "weekday", "time", "minutes", "every", "starts_on",
)  # fmt: skip
DATES = 8


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A date to come: an event, or a day of the rhythm that has none yet."""

    day: date
    at: datetime
    event: Event | None = None


def coming(series: Series, now: datetime) -> list[Coming]:
    """The next dates in their order; while it is paused only those that are planned."""
    cal = recurring.calendar_of(series)
    zone = ZoneInfo(cal.zone)
    rows = list(series.events.filter(starts_at__gt=now).order_by("starts_at"))
    found = [
        Coming(day=row.slot or row.starts_at.astimezone(zone).date(), at=row.starts_at, event=row)
        for row in rows
    ]
    if series.active:
        taken = {day for row in rows for day in recurring.days_of(row, zone)}
        free = (s for s in recurring.slots_of(series, cal, now) if s.day not in taken)
        found += [Coming(day=slot.day, at=slot.at) for slot in islice(free, DATES)]
    return sorted(found, key=lambda one: one.at)[: max(DATES, len(rows))]


def write(series: Series, values: Mapping[str, Any]) -> Series:
    """Keep what somebody wrote; with the next look its events follow that nobody has touched."""
    row = _lock(series) if series.pk else Series(key=_key(str(values["name"])))
    for name in WRITTEN:
        setattr(row, name, values[name])
    row.look_at = None
    row.save()
    return row


def pause(series: Series, *, call_off: bool = False) -> None:
    """No more events are made; `call_off`: what is planned does not take place either."""
    row = _lock(series)
    if not row.active:
        raise NotAllowed("It is paused already.")
    row.active = False
    row.save(update_fields=["active"])
    if call_off:
        planned = row.events.filter(state=EventState.PLANNED, starts_at__gt=work.current().now)
        for event in planned.order_by("starts_at"):
            events.call_off(event)


def resume(series: Series) -> None:
    """It goes on with its next date."""
    row = _lock(series)
    if row.active:
        raise NotAllowed("It is not paused.")
    row.active, row.look_at = True, None
    row.save(update_fields=["active", "look_at"])


def skip(series: Series, day: date) -> Event:
    """Leave out one date, though it has no event yet; `events.bring_back` takes that back."""
    row = _lock(series)
    one = next((one for one in coming(row, work.current().now) if one.day == day), None)
    if one is None:
        raise VerbError("The series has no such date.", field="day")
    if one.event is None:
        made = recurring.make(row, Slot(day=one.day, at=one.at), EventState.CANCELLED)
        Series.objects.filter(pk=row.pk).update(look_at=None)
        return made
    events.call_off(one.event)
    return one.event


def _lock(series: Series) -> Series:
    work.current()
    rows = Series.objects.select_for_update(of=("self",)).select_related("calendar", "playbook")
    return rows.get(pk=series.pk)


def _key(name: str) -> str:
    """A name for addresses that no other series has."""
    base = slugify(name)[:40] or "series"
    taken = set(Series.objects.filter(key__startswith=base).values_list("key", flat=True))
    names = [base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))]
    return next(one for one in names if one not in taken and one != "new")
