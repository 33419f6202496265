"""A series on its page: written, paused, gone on with, a date left out and brought back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from inbox.accounts.models import User
from inbox.calendars.services import save_calendar
from inbox.playbooks.models import Event, Playbook, Run, Series
from rig.desk import NOW, WEEK, agent

pytestmark = pytest.mark.django_db
FORM: dict[str, Any] = {
    "name": "Office hours",
    "weekday": "3",
    "time": "17:00",
    "minutes": "60",
    "every": "2",
    "meeting_url": "https://meet.example.com/hours",
    "channel_label": "#office-hours",
    "starts_on": "2026-11-19",
}
HERE = "/playbooks/series/office-hours/"
FIRST, SECOND = "2026-11-19", "2026-12-03"  # NOW is the Wednesday before


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk() -> Client:
    return client_of(agent("ana"))


@pytest.fixture
def made(desk: Client) -> Client:
    """A series of two weeks in Berlin, with a playbook."""
    calendar = save_calendar(
        key="team", name="", zone="Europe/Berlin", week=WEEK, holidays=[], closed=[]
    )
    steps = [{"key": "find", "title": "Find members", "at": "T-1d"}]
    data = {"key": "hours", "name": "Hours", "steps": steps}
    book = Playbook.objects.create(key="hours", name="Hours", definition=data)
    more = {"calendar": calendar.pk, "playbook": book.pk}
    assert desk.post("/playbooks/series/new/", {**FORM, **more})["Location"] == HERE
    return desk


def dates(state: str = "planned") -> list[str]:
    rows = Event.objects.filter(state=state).order_by("starts_at")
    return [f"{row.starts_at:%Y-%m-%d %H:%M}" for row in rows]


def form_of(row: Series, **fields: Any) -> dict[str, Any]:
    assert row.calendar is not None
    assert row.playbook is not None
    return {**FORM, "calendar": row.calendar.pk, "playbook": row.playbook.pk, **fields}


def test_a_series_is_written_and_has_its_first_event_at_once(made: Client) -> None:
    """S82: the hour is the calendar's; its run is begun by nobody."""
    assert dates() == ["2026-11-19 16:00"]
    assert Run.objects.get().started_by is None
    text = made.get(HERE).content.decode()
    assert "Times are those of Europe/Berlin" in text
    assert 'value="2026-12-03"' in text  # a date without an event yet
    assert HERE in made.get("/playbooks/events/").content.decode()


def test_an_edit_moves_what_nobody_touched(made: Client) -> None:
    made.post(HERE, form_of(Series.objects.get(), time="18:30", name="Live hour"))
    assert dates() == ["2026-11-19 17:30"]
    assert (Event.objects.get().title, Run.objects.get().title) == ("Live hour", "Live hour")


@pytest.mark.parametrize(
    ("field", "value"),
    [("time", "25:00"), ("every", "0"), ("weekday", "7"), ("minutes", ""), ("name", " "),
     ("meeting_url", "javascript:alert(1)"), ("starts_on", "soon")],
)  # fmt: skip
def test_what_cannot_be_comes_back_with_what_was_written(
    made: Client, field: str, value: str
) -> None:
    answer = made.post(
        HERE, form_of(Series.objects.get(), channel_label="#other", **{field: value})
    )
    assert (answer.status_code, "#other" in answer.content.decode()) == (422, True)
    assert Series.objects.get().channel_label == "#office-hours"


def test_a_pause_makes_nothing_until_it_goes_on(made: Client) -> None:
    made.post(f"{HERE}pause/")
    assert (Series.objects.get().active, dates()) == (False, ["2026-11-19 16:00"])
    text = made.get(HERE).content.decode()
    assert ("Paused: no more events are made." in text, 'value="2026-12-03"' in text) == (
        True,
        False,
    )
    made.post(f"{HERE}resume/")
    assert Series.objects.get().active


def test_a_pause_may_call_off_what_is_planned(made: Client) -> None:
    made.post(f"{HERE}pause/", {"call_off": "1"})
    assert (dates(), dates("cancelled")) == ([], ["2026-11-19 16:00"])
    assert Run.objects.get().state == "cancelled"
    made.post(f"{HERE}resume/")
    assert dates() == ["2026-12-03 16:00"]


def test_a_date_is_left_out_and_brought_back(made: Client) -> None:
    """With its run, and the next one takes its place meanwhile."""
    made.post(f"{HERE}skip/", {"day": FIRST})
    assert (dates(), dates("cancelled")) == (["2026-12-03 16:00"], ["2026-11-19 16:00"])
    first = Event.objects.earliest("starts_at")
    assert first.runs.get().state == "cancelled"
    made.post(f"{HERE}back/", {"event": first.pk})
    assert (dates()[0], first.runs.get().state) == ("2026-11-19 16:00", "running")


def test_a_date_that_has_no_event_yet_is_left_out_too(made: Client) -> None:
    for _ in range(2):  # a second press changes nothing
        made.post(f"{HERE}skip/", {"day": SECOND})
    assert dates("cancelled") == ["2026-12-03 16:00"]
    later = Event.objects.get(state="cancelled")
    assert later.runs.count() == 0
    made.post(f"{HERE}back/", {"event": later.pk})
    assert dates() == ["2026-11-19 16:00", "2026-12-03 16:00"]
    assert later.runs.get().state == "running"


@pytest.mark.parametrize("day", ["", "2026-12-04", "soon"])
def test_only_its_own_dates_are_left_out(made: Client, day: str) -> None:
    made.post(f"{HERE}skip/", {"day": day})
    assert dates("cancelled") == []


def test_an_extra_one_begins_at_the_series_hour(made: Client) -> None:
    text = made.get("/playbooks/events/new/?series=office-hours").content.decode()
    assert 'value="2026-11-19T16:00"' in text  # five o'clock in Berlin, for a reader in UTC


def test_two_series_of_one_name_have_their_own_addresses(made: Client) -> None:
    made.post("/playbooks/series/new/", form_of(Series.objects.get()))
    assert set(Series.objects.values_list("key", flat=True)) == {"office-hours", "office-hours-2"}


def test_viewers_see_the_dates_and_no_button(made: Client) -> None:
    vera = client_of(agent("vera", role="viewer"))
    text = vera.get(HERE).content.decode()
    assert ("Coming dates" in text, "Leave out" in text, 'name="weekday"' in text) == (
        True, False, False,
    )  # fmt: skip
    assert vera.post(f"{HERE}pause/").status_code == 404
    assert vera.get("/playbooks/series/new/").status_code == 404
    assert Series.objects.get().active


@pytest.mark.parametrize("many", [1, 30])
def test_a_series_costs_the_same_for_any_number_of_events(
    made: Client, many: int, django_assert_max_num_queries: Any
) -> None:
    row = Series.objects.get()
    for n in range(many):
        at = NOW + timedelta(days=n + 40)
        Event.objects.create(
            series=row, title=f"E{n}", starts_at=at, ends_at=at + timedelta(hours=1)
        )
    made.get(HERE)
    with django_assert_max_num_queries(14):
        made.get(HERE)
