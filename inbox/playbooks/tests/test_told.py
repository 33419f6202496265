"""Playbooks from outside: the handbook, the API, a chat, a rule, an event; and people who go."""

from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client

from inbox import pipeline
from inbox.accounts.models import ApiToken, Role, Team
from inbox.common.versions import bump
from inbox.common.work import Actor
from inbox.handbook.reading import BadHandbook
from inbox.handbook.services import dump, load
from inbox.playbooks import services as playbooks
from inbox.playbooks import starting
from inbox.playbooks.models import Event, Playbook, Run
from inbox.playbooks.tests.desk import NOW, Desk
from inbox.privacy import runs
from inbox.privacy.person import Person
from inbox.routing.models import Rule
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from rig.desk import act, agent, asker, ticket, writes

pytestmark = pytest.mark.django_db
BOOK: dict[str, Any] = {
    "key": "secret",
    "name": "Secret",
    "command": "secret",
    "roles": ["host"],
    "fields": [{"key": "sharer", "label": "Who shared it", "kind": "person"}],
    "steps": [{"key": "tell", "title": "Tell them", "role": "host", "measure": "to notify"}],
}


def stored(**fields: Any) -> Playbook:
    definition = {**BOOK, **fields}
    book = Playbook.objects.create(key="secret", name="Secret", definition=definition)
    bump(starting.STAMP)
    return book


def test_the_handbook_loads_and_dumps_a_playbook() -> None:
    text = yaml.safe_dump({"version": 1, "playbooks": [{**BOOK, "active": False}]})
    assert load(text, dry_run=True) == ["+ playbook secret"]
    assert not Playbook.objects.exists()
    load(text)
    assert load(text) == []
    assert yaml.safe_load(dump())["playbooks"] == [{**BOOK, "active": False}]


def test_one_bad_step_changes_nothing_and_is_said_with_its_line() -> None:
    bad = {**BOOK, "steps": [{"key": "tell", "title": "Tell", "at": "soon"}]}
    with pytest.raises(BadHandbook, match=r"^line \d+: playbooks secret: step tell: “soon”"):
        load(yaml.safe_dump({"version": 1, "playbooks": [bad]}))
    assert not Playbook.objects.exists()


def test_the_admin_refuses_what_cannot_be_followed() -> None:
    client = Client()
    client.force_login(agent("root", role=Role.ADMIN, is_staff=True, is_superuser=True))
    page = client.post("/admin/inbox/playbook/add/", {"text": "key: a\nname: A", "active": "on"})
    assert "the playbook has no steps" in page.content.decode()
    client.post("/admin/inbox/playbook/add/", {"text": yaml.safe_dump(BOOK), "active": "on"})
    assert Playbook.objects.get().definition == BOOK


def test_a_rule_starts_one_on_a_ticket_once() -> None:
    stored()
    Rule.objects.create(
        key="leak", label="Leak", trigger="message", condition={}, actions=[{"playbook": "secret"}]
    )
    bump("rules")
    row = ticket(who=asker("mira"))
    act(tickets.set_category, row, "Security Issue")
    (run,) = Run.objects.all()
    assert (run.ticket, run.title) == (row, f"Secret (#{row.pk})")


def test_an_event_starts_one_on_its_ticket_once() -> None:
    stored(starts_on="priority")
    ana, row = agent("ana"), ticket()
    act(tickets.assign, row, ana)
    act(tickets.set_priority, row, "high")
    act(tickets.set_priority, row, "urgent")
    (run,) = Run.objects.all()
    assert (run.ticket, run.roles, run.steps.get().owner) == (row, {"host": ana.pk}, ana)


def test_a_word_in_a_chat_starts_one_at_once() -> None:
    """S94."""
    stored()
    ana = agent("ana")
    with pipeline.change(Actor.user(ana), now=NOW):
        run, _ = starting.start_by_command("secret", user=ana, about="<@U0KIT|kit>")
    assert (run.values, run.roles) == ({"sharer": "U0KIT"}, {"host": ana.pk})
    assert run.steps.get().state == "ready"


