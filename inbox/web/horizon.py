"""The horizon: every promise of the next business hours on one line, drawn by the server. Pure.

12 % of the width are for what is over, 48 % for the rest of the business day, 5 % for the closed
hours between, 27 % for the business day after it, the rest for what follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from inbox.calendars.clock import (
    ALWAYS,
    BusinessCalendar,
    business_seconds,
    closing_today,
    is_open,
    next_opening,
)

NOW, DAY_ENDS, NEXT_BEGINS, NEXT_ENDS, LATER = 12.0, 60.0, 65.0, 92.0, 98.2
MOST_TICKS = 6
GAP, MOST_GAPS = 0.8, 4  # between two pins; so many may be moved aside from one place
# state → how far down the mark and the end of its stem stand
MARKS = {"breach": (26, 32), "hour": (22, 28), "today": (28, 34), "later": (34, 40)}


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One open promise: when it is due, whose it is."""

    due_at: datetime
    owner: int | None


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One promise on the line; `x` in percent, the rest in pixels."""

    state: str
    x: str
    y: int
    stem: int
    mine: bool
    free: bool


@dataclass(frozen=True, kw_only=True)
class Tick:
    """An hour under the line."""

    x: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Horizon:
    """Everything the drawing shows, and the sentence that says the same."""

    sentence: str
    now: str
    hour_width: str
    pins: list[Pin] = field(default_factory=list)
    ticks: list[Tick] = field(default_factory=list)
    after: str = ""  # the name of the day at the right end


@dataclass(frozen=True)
class _Scale:
    """Two business days, each a piece of the line in its own business time."""

    calendar: BusinessCalendar
    now: datetime
    day: tuple[datetime, datetime]
    after: tuple[datetime, datetime]

    def place(self, at: datetime) -> float:
        """Where a moment that is still to come stands."""
        if at <= self.day[1]:
            return NOW + (DAY_ENDS - NOW) * self._share(self._begin, at, self._today)
        if at < self.after[0]:
            return (DAY_ENDS + NEXT_BEGINS) / 2
        if at <= self.after[1]:
            width = NEXT_ENDS - NEXT_BEGINS
            return NEXT_BEGINS + width * self._share(self.after[0], at, self._then)
        return LATER

    @property
    def _begin(self) -> datetime:
        return max(self.now, self.day[0])

    @cached_property
    def _today(self) -> float:
        return business_seconds(self.calendar, self._begin, self.day[1])

    @cached_property
    def _then(self) -> float:
        return business_seconds(self.calendar, *self.after)

    def _share(self, begin: datetime, at: datetime, whole: float) -> float:
        return business_seconds(self.calendar, begin, at) / whole if whole else 0.0


def draw(
    promises: Sequence[Promise],
    *,
    now: datetime,
    calendar: BusinessCalendar | None,
    zone: str,
    user: int,
) -> Horizon:
    """The horizon of these promises, seen by one person at one moment."""
    scale = _scale(calendar or ALWAYS, now)
    over = sorted((p for p in promises if p.due_at < now), key=lambda p: p.due_at)
    ahead = sorted((p for p in promises if p.due_at >= now), key=lambda p: p.due_at)
    step = (NOW - 4) / max(len(over), 3)
    pins = [_pin("breach", 2 + step * (n + 0.5), p, user) for n, p in enumerate(over)]
    places = _apart([scale.place(p.due_at) for p in ahead])
    pins += [_pin(_state(p, scale), x, p, user) for p, x in zip(ahead, places, strict=True)]
    local = ZoneInfo(zone)
    hour = scale.place(now + timedelta(hours=1)) if is_open(scale.calendar, now) else NOW
    return Horizon(
        sentence=_sentence(len(over), ahead, scale, local),
        now=f"{now.astimezone(local):%H:%M}",
        hour_width=_percent(hour - NOW),
        pins=pins,
        ticks=_ticks(scale, local),
        after=f"{_later_day(scale).astimezone(local):%a}",
    )


def _scale(calendar: BusinessCalendar, now: datetime) -> _Scale:
    day = _business_day(calendar, now)
    return _Scale(calendar, now, day, _business_day(calendar, day[1]))


def _business_day(calendar: BusinessCalendar, at: datetime) -> tuple[datetime, datetime]:
    """The open hours that a moment lies in, or those that come next."""
    opens = next_opening(calendar, at)
    midnight = (opens.astimezone(ZoneInfo(calendar.zone)) + timedelta(days=1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return opens, closing_today(calendar, opens) or midnight


def _later_day(scale: _Scale) -> datetime:
    return next_opening(scale.calendar, scale.after[1])


def _state(promise: Promise, scale: _Scale) -> str:
    if promise.due_at < scale.now + timedelta(hours=1):
        return "hour"
    return "today" if promise.due_at <= scale.day[1] else "later"


def _pin(state: str, x: float, promise: Promise, user: int) -> Pin:
    mine = promise.owner == user
    y, stem = MARKS[state]
    return Pin(
        state=state,
        x=_percent(x),
        y=y,
        stem=stem + 5 if mine else stem,
        mine=mine,
        free=promise.owner is None,
    )


def _apart(places: list[float]) -> list[float]:
    """Pins that fall on one another stand side by side, as long as there is room."""
    found: list[float] = []
    for place in places:
        x = max(place, found[-1] + GAP) if found else place
        found.append(min(x, place + MOST_GAPS * GAP))
    return found


def _percent(x: float) -> str:
    return f"{x:.2f}%"


# ------------------------------------------------------------------ words


def _ticks(scale: _Scale, zone: ZoneInfo) -> list[Tick]:
    ticks = [
        *_hours(scale, scale.day, zone, after=scale.now + timedelta(minutes=25)),
        Tick(x=_percent(DAY_ENDS), words=f"{scale.day[1].astimezone(zone):%H:%M}"),
        Tick(x=_percent(NEXT_BEGINS), words=f"{scale.after[0].astimezone(zone):%a %-H:%M}"),
        *_hours(scale, scale.after, zone, after=scale.after[0] + timedelta(hours=1), least=3),
        Tick(x=_percent(NEXT_ENDS), words=f"{scale.after[1].astimezone(zone):%H:%M}"),
    ]
    return [tick for n, tick in enumerate(ticks) if not n or _have_room(ticks[n - 1], tick)]


def _have_room(before: Tick, tick: Tick) -> bool:
    return float(tick.x[:-1]) - float(before.x[:-1]) > 3.5


def _hours(
    scale: _Scale,
    day: tuple[datetime, datetime],
    zone: ZoneInfo,
    *,
    after: datetime,
    least: int = 1,
) -> list[Tick]:
    """Whole hours of a day, as many as have room."""
    begin = max(after, day[0])
    length = (day[1] - begin).total_seconds() / 3600
    every = next(
        n for n in (1, 2, 3, 6, 12) if n >= least and (length / n <= MOST_TICKS or n == 12)
    )
    at = begin.astimezone(zone).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    ticks = []
    while at < day[1] - timedelta(minutes=30):
        if at.hour % every == 0:
            ticks.append(Tick(x=_percent(scale.place(at)), words=f"{at:%H:%M}"))
        at += timedelta(hours=1)
    return ticks


def _sentence(over: int, ahead: list[Promise], scale: _Scale, zone: ZoneInfo) -> str:
    states = [_state(promise, scale) for promise in ahead]
    hour, today, later = (states.count(name) for name in ("hour", "today", "later"))
    ends = f"{scale.day[1].astimezone(zone):%H:%M}"
    if scale.day[0].astimezone(zone).date() != scale.now.astimezone(zone).date():
        ends = f"{scale.day[1].astimezone(zone):%A %H:%M}"
    if not over and not ahead:
        return "No promise is due."
    return (
        f"Due times in business hours: {over} {'is' if over == 1 else 'are'} over, "
        f"{hour} {'falls' if hour == 1 else 'fall'} due within the hour, "
        f"{today} more before {ends}, {later} later."
    )
