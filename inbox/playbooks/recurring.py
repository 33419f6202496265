"""Series make their own events: in time for the first step of their playbook, with its run.

A series is looked at every few minutes and whenever it was edited, under its row lock: what is
missing is made, what nobody has touched follows the series, everything else stays as it is.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from inbox.accounts.models import User
from inbox.calendars import services as calendars
from inbox.calendars.clock import ALWAYS, BusinessCalendar
from inbox.common.crash import point
from inbox.playbooks import schedule, services
from inbox.playbooks.models import Event, EventState, Playbook, Run, RunState, Series
from inbox.playbooks.recurrence import Rhythm, Slot, slots
from inbox.playbooks.running import BY_ITSELF
from inbox.playbooks.shapes import BadPlaybook, Template

AGAIN = timedelta(minutes=10)  # until a series is looked at anew
AHEAD = timedelta(days=1)  # an event is there so long before its first step is due
# what somebody fills in for one event only; a series leaves all of it empty
OWN = ("stream_url", "agenda", "people", "links")


def due_ids(now: datetime) -> list[int]:
    """Active series that are to be looked at."""
    rows = Series.objects.filter(Q(look_at=None) | Q(look_at__lte=now), active=True)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def look(pk: int, now: datetime) -> bool:
    """Bring a series' coming events up to date. False when somebody else just did."""
    rows = Series.objects.select_for_update(of=("self",)).filter(pk=pk, active=True)
    series = rows.select_related("calendar", "playbook").first()
    if series is None or (series.look_at is not None and series.look_at > now):
        return False
    _Look(series, now).go()
    point("series_in_look")
    return True


def calendar_of(series: Series) -> BusinessCalendar:
    """Whose zone and closed days count."""
    return (calendars.named(series.calendar.key) if series.calendar else None) or ALWAYS


def first_day(series: Series, zone: ZoneInfo, today: date) -> date:
    """From where weeks are counted: its first event, however that was made."""
    begun = series.events.order_by("starts_at").values_list("starts_at", flat=True).first()
    return begun.astimezone(zone).date() if begun else today


def slots_of(series: Series, cal: BusinessCalendar, after: datetime) -> Iterator[Slot]:
    """When it takes place after a moment."""
    zone = ZoneInfo(cal.zone)
    rhythm = Rhythm(
        weekday=series.weekday,
        at=time.fromisoformat(series.time),
        every=series.every,
        first=series.starts_on or first_day(series, zone, after.astimezone(zone).date()),
    )
    return slots(rhythm, cal, after)


def days_of(event: Event, zone: ZoneInfo) -> set[date]:
    """The days that an event stands for: its own, and the one that it was made for."""
    own = event.starts_at.astimezone(zone).date()
    return {own, event.slot} if event.slot else {own}


def fields_of(series: Series, slot: Slot) -> dict[str, Any]:
    """What its event of a day says."""
    return {
        "title": series.name or series.key,
        "starts_at": slot.at,
        "ends_at": slot.at + timedelta(minutes=series.minutes),
        "meeting_url": series.meeting_url,
    }


def make(series: Series, slot: Slot, state: EventState = EventState.PLANNED) -> Event:
    """Its event of a day."""
    fields = fields_of(series, slot)
    return series.events.create(**fields, slot=slot.day, made_as=_said(fields), state=state)


