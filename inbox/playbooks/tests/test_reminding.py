"""A step whose part nobody has reminds somebody all the same, and says whose part lacks."""

from datetime import timedelta
from typing import Any

import pytest

from inbox import pipeline
from inbox.accounts.models import Team
from inbox.common.work import Actor
from inbox.notify.models import Notice
from inbox.oncall.models import Rotation, RotationMember
from inbox.playbooks import services as playbooks
from inbox.playbooks.models import Playbook, Run
from inbox.playbooks.tests.desk import NOW
from inbox.tickets.models import Ticket
from rig.desk import agent, ticket

pytestmark = pytest.mark.django_db
BOOK: dict[str, Any] = {
    "key": "hours",
    "name": "Hours",
    "roles": [{"key": "host", "label": "Host"}, {"key": "cohost", "label": "Second host"}],
    "steps": [
        {"key": "find", "title": "Find members", "role": "host"},
        {"key": "stream", "title": "Start the stream", "role": "not:host"},
    ],
}


@pytest.fixture
def book() -> Playbook:
    return Playbook.objects.create(key="hours", name="Hours", definition=BOOK)


def begun(book: Playbook, ticket: Ticket | None = None, **roles: int) -> Run:
    """By the clockwork: nobody pressed anything."""
    with pipeline.change(Actor.system("playbooks"), now=NOW):
        return playbooks.start(
            playbook=book, anchor_at=NOW, roles=roles, values={}, ticket=ticket, once="x"
        )


def on_duty(name: str) -> None:
    rotation = Rotation.objects.create(key="daily", starts_on=NOW.date() - timedelta(days=1))
    RotationMember.objects.create(rotation=rotation, user=agent(name), position=1)


def told() -> set[tuple[str, str]]:
    rows = Notice.objects.filter(kind="playbook")
    return set(rows.values_list("user__username", "text"))


def test_who_is_on_duty_hears_of_a_run_that_nobody_started(book: Playbook) -> None:
    agent("noor")
    on_duty("ana")
    begun(book)
    assert told() == {
        ("ana", "Find members (Hours) Nobody is “Host” yet."),
        ("ana", "Start the stream (Hours) Nobody is there besides “Host” yet."),
    }


def test_whoever_has_a_part_hears_of_the_part_that_lacks(book: Playbook) -> None:
    on_duty("ana")
    begun(book, host=agent("noor").pk)
    assert told() == {
        ("noor", "Find members (Hours)"),
        ("noor", "Start the stream (Hours) Nobody is there besides “Host” yet."),
    }


def test_without_anybody_on_duty_the_whole_team_hears_of_it(book: Playbook) -> None:
    agent("noor"), agent("ben"), agent("vera", role="viewer"), agent("gone", is_active=False)
    begun(book)
    assert {who for who, _ in told()} == {"noor", "ben"}


def test_nobody_hears_of_a_restricted_ticket_that_they_may_not_see(book: Playbook) -> None:
    team = Team.objects.create(key="sec", name="Security", restricted=True)
    on_duty("ana")
    agent("ilse").teams.add(team)
    begun(book, ticket=ticket(restricted_team=team))
    assert {who for who, _ in told()} == {"ilse"}


def test_an_owner_who_has_left_is_not_waited_for(book: Playbook) -> None:
    on_duty("ana")
    noor = agent("noor")
    run = begun(book, host=noor.pk)
    type(noor).objects.filter(pk=noor.pk).update(is_active=False)
    Notice.objects.all().delete()
    with pipeline.change(Actor.system("playbooks"), now=NOW):
        playbooks.reschedule(run, anchor_at=NOW)
        playbooks.assign_step(run.steps.get(key="stream"), user=noor)
    assert {who for who, _ in told()} == {"ana"}
