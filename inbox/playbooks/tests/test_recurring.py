"""Series make their own events with their runs: in time, once, and only what nobody touched moves."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import pipeline
from inbox.calendars.clock import BusinessCalendar
from inbox.calendars.models import Calendar
from inbox.calendars.services import new_version, save_calendar
from inbox.common.work import Actor
from inbox.operations.acting import CLOCKWORK
from inbox.playbooks import attending, recurring, timing
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Event, Playbook, Run, RunEntry, Series
from inbox.playbooks.recurrence import Rhythm, slots
from rig.desk import WEEK, agent

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
MINE = (recurring.due_ids, timing.due_run_ids, attending.ended_ids)
BOOK: dict[str, Any] = {
    "key": "hours",
    "name": "Office hours",
    "roles": [{"key": "host", "label": "Host", "required": True}, "cohost"],
    "fields": [
        {"key": "product", "label": "Product", "required": True},
        {"key": "stream_url", "label": "Video", "kind": "url"},
        {"key": "names", "label": "Names", "kind": "list"},
    ],
    "steps": [
        {"key": "find", "title": "Find members", "at": "T-14d", "role": "host"},
        {"key": "begin", "title": "Begin", "at": "T", "role": "host"},
    ],
}
db = pytest.mark.django_db


def series(**fields: Any) -> Series:
    """Thursdays at five in Berlin."""
    calendar = save_calendar(
        key="team", name="", zone="Europe/Berlin", week=WEEK, holidays=[], closed=["2026-05-14"]
    )
    book = Playbook.objects.create(key="hours", name="Office hours", definition=BOOK)
    given = {
        "key": "hours", "name": "Office hours", "playbook": book, "calendar": calendar,
        "meeting_url": "https://meet.example.com/hours", "weekday": 3, "every": 2, **fields,
    }  # fmt: skip
    return Series.objects.create(**given)


def tick(at: datetime) -> None:
    """What the clockwork does for series, runs and events."""
    for find, act_on in CLOCKWORK:
        for pk in find(at) if find in MINE else ():
            act_on(pk, at)


def edited(row: Series, **fields: Any) -> None:
    """Somebody saves the series, and the clockwork looks."""
    Series.objects.filter(pk=row.pk).update(look_at=None, **fields)


def days() -> list[tuple[str, str]]:
    """(day, local time) of every event."""
    starts = [row.starts_at.astimezone(ZONE) for row in Event.objects.order_by("starts_at")]
    return [(f"{at:%Y-%m-%d}", f"{at:%H:%M}") for at in starts]


def by_hand(run: Run, verb: Any, **fields: Any) -> None:
    with pipeline.change(Actor.user(agent("ana")), now=NOW):
        verb(run, **fields)


# ------------------------------------------------------------------ a year


@db
def test_a_year_of_office_hours_is_made_in_time_on_open_days_at_five_o_clock() -> None:
    """S82: across both changes of the clock, without the closed Thursday in May."""
    series()
    begun: dict[int, datetime] = {}
    now = NOW
    while now < NOW + timedelta(days=364):
        tick(now)
        for event in Event.objects.all():
            begun.setdefault(event.pk, now)
        assert Event.objects.filter(starts_at__gt=now, state="planned").exists()
        now += DAY
    thursdays = [date(2026, 3, 5) + timedelta(days=14 * n) for n in range(28)]
    expected = [(str(day), "17:00") for day in thursdays if day != date(2026, 5, 14)]
    assert days() == expected[: len(days())]
    assert expected[len(days()) - 1][0] >= "2027-03-01"
    late = [
        event.pk
        for event in Event.objects.order_by("starts_at")[1:]
        if begun[event.pk] > event.starts_at - timedelta(days=14)
    ]
    assert late == []
    assert {event.runs.count() for event in Event.objects.all()} == {1}
    assert set(Event.objects.filter(ends_at__lt=now).values_list("state", flat=True)) == {"over"}


@db
def test_each_event_is_made_once_though_the_worker_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    series()
    deaths: list[str] = []

    def die(name: str) -> None:
        if len(deaths) < 2:
            deaths.append(name)
            raise SystemExit(137)

    monkeypatch.setattr("inbox.playbooks.recurring.point", die)
    for _ in range(2):
        with pytest.raises(SystemExit):
            tick(NOW)
        assert (Event.objects.count(), Run.objects.count()) == (0, 0)
    tick(NOW)
    made = days()
    tick(NOW)
    edited(Series.objects.get())
    tick(NOW)
    assert days() == made == [("2026-03-05", "17:00")]
    assert Run.objects.get().event == Event.objects.get()
    assert deaths == ["series_in_look"] * 2


@db
def test_whoever_comes_second_does_nothing() -> None:
    row = series()
    with pipeline.change(Actor.system("test"), now=NOW):
        assert [recurring.look(row.pk, NOW) for _ in range(2)] == [True, False]


@db
def test_a_series_that_is_switched_off_makes_nothing() -> None:
    series(active=False)
    tick(NOW)
    assert days() == []


@db
def test_a_playbook_that_cannot_be_followed_holds_no_event_up() -> None:
    row = series()
    Playbook.objects.update(active=False)
    tick(NOW)
    assert (days(), Run.objects.count()) == ([("2026-03-05", "17:00")], 0)
    Playbook.objects.update(active=True)
    edited(row)
    tick(NOW)
    assert Run.objects.get().event == Event.objects.get()


# ------------------------------------------------------------------ its run


@db
def test_a_first_run_has_nobody_and_the_next_has_the_people_of_the_last() -> None:
    series()
    tick(NOW)
    first = Run.objects.get()
    assert (first.roles, first.started_by, first.title) == ({}, None, "Office hours")
    ana, gone = agent("ana"), agent("gone")
    by_hand(first, playbooks.bind_role, role="host", user=ana)
    by_hand(first, playbooks.bind_role, role="cohost", user=gone)
    said = {"product": "Millrace", "stream_url": "https://example.com/v", "names": ["kez"]}
    by_hand(first, playbooks.set_values, values=said)
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    tick(NOW + timedelta(days=8))
    second = Run.objects.latest("pk")
    assert second.event is not None
    assert second.event.starts_at == datetime(2026, 3, 19, 16, 0, tzinfo=UTC)
    assert (second.roles, second.values) == ({"host": ana.pk}, {"product": "Millrace"})
    assert second.anchor_at == second.event.starts_at


@db
def test_a_run_that_was_cancelled_is_not_begun_again() -> None:
    row = series()
    tick(NOW)
    by_hand(Run.objects.get(), playbooks.cancel)
    edited(row)
    tick(NOW + timedelta(hours=1))
    assert Run.objects.filter(event=Event.objects.get()).count() == 1


# ------------------------------------------------------------------ edits


@db
def test_an_edit_moves_what_nobody_touched_with_its_run() -> None:
    row = series(every=1)
    tick(NOW)
    assert days() == [("2026-03-05", "17:00"), ("2026-03-12", "17:00")]
    edited(row, time="18:30", name="Live hour", minutes=90)
    tick(NOW)
    assert days() == [("2026-03-05", "18:30"), ("2026-03-12", "18:30")]
    event = Event.objects.earliest("starts_at")
    assert (event.title, event.ends_at - event.starts_at) == ("Live hour", timedelta(minutes=90))
    run = event.runs.get()
    assert (run.title, run.anchor_at) == ("Live hour", event.starts_at)
    assert run.steps.get(key="begin").due_at == event.starts_at


def touch_title(event: Event) -> None:
    Event.objects.filter(pk=event.pk).update(title="With a guest")


def touch_agenda(event: Event) -> None:
    Event.objects.filter(pk=event.pk).update(agenda=[{"title": "Slots", "minutes": 15}])


def touch_day(event: Event) -> None:
    moved = {"starts_at": event.starts_at + DAY, "ends_at": event.ends_at + DAY}
    Event.objects.filter(pk=event.pk).update(**moved)


def touch_run(event: Event) -> None:
    by_hand(event.runs.get(), playbooks.bind_role, role="host", user=agent("ana"))


def touch_announce(event: Event) -> None:
    """What went out by itself says when it is."""
    run = event.runs.get()
    at = {"actor": "playbooks", "at": NOW}
    RunEntry.objects.create(run=run, step=run.steps.first(), kind="by_itself", **at)


@db
@pytest.mark.parametrize("touch", [touch_title, touch_agenda, touch_day, touch_run, touch_announce])
def test_an_edit_leaves_what_somebody_touched(touch: Any) -> None:
    row = series(every=1)
    tick(NOW)
    first = Event.objects.earliest("starts_at")
    touch(first)
    first.refresh_from_db()
    before = (first.title, first.starts_at, first.runs.get().anchor_at)
    edited(row, time="18:30", name="Live hour")
    tick(NOW)
    first.refresh_from_db()
    assert (first.title, first.starts_at, first.runs.get().anchor_at) == before
    second = Event.objects.exclude(pk=first.pk).get()
    assert (second.title, days()[-1]) == ("Live hour", ("2026-03-12", "18:30"))


@db
def test_what_is_over_stays_as_it_was() -> None:
    row = series(every=1)
    tick(NOW)
    tick(NOW + timedelta(days=4))
    edited(row, time="18:30", name="Live hour")
    tick(NOW + timedelta(days=4))
    assert days() == [("2026-03-05", "17:00"), ("2026-03-12", "18:30"), ("2026-03-19", "18:30")]
    assert Event.objects.earliest("starts_at").title == "Office hours"


@db
def test_another_weekday_moves_events_within_their_weeks() -> None:
    row = series(every=1)
    tick(NOW)
    edited(row, weekday=1)
    tick(NOW)
    assert days() == [("2026-03-03", "17:00"), ("2026-03-10", "17:00")]
    assert Run.objects.count() == 2


@db
def test_a_day_that_is_closed_later_moves_its_event_and_no_other() -> None:
    row = series(every=1)
    tick(NOW)
    first, second = Event.objects.order_by("starts_at")
    new_version(Calendar.objects.get(), closed=["2026-03-05"])
    edited(row)
    tick(NOW)
    second.refresh_from_db()
    assert days() == [("2026-03-12", "17:00"), ("2026-03-19", "17:00")]
    assert second.slot == date(2026, 3, 12)
    assert Event.objects.get(slot=date(2026, 3, 19)).pk == first.pk


@db
def test_an_event_that_is_called_off_is_followed_by_the_next_one() -> None:
    row = series()
    tick(NOW)
    Event.objects.update(state="cancelled")
    edited(row)
    tick(NOW)
    assert days() == [("2026-03-05", "17:00"), ("2026-03-19", "17:00")]


@db
def test_an_event_made_by_hand_is_the_first_and_keeps_its_day() -> None:
    row = series()
    at = datetime(2026, 3, 12, 16, 0, tzinfo=UTC)
    Event.objects.create(series=row, title="By hand", starts_at=at, ends_at=at + DAY / 24)
    tick(NOW)
    assert days() == [("2026-03-12", "17:00")]
    tick(at - DAY)
    assert days() == [("2026-03-12", "17:00"), ("2026-03-26", "17:00")]
    row.refresh_from_db()
    assert row.starts_on == date(2026, 3, 12)


# ------------------------------------------------------------------ the days themselves

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
rhythms = st.builds(
    Rhythm,
    weekday=st.integers(0, 6),
    at=st.times().map(lambda at: time(at.hour, at.minute)),
    every=st.integers(1, 8),
    first=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
)
moments = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(rhythms, st.sampled_from(ZONES), moments, st.sets(st.integers(0, 400)))
def test_slots_keep_the_weekday_the_weeks_and_the_wall_clock(
    rhythm: Rhythm, zone: str, after: datetime, closed: set[int]
) -> None:
    days_off = frozenset(rhythm.first + timedelta(days=n) for n in closed)
    cal = BusinessCalendar(zone=zone, week=((((0, 1440)),),) * 7, closed=days_off)
    found = list(islice(slots(rhythm, cal, after), 30))
    monday = rhythm.first - timedelta(days=rhythm.first.weekday())
    for slot in found:
        assert slot.at > after
        assert slot.day >= rhythm.first
        assert slot.day not in days_off
        assert slot.day.weekday() == rhythm.weekday
        assert (slot.day - monday).days // 7 % rhythm.every == 0
        local = datetime.combine(slot.day, rhythm.at, ZoneInfo(zone))
        assert slot.at == local.astimezone(UTC)
    assert all(before.at < later.at for before, later in pairwise(found))


@given(rhythms, st.sampled_from(ZONES), moments)
def test_no_day_is_forgotten_whenever_one_looks(rhythm: Rhythm, zone: str, after: datetime) -> None:
    """Looking from slot to slot finds what one look finds."""
    cal = BusinessCalendar(zone=zone, week=((((0, 1440)),),) * 7)
    at_once = [slot.at for slot in islice(slots(rhythm, cal, after), 10)]
    one_by_one, at = [], after
    for _ in at_once:
        at = next(slots(rhythm, cal, at)).at
        one_by_one.append(at)
    assert one_by_one == at_once