class _Look:
    """One series at one moment."""

    def __init__(self, series: Series, now: datetime) -> None:
        self.series, self.now = series, now
        self.cal = calendar_of(series)
        self.zone = ZoneInfo(self.cal.zone)
        self.template = _template(series.playbook)

    def go(self) -> None:
        today = self.now.astimezone(self.zone).date()
        # the first one says from where weeks are counted, so it is kept once it is known
        self.series.starts_on = self.series.starts_on or first_day(self.series, self.zone, today)
        # an event that was moved still stands for the day that it was made for
        around = Q(slot__gte=today) | Q(starts_at__gt=self.now - timedelta(days=2))
        known = list(self.series.events.select_for_update().filter(around).order_by("starts_at"))
        coming = [event for event in known if event.starts_at > self.now]
        free = [event for event in coming if _is_untouched(event)]
        taken = set(chain.from_iterable(days_of(e, self.zone) for e in known if e not in free))
        self._follow(free, taken)
        self._add(coming, taken | {event.slot for event in free if event.slot})
        soon = min((event.starts_at for event in coming), default=self.now + AGAIN)
        self.series.look_at = min(soon, self.now + AGAIN)
        self.series.save(update_fields=["starts_on", "look_at"])

    def _slots(self) -> Iterator[Slot]:
        return slots_of(self.series, self.cal, self.now)

    def _follow(self, events: Iterable[Event], taken: set[date]) -> None:
        """Events that nobody has touched are as the series is now, with their runs."""
        open_days = {slot.day: slot for slot in self._slots() if slot.day not in taken}
        rest = list(events)
        held = [event for event in rest if event.slot in open_days]
        places = {event.pk: open_days.pop(event.slot) for event in held if event.slot}
        left = iter(open_days.values())
        for event in rest:
            slot = places.get(event.pk) or next(left, None)
            if slot is not None:
                self._move(event, slot)

    def _move(self, event: Event, slot: Slot) -> None:
        fields = fields_of(self.series, slot)
        if (event.slot, event.made_as) == (slot.day, _said(fields)):
            self._run(event)
            return
        _put(event, {**fields, "slot": slot.day, "made_as": _said(fields)})
        event.save()
        for run in event.runs.filter(state=RunState.RUNNING):
            Run.objects.filter(pk=run.pk).update(title=event.title)
            if run.anchor_at != event.starts_at:
                services.reschedule(run, anchor_at=event.starts_at)
        self._run(event)

    def _add(self, coming: list[Event], taken: set[date]) -> None:
        """The next one is always there; later ones once their first step comes near."""
        for slot in self._slots():
            if slot.day in taken:
                continue
            planned = [event for event in coming if event.state == EventState.PLANNED]
            is_next = not any(event.starts_at <= slot.at for event in planned)
            if not is_next and self._begins(slot) - AHEAD > self.now:
                return
            event = make(self.series, slot)
            self._run(event)
            coming.append(event)

    def _begins(self, slot: Slot) -> datetime:
        """When the first step before it is due."""
        steps = self.template.steps if self.template else ()
        key = self.template.calendar if self.template else ""
        cal = (calendars.named(key) if key else None) or self.cal
        found = (schedule.due(s.at, anchor=slot.at, started=slot.at, cal=cal) for s in steps)
        return min((at for at in found if at is not None), default=slot.at)

    def _run(self, event: Event) -> None:
        """Its run, once; the parts are those of the last one, as far as these are still there."""
        playbook, template = self.series.playbook, self.template
        if playbook is None or template is None or event.runs.exists():
            return
        last = Run.objects.filter(event__series=self.series, playbook=playbook)
        before = last.order_by("-anchor_at", "-pk").first()
        services.start(
            playbook=playbook,
            anchor_at=event.starts_at,
            roles=_roles(template, before) if before else {},
            values=_values(template, before) if before else {},
            event=event,
            once=f"event:{event.pk}",
        )


def _template(playbook: Playbook | None) -> Template | None:
    """None where nothing can be followed: the events come all the same."""
    if playbook is None or not playbook.active:
        return None
    try:
        return playbook.template
    except BadPlaybook:
        return None


def _roles(template: Template, last: Run) -> dict[str, int]:
    known = {role.key for role in template.roles}
    there = User.objects.filter(pk__in=last.roles.values(), is_active=True)
    people = set(there.values_list("pk", flat=True))
    return {key: pk for key, pk in last.roles.items() if key in known and pk in people}


def _values(template: Template, last: Run) -> dict[str, Any]:
    """Plain words such as the product's name stay; links, lists and people are of one event."""
    plain = {one.key for one in template.fields if one.kind == "text"}
    return {key: value for key, value in last.values.items() if key in plain and value}


def _said(fields: dict[str, Any]) -> dict[str, str]:
    """What the clockwork wrote, to be compared with what stands there later."""
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
        for name, value in fields.items()
    }


def _put(event: Event, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(event, name, value)


def _is_untouched(event: Event) -> bool:
    """Whether it stands as it was made, and nobody did anything in its run."""
    if event.slot is None or event.state != EventState.PLANNED:
        return False
    if _said({name: getattr(event, name) for name in event.made_as}) != event.made_as:
        return False
    if any(getattr(event, name) for name in OWN) or event.event_tickets.exists():
        return False
    by_people = Q(started_by__isnull=False) | Q(entries__actor_user__isnull=False)
    by_people |= ~Q(state=RunState.RUNNING) | Q(entries__kind=BY_ITSELF)  # it is announced
    return not event.runs.filter(by_people).exists()
