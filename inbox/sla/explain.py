"""Clocks in words and as a fuse, for people (design: the fuse, words)."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from inbox.calendars import clock as business
from inbox.sla import arithmetic
from inbox.sla.clocks import calendar_of, consumed_until
from inbox.sla.models import Clock, ClockState
from inbox.tickets import naming

METRICS = {
    "first_response": "First response",
    "next_response": "Next response",
    "acknowledge": "Acknowledgement",
    "update": "Update owed",
    "team_response": "Team response",
    "promise": "Promise",
}


@dataclass(frozen=True, kw_only=True)
class Fuse:
    """What the mark of a promise shows: its state, its words, how much is left of it."""

    state: str  # breach · hour · today · later · wait · met · none
    words: str
    tail: str = ""
    left_percent: int = 0
    at: datetime | None = None


NO_FUSE = Fuse(state="none", words="no SLA")


def fuse(clock: Clock, *, now: datetime, zone: str) -> Fuse:
    """The fuse of one clock."""
    if clock.state == ClockState.MET:
        return _met(clock)
    if clock.state == ClockState.STOPPED:
        return NO_FUSE
    if clock.state == ClockState.PAUSED:
        left = _total(clock) - clock.consumed_seconds
        return Fuse(
            state="wait", words=f"paused, {span(left)} left", left_percent=_percent(clock, left)
        )
    return _running(clock, now, zone)


def _met(clock: Clock) -> Fuse:
    used, total = clock.consumed_seconds, _total(clock)
    words = "answered late" if _late(clock) else "kept"
    if clock.unit not in arithmetic.NEVER_PAUSED:
        words = f"{words}, {span(used)} of {span(total)}"
    return Fuse(state="met", words=words, left_percent=_percent(clock, used), at=clock.met_at)


def due_fuse(due_at: datetime | None, *, waiting: bool, now: datetime, zone: str) -> Fuse:
    """The fuse of a row in the queue, from the cached due moment alone."""
    if waiting:
        return Fuse(state="wait", words=naming.inside("them"), left_percent=60)
    if due_at is None:
        return NO_FUSE
    left = (due_at - now).total_seconds()
    state, words, tail = _due_words(due_at, now, zone)
    percent = _drawn_percent(state, left)
    return Fuse(state=state, words=words, tail=tail, left_percent=percent, at=due_at)


def _drawn_percent(state: str, left: float) -> int:
    """How long a row draws it: its promise is not known there, so states do not overlap."""
    if state == "breach":
        return _over_percent(-left)
    minutes = left / 60
    if state == "hour":
        return round(4 + 0.8 * minutes)
    return round(88 - 1800 / minutes) if state == "today" else 92


def _over_percent(seconds: float) -> int:
    """How far the mark of what is over has grown: a tenth at once, all of it after a day or so."""
    return min(100, round(8 + 2.6 * math.sqrt(seconds / 60)))


def _running(clock: Clock, now: datetime, zone: str) -> Fuse:
    state, words, tail = _due_words(clock.due_at, now, zone)
    left = _total(clock) - consumed_until(clock, now)
    if clock.unit.startswith("business") and state == "hour":
        tail = "· business time"
    over = (now - clock.due_at).total_seconds()
    percent = _over_percent(over) if state == "breach" else _percent(clock, left)
    return Fuse(state=state, words=words, tail=tail, left_percent=percent, at=clock.due_at)


def _due_words(due_at: datetime, now: datetime, zone: str) -> tuple[str, str, str]:
    left = (due_at - now).total_seconds()
    local, today = due_at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    if left < 0:
        return "breach", f"{span(-left)} over", ""
    if left < 3600:
        return "hour", f"due in {span(left)}", ""
    if local.date() == today.date():
        return "today", f"due {local:%H:%M}", f"· in {span(left)}"
    if left < 6 * 86400:
        return "later", f"{local:%a %H:%M}", f"· {span(left)} left"
    return "later", f"{local:%d %b %H:%M}", ""


def span(seconds: float) -> str:
    """`42 min`, `1 h 57`, `2 d 3 h`."""
    minutes = max(int(seconds // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02d}" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def _total(clock: Clock) -> float:
    if clock.unit in arithmetic.NEVER_PAUSED:
        return business.business_seconds(calendar_of(clock), clock.started_at, clock.due_at)
    return float(clock.amount * arithmetic.SECONDS[clock.unit])


def _percent(clock: Clock, left: float) -> int:
    total = _total(clock)
    return min(100, max(0, round(100 * left / total))) if total else 0


def _late(clock: Clock) -> bool:
    return clock.met_at is not None and clock.met_at > clock.due_at


def consumed_minutes(clock: Clock) -> int:
    """The clock's own time that is used up, in whole minutes."""
    return int(consumed_until(clock, timezone.now()) // 60)


def story(clock: Clock, zone: str) -> list[str]:
    """Why a clock stands where it stands, a sentence each; moments in the reader's zone."""
    told = [f"“{clock.words}”"] if clock.words else []
    for begin, end, why in clock.pauses:
        stood = (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
        told.append(f"Stood still for {span(stood)} while {why or 'it was paused'}.")
    if clock.state == ClockState.PAUSED and clock.paused_at:
        since = clock.paused_at.astimezone(ZoneInfo(zone))
        told.append(f"Stands still since {since:%d %b %H:%M}: {clock.pause_reason}.")
    if clock.answered_by:
        told.append(f"Answered by the {clock.answered_by}.")
    return told


def bounds(now: datetime, zone: str) -> tuple[datetime, datetime, datetime]:
    """(now, in an hour, end of the local day): the borders of the queue's groups."""
    local = now.astimezone(ZoneInfo(zone))
    end = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return now, now + timedelta(hours=1), max(end, now + timedelta(hours=1))
