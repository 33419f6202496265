"""People are told of what they chose, where they chose, and not in their night."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels.models import Channel
from inbox.common.live import Heard, Signal
from inbox.common.work import Actor
from inbox.notify import choices
from inbox.notify import services as notify
from inbox.notify.models import Notice
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.people.models import Contact, Identity
from inbox.tickets import services as tickets
from inbox.web.live import _said, _wants
from rig.desk import NOW, act, agent, asker, mailbox, ticket, writes

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(settings: Settings) -> Channel:
    """A mailbox of the desk's own, and a connected workspace in which Ana is known."""
    mailbox()
    settings.SYSTEM_CHANNEL = "email/support"
    return Channel.objects.create(
        kind="slack", key="main", label="Workspace", settings={"team_id": "T1"}
    )


def known_in(workspace: Channel, user: User) -> Identity:
    """Somebody's identity in the workspace."""
    return Identity.objects.create(
        contact=Contact.objects.create(name=user.display_name),
        kind=workspace.kind,
        realm=workspace.realm,
        external_id="T1/U1",
        user=user,
    )


def places(kind: str, user: User, **fields: Any) -> set[str]:
    """Where somebody is told of a notice, once the clock has ticked."""
    act(notify.tell, user, key="k", kind=kind, text="Words", at=NOW, **fields)
    sweep.tick(now=NOW + timedelta(seconds=20))
    found = {"desk"} if notify.unread(user) else set()
    found |= {"mail"} if Outgoing.objects.filter(kind="notice").exists() else set()
    return found | ({"chat"} if Outgoing.objects.filter(kind="effect").exists() else set())


@pytest.mark.parametrize(
    ("told", "kind", "expected"),
    [
        ({}, "due_warning", {"desk", "chat"}),
        ({}, "reply", set()),
        ({}, "something_new", {"desk", "chat"}),
        ({"warning": ["mail"]}, "due_warning", {"mail"}),
        ({"warning": []}, "due_warning", set()),
        ({"warning": []}, "breached", {"desk", "chat"}),
        ({"breach": ["browser", "mail", "chat"]}, "escalated", {"desk", "mail", "chat"}),
        ({"cover": ["browser"]}, "swap", {"desk"}),
    ],
)
def test_each_event_goes_where_it_was_wanted(
    told: dict[str, list[str]], kind: str, expected: set[str], workspace: Channel
) -> None:
    ana = agent("ana", told=told)
    known_in(workspace, ana)
    assert places(kind, ana) == expected


def test_who_left_is_told_nothing(workspace: Channel) -> None:
    ana = agent("ana", told={"warning": ["mail", "chat"]}, is_active=False)
    known_in(workspace, ana)
    assert places("due_warning", ana) == set()


def test_ones_own_night_holds_it_until_the_morning(workspace: Channel) -> None:
    ana = agent(
        "ana",
        timezone="Asia/Tokyo",
        quiet_hours=["18:00", "09:30"],
        told={"warning": ["browser", "mail"]},
    )
    # ten in the morning in London is seven in the evening in Tokyo
    assert places("due_warning", ana) == {"desk"}
    morning = datetime(2026, 11, 19, 0, 30, tzinfo=UTC)
    assert Notice.objects.get().not_before == morning
    sweep.tick(now=morning - timedelta(minutes=1))
    assert not Outgoing.objects.exists()
    sweep.tick(now=morning)
    assert Outgoing.objects.get().payload["to"] == ["ana@example.com"]


def test_open_pages_hear_of_it_and_ask_for_the_toast(
    said: list[Heard], django_capture_on_commit_callbacks: Any
) -> None:
    ana, ben = agent("ana"), agent("ben", told={"cover": ["mail"]})
    for user in (ana, ben):
        act(notify.tell, user, key=user.username, kind="swap", text="Cover me", url="/oncall/")
    with django_capture_on_commit_callbacks(execute=True):
        sweep.tick(now=timezone.now())
    told = [heard for heard in said if isinstance(heard, Signal)]
    assert [(one.name, one.data) for one in told] == [("told", {"user": ana.pk})]
    assert _said(told[0]) == "event: notice\ndata: 1\n\n"
    reader = (ana.pk, "", "")
    assert (_wants(reader, told[0]), _wants((ben.pk, "", ""), told[0])) == (True, False)
    client = Client()
    client.force_login(ana)
    toast = client.get("/notices/new/").content.decode()
    assert ('href="/oncall/"' in toast, "Cover me" in toast) == (True, True)


def test_who_is_given_a_ticket_by_a_colleague_hears_of_it() -> None:
    ana, ben = agent("ana"), agent("ben")
    row, own, by_rule = ticket(), ticket(), ticket()
    with pipeline.change(Actor.user(ben), now=NOW):
        tickets.assign(tickets.lock(row.pk), ana)
        tickets.assign(tickets.lock(own.pk), ben)
    act(tickets.assign, by_rule, ana)
    assert [(n.user, n.kind, n.ticket) for n in Notice.objects.all()] == [(ana, "assigned", row)]
    assert Notice.objects.get().text == f"ben gave you #{row.pk} {row.subject}"


def test_answers_are_told_to_those_who_asked_for_them() -> None:
    ana, ben = agent("ana", told={"reply": ["browser"]}), agent("ben")
    who = asker("mira")
    rows = {user: ticket(who=who) for user in (ana, ben)}
    for user, row in rows.items():
        act(tickets.assign, row, user)
        writes(row, who, at=NOW + timedelta(hours=1))
    assert [(n.user, n.kind) for n in Notice.objects.all()] == [(ana, "reply")]


def test_the_form_keeps_each_choice_and_the_night() -> None:
    ana = agent("ana")
    client = Client()
    client.force_login(ana)
    form = {"quiet_from": "21:00", "quiet_until": "08:15", "reply": ["browser", "mail"]}
    client.post("/account/told/", form)
    ana.refresh_from_db()
    assert ana.quiet_hours == ["21:00", "08:15"]
    assert ana.told == {e.key: [] for e in choices.EVENTS} | {"reply": ["browser", "mail"]}
    for wrong in ({**form, "quiet_from": "25:00"}, {**form, "reply": ["pigeon"]}):
        assert client.post("/account/told/", wrong).status_code == 422
    ana.refresh_from_db()
    assert ana.quiet_hours == ["21:00", "08:15"]
