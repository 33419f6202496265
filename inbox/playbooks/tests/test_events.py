"""Events and their runs: what is moved, called off and brought back, the runs follow."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from inbox import pipeline
from inbox.common.work import Actor
from inbox.playbooks import attending, events, feed, recurring
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Event, Playbook, Run, Series
from inbox.tickets.errors import VerbError
from rig.desk import NOW, act, agent

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOOK: dict[str, Any] = {
    "key": "hours",
    "name": "Hours",
    "steps": [
        {"key": "invite", "title": "Invite", "at": "T-1d"},
        {"key": "open", "title": "Open it", "at": "T"},
    ],
}


@pytest.fixture
def event() -> Event:
    at = NOW + 2 * DAY
    return Event.objects.create(title="Hours", starts_at=at, ends_at=at + HOUR)


@pytest.fixture
def run(event: Event) -> Run:
    book = Playbook.objects.create(key="hours", name="Hours", definition=BOOK)
    begin: dict[str, Any] = {
        "anchor_at": event.starts_at,
        "roles": {},
        "values": {},
        "event": event,
    }
    return act(playbooks.start, playbook=book, **begin)


def due(run: Run) -> dict[str, Any]:
    return {row.key: row.due_at for row in run.steps.all()}


def test_an_event_that_is_written_anew_takes_its_run_along(event: Event, run: Run) -> None:
    event.starts_at += DAY
    event.ends_at += DAY
    act(events.save, event)
    run.refresh_from_db()
    assert run.anchor_at == NOW + 3 * DAY
    assert due(run) == {"invite": NOW + 2 * DAY, "open": NOW + 3 * DAY}


def test_a_run_with_a_moment_of_its_own_stays(event: Event, run: Run) -> None:
    act(playbooks.reschedule, run, anchor_at=NOW + DAY)
    act(events.move, event, starts_at=NOW + 5 * DAY)
    event.refresh_from_db()
    run.refresh_from_db()
    assert (event.starts_at, event.ends_at) == (NOW + 5 * DAY, NOW + 5 * DAY + HOUR)
    assert run.anchor_at == NOW + DAY


def test_what_is_called_off_reminds_nobody_and_comes_back_as_it_was(event: Event, run: Run) -> None:
    act(events.call_off, event)
    run.refresh_from_db()
    assert run.state == "cancelled"
    with pytest.raises(VerbError):
        act(events.call_off, event)
    act(events.bring_back, event)
    run.refresh_from_db()
    event.refresh_from_db()
    assert (event.state, run.state) == ("planned", "running")
    assert [one.kind for one in run.entries.all()] == ["started", "cancelled", "resumed"]


def test_a_run_that_somebody_cancelled_stays_cancelled(event: Event, run: Run) -> None:
    act(playbooks.cancel, run, reason="a mistake")
    act(events.call_off, event)
    act(events.bring_back, event)
    run.refresh_from_db()
    assert run.state == "cancelled"
    act(playbooks.resume, run)
    run.refresh_from_db()
    assert run.state == "running"


def test_what_would_be_over_is_not_brought_back(event: Event) -> None:
    act(events.call_off, event)
    with pytest.raises(VerbError, match="over by now"):
        act(events.bring_back, event, at=NOW + 3 * DAY)


def test_an_old_form_does_not_open_what_is_over_again(event: Event) -> None:
    old = Event.objects.get(pk=event.pk)
    act(attending.end, event.pk, NOW + 3 * DAY)
    old.title = "Hours, with a guest"
    act(events.save, old)
    event.refresh_from_db()
    assert (event.title, event.state) == ("Hours, with a guest", "over")


def test_two_events_of_a_series_do_not_begin_at_once(event: Event) -> None:
    series = Series.objects.create(key="hours", name="Hours")
    Event.objects.update(series=series)
    other = Event(
        series=series, title="Other", starts_at=event.starts_at, ends_at=event.starts_at + HOUR
    )
    with pytest.raises(VerbError) as refused:
        act(events.save, other)
    assert refused.value.field == "starts_at"


def test_a_series_plans_the_next_one_for_what_was_called_off() -> None:
    series = Series.objects.create(key="hours", name="Hours", weekday=3, time="17:00")
    with pipeline.change(Actor.system("playbooks"), now=NOW):
        recurring.look(series.pk, NOW)
    first = Event.objects.get()
    act(events.call_off, first)
    assert recurring.due_ids(NOW) == [series.pk]
    with pipeline.change(Actor.system("playbooks"), now=NOW):
        recurring.look(series.pk, NOW)
    assert Event.objects.get(state="planned").starts_at == first.starts_at + 7 * DAY


def test_calendars_hear_that_an_event_is_called_off(event: Event) -> None:
    assert b"STATUS" not in feed.ical(NOW)
    act(events.call_off, event)
    assert b"STATUS:CANCELLED" in feed.ical(NOW)


def test_a_run_moved_by_its_page_moves_its_event(event: Event, run: Run) -> None:
    """What is announced is the event's time: both or neither."""
    client = Client()
    client.force_login(agent("ana"))
    client.post(f"{run.get_absolute_url()}move/", {"anchor_at": "2026-11-26T10:00"})
    event.refresh_from_db()
    run.refresh_from_db()
    assert event.starts_at == run.anchor_at
    assert event.starts_at.isoformat() == "2026-11-26T10:00:00+00:00"
