"""Events as the pages plan them: agenda, people, tickets, and the link back after it."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from inbox.accounts.models import Team, User
from inbox.calendars.services import save_calendar
from inbox.outbox.models import Outgoing
from inbox.playbooks.models import Event, EventTicket, Playbook, Series
from inbox.playbooks.services import start
from inbox.playbooks.telling import told_words
from rig.desk import NOW, WEEK, act, agent, ticket

pytestmark = pytest.mark.django_db
FORM = {
    "title": "Office hours",
    "starts_at": "2026-11-25T16:00",
    "ends_at": "2026-11-25T17:00",
    "meeting_url": "https://meet.example.com/office-hours",
    "agenda_title": ["State backends", "Questions", ""],
    "agenda_minutes": ["15", "45", ""],
    "agenda_people": ["Mira, Priya", "", ""],
    "person_name": ["Mira Example", ""],
    "person_alias": ["@mira", ""],
    "person_role": ["presents", ""],
    "link_label": ["Notes"],
    "link_url": ["https://docs.example.com/notes"],
}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def desk() -> Client:
    return client_of(agent("ana"))


@pytest.fixture
def event() -> Event:
    return Event.objects.create(
        title="Office hours",
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        stream_url="https://video.example.com/watch?v=abc",
    )


def test_an_event_is_planned_with_agenda_people_and_links(desk: Client) -> None:
    """S82, S85, S86: 15 and 45 minutes fill the hour."""
    answer = desk.post("/playbooks/events/new/", FORM)
    row = Event.objects.get()
    assert answer["Location"] == f"/playbooks/events/{row.pk}/"
    assert row.agenda == [
        {"title": "State backends", "minutes": 15, "people": ["Mira", "Priya"]},
        {"title": "Questions", "minutes": 45, "people": []},
    ]
    assert row.links == [{"label": "Notes", "url": "https://docs.example.com/notes"}]
    text = desk.get(answer["Location"]).content.decode()
    assert re.search(r'data-state="met">.*60 of 60 min', text)
    assert "16:15" in text  # the questions begin after the topic
    names = desk.get(f"/playbooks/events/{row.pk}/names/").content.decode()
    assert ("<b>@mira</b>" in names, "Mira Example" in names) == (True, False)


def test_the_day_is_that_of_its_series_whoever_reads(desk: Client, event: Event) -> None:
    """What everybody reads under the video and in the answer; at midnight the day differs."""
    team = save_calendar(key="team", name="", zone="Asia/Tokyo", week=WEEK, holidays=[], closed=[])
    series = Series.objects.create(key="oh", name="Office hours", calendar=team)
    at = NOW.replace(hour=20)  # the nineteenth in Tokyo
    Event.objects.update(series=series, starts_at=at, ends_at=at + timedelta(hours=1))
    EventTicket.objects.create(event=event, ticket=ticket(), timestamp_seconds=60)
    path = f"/playbooks/events/{event.pk}/"
    assert "Office hours, 19 November 2026." in desk.get(path).content.decode()
    desk.post(f"{path}do/tell/")
    assert "19 November 2026" in Outgoing.objects.get().payload["text"]


def test_names_of_its_run_are_called_out_too(desk: Client, event: Event) -> None:
    """S85: who fills in the run's step has filled in the page; nobody is there twice."""
    Event.objects.update(people=[{"name": "Mirela", "alias": "mira", "role": "brings a topic"}])
    event.refresh_from_db()
    fields = [{"key": "names", "label": "Names", "kind": "list"}]
    data = {"key": "h", "name": "H", "fields": fields, "steps": [{"key": "a", "title": "A"}]}
    book = Playbook.objects.create(key="h", name="H", definition=data)
    begin: dict[str, Any] = {"anchor_at": NOW, "roles": {}, "event": event}
    run = act(start, playbook=book, values={"names": ["Mira", "Ansel"]}, **begin)
    text = desk.get(f"/playbooks/events/{event.pk}/names/").content.decode()
    assert re.findall(r"<li><b>(.*?)</b>", text) == ["mira", "Ansel"]
    assert "With thanks to mira, Ansel." in told_words(run)["description"]


