"""When somebody is awake and at work, pure: who can use an answer now comes first (S72)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from inbox.common import hours

WORKING, AWAKE, ASLEEP = "working", "awake", "asleep"
ORDER = {WORKING: 0, AWAKE: 1, ASLEEP: 2}


@dataclass(frozen=True, kw_only=True)
class Hours:
    """The hours of a day that the installation assumes: awake, and at work on weekdays."""

    awake: Sequence[str]
    working: Sequence[str]
    default_zone: str


@dataclass(frozen=True, kw_only=True)
class Daytime:
    """Somebody's present: what they do, and until when."""

    state: str
    until: datetime
    local: datetime
    known: bool  # whether their zone is known, or the installation's is assumed

    @property
    def rank(self) -> tuple[int, datetime]:
        """At work first, then whose day ends sooner."""
        return ORDER[self.state], self.until

    @property
    def clock(self) -> str:
        """The hour there."""
        return f"{self.local:%H:%M}"

    @property
    def words(self) -> str:
        """`asleep until 08:00`, `at work for 1 h 20 more`; "" when nothing is known or urgent."""
        if not self.known:
            return ""
        if self.state == ASLEEP:
            return f"asleep until {self.until.astimezone(self.local.tzinfo):%H:%M}"
        minutes = int((self.until - self.local).total_seconds() // 60)
        left = f"{minutes // 60} h {minutes % 60:02d}" if minutes >= 60 else f"{minutes} min"
        return f"at work for {left} more" if self.state == WORKING else "awake, not at work"


def daytime(now: datetime, zone: str, offset_minutes: int | None, day: Hours) -> Daytime:
    """What somebody does now, from their zone, else their mail's offset, else the default zone."""
    known = bool(zone) or offset_minutes is not None
    where: str | int = zone or (offset_minutes if offset_minutes is not None else day.default_zone)
    place = hours.zone(where)
    local = now.astimezone(place)
    if not hours.within(now, where, day.awake):
        begins = [day.awake[1], day.awake[0]]  # the night is the day turned round
        state, until = ASLEEP, hours.next_end(now, where, begins)
    elif local.weekday() < 5 and hours.within(now, where, day.working):
        end = time.fromisoformat(day.working[1])
        state, until = WORKING, datetime.combine(local.date(), end, place).astimezone(UTC)
    else:
        state, until = AWAKE, hours.next_end(now, where, day.awake)
    return Daytime(state=state, until=until, local=local, known=known)


def strip(local: datetime, day: Hours) -> dict[str, str]:
    """Where the day's parts begin on a line of 24 hours, in per cent, for the drawn strip."""
    awake = [_percent(text) for text in day.awake]
    working = [_percent(text) for text in day.working]
    now = (local - local.replace(hour=0, minute=0, second=0, microsecond=0)) / timedelta(days=1)
    return {
        "edge_from": f"{awake[0]:.2f}%",
        "edge_width": f"{max(awake[1] - awake[0], 0):.2f}%",
        "day_from": f"{working[0]:.2f}%",
        "day_width": f"{max(working[1] - working[0], 0):.2f}%",
        "now": f"{100 * now:.2f}%",
    }


def _percent(text: str) -> float:
    at = time.fromisoformat(text)
    return 100 * (at.hour * 60 + at.minute) / 1440