def test_the_api_lists_playbooks_and_runs_with_their_times() -> None:
    desk = Desk(BOOK)
    desk.do(playbooks.finish_step, "tell")
    _, token = ApiToken.issue(desk.ana)
    api = Client(headers={"authorization": f"Bearer {token}"})
    (book,) = api.get("/api/v1/playbooks/").json()["results"]
    assert (book["key"], book["definition"]) == ("secret", BOOK)
    (run,) = api.get("/api/v1/playbooks/runs/?state=finished").json()["results"]
    found = api.get(f"/api/v1/playbooks/runs/{run['id']}/").json()
    assert found["durations"] == [{"key": "tell", "label": "to notify", "seconds": 0}]
    assert [line["kind"] for line in found["log"]] == ["started", "ready", "done", "finished"]
    assert found["roles"] == {"host": "ben"}


def test_a_run_about_a_restricted_ticket_is_not_there_for_others() -> None:
    row = ticket()
    act(
        tickets.restrict, row, Team.objects.create(key="security", name="Security", restricted=True)
    )
    desk = Desk(BOOK, ticket=row)
    _, token = ApiToken.issue(desk.ana)
    api = Client(headers={"authorization": f"Bearer {token}"})
    assert api.get("/api/v1/playbooks/runs/").json()["results"] == []
    assert api.get(f"/api/v1/playbooks/runs/{desk.run.pk}/").status_code == 404


def test_who_is_erased_is_gone_from_runs_and_events() -> None:
    kit = asker("kit")
    desk = Desk(BOOK, values={"sharer": str(kit.pk)})
    desk.do(playbooks.finish_step, "tell", note="kit@example.org has seen it")
    Event.objects.create(
        title="Office hours with Kitty",
        starts_at=NOW,
        ends_at=NOW.replace(hour=16),
        people=[{"name": "Kit", "alias": "Kitty", "contact": kit.contact_id, "role": "guest"}],
        agenda=[{"title": "Kitty’s demo", "minutes": 15, "people": ["Kitty"]}],
    )
    person = Person(kit.contact)
    assert runs.empty(person) == 2
    run, event = Run.objects.get(), Event.objects.get()
    assert run.values == {"sharer": "(erased)"}
    assert "kit@example.org" not in f"{desk.step('tell').note} {list(run.entries.values())}"
    assert "Kit" not in f"{event.title} {event.people} {event.agenda}"
    assert runs.empty(person) == 0


FOUND = {
    "command": "",
    "starts_on": "secret_found",
    "fields": [{"key": "sharer", "label": "Who"}, {"key": "place", "label": "Where"}],
}


def test_a_secret_that_arrives_starts_its_playbook_with_who_and_where() -> None:
    """S102: of whoever wrote the message, whoever asks on the ticket."""
    stored(**FOUND)
    row, guest = ticket(who=asker("mira")), asker("guest")
    message = writes(row, guest, role="community", at=NOW)
    found = {"what": "GitHub token", "message": message.pk, "secret": 1}
    for _ in range(2):
        act(lambda: tickets.record(tickets.lock(row.pk), kinds.LEAK_FOUND, **found))
    run = Run.objects.get()
    assert (run.ticket, run.values) == (
        row,
        {
            "sharer": "guest@example.org",
            "place": f"{settings.BASE_URL}{row.get_absolute_url()}",
        },
    )
    runs.empty(Person(guest.contact))
    run.refresh_from_db()
    assert run.values["sharer"] == "(erased)"


def test_fields_that_a_playbook_does_not_have_stay_away() -> None:
    stored(**{**FOUND, "fields": [{"key": "sharer", "label": "Who", "kind": "list"}]})
    row = ticket(who=asker("mira"))
    act(lambda: starting.begin(kinds.LEAK_FOUND, ticket=tickets.lock(row.pk)))
    assert Run.objects.get().values == {}
