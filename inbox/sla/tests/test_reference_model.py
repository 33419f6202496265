"""The clocks against a model that counts minutes, written without the product's arithmetic.

The model holds one flag per minute of a season for every calendar: is this minute open? From that
it says how much of a promise is used up and when it is due. The product's clocks go through the
same histories (waiting, holds, research, reopenings, policy changes, closing), in memory.
"""

import os
import random
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from inbox.calendars.clock import ALWAYS, BusinessCalendar
from inbox.common import versions, work
from inbox.common.work import Actor
from inbox.sla import clocks, services
from inbox.sla.models import Clock, ClockState, Policy
from inbox.tickets import kinds
from inbox.tickets.models import Ticket, TicketEvent

CASES = int(os.environ.get("REFERENCE_CASES", "10000"))
MINUTE = timedelta(minutes=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def _week(*spans: str, days: tuple[str, ...] = WEEKDAYS) -> dict[str, list[str]]:
    return {day: list(spans) for day in days}


# (zone, week, closed days); the seasons hold both nights of daylight saving of each zone
CALENDARS: tuple[tuple[str, dict[str, list[str]], tuple[str, ...]], ...] = (
    ("Europe/Lisbon", _week("09:00-13:00", "14:00-18:00"), ("2026-04-03", "2026-12-08")),
    ("Europe/Berlin", _week("00:00-24:00"), ("2026-04-06", "2026-10-03")),
    ("America/New_York", {**_week("22:00-24:00", "04:00-07:30"), "sun": ["00:00-08:00"]}, ()),
    ("Asia/Kolkata", _week("09:30-12:15", "13:00-18:45"), ("2026-11-09",)),
    ("Asia/Kathmandu", _week("10:00-17:00", days=("sun", "mon", "tue", "wed", "thu")), ()),
    ("Australia/Lord_Howe", _week("00:00-24:00", days=("mon", "wed", "sat", "sun")), ()),
    ("Pacific/Chatham", _week("08:00-12:00", "12:00-16:00"), ("2026-04-27",)),
    ("America/St_Johns", {**_week("06:00-10:00", "18:00-23:00"), "sun": ["00:00-06:00"]}, ()),
)
SEASONS = ((date(2026, 3, 1), 75), (date(2026, 10, 1), 75))


@dataclass(frozen=True)
class Season:
    """One calendar in one season, a flag per minute of UTC."""

    start: datetime
    until: list[int]  # open minutes before each minute

    def open_between(self, a: datetime, b: datetime) -> int:
        return self.until[self.at(b)] - self.until[self.at(a)]

    def at(self, moment: datetime) -> int:
        return int((moment - self.start).total_seconds() // 60)

    def after(self, start: datetime, minutes: int) -> datetime:
        """The end of the minute with which so many open minutes have passed."""
        wanted = self.until[self.at(start)] + minutes
        return self.start + bisect_left(self.until, wanted) * MINUTE


def _season(zone: str, week: dict[str, list[str]], closed: tuple[str, ...], n: int) -> Season:
    first, days = SEASONS[n]
    place = ZoneInfo(zone)
    names = (*WEEKDAYS, "sat", "sun")
    table = {names.index(day): [tuple(s.split("-")) for s in spans] for day, spans in week.items()}
    start = datetime.combine(first, datetime.min.time(), UTC)
    flags = [0]
    for minute in range(days * 1440):
        local = (start + minute * MINUTE).astimezone(place)
        clock = f"{local:%H:%M}"
        spans = table.get(local.weekday(), [])
        is_open = local.date().isoformat() not in closed and any(a <= clock < b for a, b in spans)
        flags.append(int(is_open))
    return Season(start, list(accumulate(flags)))


@pytest.fixture(scope="module")
def seasons() -> dict[tuple[int, int], Season]:
    return {(c, s): _season(*CALENDARS[c], s) for c in range(len(CALENDARS)) for s in (0, 1)}


@dataclass
class Model:
    """What is promised and used up, in minutes."""

    promises: list[tuple[int, bool, Season]]  # policies: minutes, business time?, calendar
    policy: int
    consumed: int = 0
    since: datetime | None = None  # running since; None stands still

    def stop(self, at: datetime) -> None:
        if self.since is not None:
            _, business, season = self.promises[self.policy]
            spent = season.open_between(self.since, at) if business else (at - self.since) // MINUTE
            self.consumed, self.since = self.consumed + spent, None

    def due(self) -> datetime | None:
        if self.since is None:
            return None
        minutes, business, season = self.promises[self.policy]
        left = minutes - self.consumed
        if left <= 0 or not business:
            return self.since + left * MINUTE
        return season.after(self.since, left)


@dataclass
class Product:
    """The product's own clocks, driven by events, nothing written."""

    change: work.Work
    ticket: Ticket
    policies: list[Policy]
    paused_due: datetime | None = None

    def tell(self, kind: str, **data: Any) -> None:
        event = TicketEvent(ticket=self.ticket, kind=kind, at=self.change.now, data=data)
        services.on_event(event)

    def status(self, status: str, waiting_on: str) -> None:
        self.ticket.status, self.ticket.waiting_on = status, waiting_on
        self.tell(kinds.STATUS, to=status)

    @property
    def live(self) -> list[Clock]:
        return [c for c in clocks.clocks_of(self.ticket) if c.is_live]


def _policies(dice: random.Random, found: dict[tuple[int, int], Season], n: int) -> Any:
    policies, promises = [], []
    for key in range(3):
        calendar = dice.randrange(len(CALENDARS))
        business = dice.random() < 0.75
        unit, scale = dice.choice((("hours", 60), ("minutes", 1)))
        amount = dice.randint(1, 40) if scale == 60 else dice.randint(5, 900)
        policy = Policy(
            pk=key + 1,
            key=f"p{key}",
            first_response_amount=amount,
            first_response_unit=f"business_{unit}" if business else unit,
            calendar_id=calendar + 1,
        )
        policies.append(policy)
        promises.append((amount * scale, business, found[calendar, n]))
    return policies, promises


def _keep(name: str, value: Any) -> None:
    versions._kept[name] = (0, value)


def _step(dice: random.Random, product: Product, model: Model, alive: bool) -> bool:
    """One thing that happens; whether the ticket lives afterwards."""
    now = product.change.now
    if not alive:
        product.status("open", "us")
        product.tell(kinds.REOPENED)
        model.consumed, model.since = 0, now
        return True
    act = dice.choice(("wait", "hold", "ours", "research", "policy", "close", "nothing"))
    if act == "close":
        product.status("closed", "")
        product.tell(kinds.CLOSED)
        model.since = None
        return False
    if act in STATUS:
        _move(product, model, STATUS[act])
    elif act == "policy":
        _choose(product, model, dice.randrange(3))
    return True


STATUS = {
    "wait": ("in_progress", "them"),
    "hold": ("on_hold", ""),
    "ours": ("open", "us"),
    "research": ("in_progress", "research"),
}


def _move(product: Product, model: Model, to: tuple[str, str]) -> None:
    now, before = product.change.now, product.ticket.next_due_at
    product.ticket.hold_reason = "a call"
    product.status(*to)
    if to[1] not in ("us", "research"):
        product.paused_due = before
        model.stop(now)
        return
    due = product.ticket.next_due_at
    assert before is None or before == due
    # pausing never shortens a deadline (L18)
    assert product.paused_due is None or (due is not None and due >= product.paused_due)
    product.paused_due = None
    if model.since is None:
        model.since = now


def _choose(product: Product, model: Model, chosen: int) -> None:
    now, ran = product.change.now, model.since is not None
    if chosen != model.policy:
        model.stop(now)
        model.policy, model.since = chosen, now if ran else None
        product.paused_due = None
    product.ticket.policy_id = model.policy + 1
    product.tell(kinds.POLICY)


def _check(product: Product, model: Model, alive: bool, told: Callable[[], str]) -> None:
    live = product.live
    if not alive:
        assert live == [], told()
        assert product.ticket.next_due_at is None, told()
        return
    (clock,) = live
    assert product.ticket.next_due_at == model.due(), told()
    running = clock.state == ClockState.RUNNING
    assert running == (model.since is not None), told()
    if not running:
        assert clock.consumed_seconds == model.consumed * 60, told()


def _case(number: int, found: dict[tuple[int, int], Season]) -> None:
    dice = random.Random(number)
    n = dice.randrange(2)
    policies, promises = _policies(dice, found, n)
    _keep("policies", {policy.pk: policy for policy in policies})
    start = found[0, n].start + dice.randint(2 * 1440, 40 * 1440) * MINUTE
    with work.begin(Actor.system("test"), now=start) as change:
        change.cache["stamps"] = {}
        ticket = Ticket(pk=1, status="open", waiting_on="us", created_at=start, policy_id=1)
        ticket.policy_reason = "a rule"
        change.objects["ticket", 1] = ticket
        change.cache["counted"] = {1: frozenset()}
        change.cache["clocks"] = {1: []}
        product = Product(change, ticket, policies)
        model = Model(promises, policy=0, since=start)
        product.tell(kinds.MESSAGE_IN, first=True, role="asker")
        alive, story = True, [f"{start}"]
        for _ in range(dice.randint(2, 9)):
            _check(product, model, alive, lambda: f"case {number}: {story}")
            change.now += dice.choice((1, 7, 45, 130, 600, 1441, 4000)) * MINUTE
            ticket.version = 1
            alive = _step(dice, product, model, alive)
            story.append(f"{change.now} {ticket.status}/{ticket.waiting_on}/{ticket.policy_id}")
        _check(product, model, alive, lambda: f"case {number}: {story}")


@pytest.mark.slow
def test_clocks_agree_with_a_count_of_minutes(
    seasons: dict[tuple[int, int], Season], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [
        BusinessCalendar.from_week(zone, week, frozenset(map(date.fromisoformat, closed)))
        for zone, week, closed in CALENDARS
    ]
    known = {n + 1: (n + 1, value) for n, value in enumerate(values)}
    monkeypatch.setattr(clocks, "newest", lambda pk: known[pk])
    monkeypatch.setattr(clocks, "version_value", lambda pk: known[pk][1] if pk else ALWAYS)
    monkeypatch.setattr(clocks, "rows", SimpleNamespace())  # nothing may be written
    for number in range(CASES):
        _case(number, seasons)