def test_an_agenda_that_is_too_long_comes_back_with_every_word(desk: Client) -> None:
    answer = desk.post("/playbooks/events/new/", {**FORM, "agenda_minutes": ["30", "45", ""]})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "The agenda takes 75 min, and there are 60." in text
    assert ("State backends" in text, "@mira" in text) == (True, True)
    assert Event.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("starts_at", "soon"),
        ("ends_at", "2026-11-25T15:00"),
        ("agenda_minutes", ["", "45"]),
        ("meeting_url", "javascript:alert(1)"),
        ("link_url", ["data:text/html,x"]),
    ],
)
def test_what_cannot_be_is_said(field: str, value: Any, desk: Client) -> None:
    assert desk.post("/playbooks/events/new/", {**FORM, field: value}).status_code == 422
    assert Event.objects.count() == 0


def test_the_next_of_a_series_begins_as_the_series_is(desk: Client) -> None:
    Series.objects.create(key="oh", name="Office hours", meeting_url="https://meet.example.com/oh")
    text = desk.get("/playbooks/events/new/?series=oh").content.decode()
    assert 'value="https://meet.example.com/oh"' in text
    assert '<option value="oh" selected>' in text


def test_tickets_are_chosen_marked_and_get_their_link(desk: Client, event: Event) -> None:
    """S84 and afterwards: a draft for each, which waits for a yes, once."""
    row, other = ticket(), ticket()
    path = f"/playbooks/events/{event.pk}/do/"
    for one in (row, other):
        desk.post(f"{path}choose/", {"ticket": f"#{one.pk}"})
    chosen = EventTicket.objects.get(ticket=row)
    desk.post(f"{path}stamp/", {"chosen": chosen.pk, "stamp": "1:02:30"})
    desk.post(f"{path}stamp/", {"chosen": chosen.pk, "stamp": "later"})  # refused, changes nothing
    chosen.refresh_from_db()
    assert chosen.timestamp_seconds == 3750
    desk.post(f"{path}tell/")
    desk.post(f"{path}tell/")
    draft = Outgoing.objects.get()
    assert (draft.ticket, draft.state, draft.held_reason) == (row, "held", "approval")
    assert "https://video.example.com/watch?v=abc&t=3750s" in draft.payload["text"]
    assert "begins at 1:02:30" in draft.payload["text"]
    desk.post(f"{path}drop/", {"chosen": EventTicket.objects.get(ticket=other).pk})
    assert EventTicket.objects.get() == chosen


def test_restricted_tickets_are_not_there_for_others(desk: Client, event: Event) -> None:
    team = Team.objects.create(key="sec", name="Security", restricted=True)
    secret = ticket(restricted_team=team)
    desk.post(f"/playbooks/events/{event.pk}/do/choose/", {"ticket": secret.pk})
    assert EventTicket.objects.count() == 0
    EventTicket.objects.create(event=event, ticket=secret)
    text = desk.get(f"/playbooks/events/{event.pk}/").content.decode()
    assert secret.subject not in text


def test_the_calendar_needs_its_signed_address(desk: Client, event: Event) -> None:
    with time_machine.travel(NOW, tick=False):
        page = desk.get("/playbooks/events/").content.decode()
        address = re.search(r'href="(/playbooks/events\.ics\?token=[^"]+)"', page)
        assert address is not None
        answer = Client().get(address[1])
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert b"SUMMARY:Office hours" in answer.content
    assert Client().get("/playbooks/events.ics?token=wrong").status_code == 404
    User.objects.filter(username="ana").update(is_active=False)
    assert Client().get(address[1]).status_code == 404


@pytest.mark.parametrize("many", [1, 30])
def test_pages_of_events_cost_the_same_for_any_number(
    many: int, desk: Client, event: Event, django_assert_max_num_queries: Any
) -> None:
    for n in range(many):
        Event.objects.create(
            title=f"E{n}", starts_at=NOW + timedelta(days=n), ends_at=NOW + timedelta(days=n, hours=1)
        )  # fmt: skip
        EventTicket.objects.create(event=event, ticket=ticket())
    for path in ("/playbooks/events/", f"/playbooks/events/{event.pk}/"):
        desk.get(path)
        with django_assert_max_num_queries(12):
            desk.get(path)
