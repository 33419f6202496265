"""Invites: one account each, once, within seven days, and only for whom they were meant."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from inbox.accounts.models import Invite, Role, Team, User
from inbox.accounts.tests.conftest import PASSWORD, is_signed_in, sign_in, with_password
from inbox.common.crypto import digest_of
from inbox.outbox.models import Outgoing
from rig.desk import agent

pytestmark = pytest.mark.django_db
NOOR = "noor@example.com"
Find = Callable[[str], str]


def invite(desk: Client, email: str = NOOR, **fields: object) -> None:
    """Ana sends the form."""
    answer = desk.post("/team/invite/", {"email": email, "role": "agent", **fields})
    assert (answer.status_code, answer["Location"]) == (302, "/team/")


def accept(path: str, **fields: str) -> Client:
    """Somebody opens the link and sends the form."""
    client = Client()
    client.post(path, {"name": "Noor Haddad", "password": PASSWORD, **fields})
    return client


def test_an_invite_is_mailed_and_makes_one_account_once(desk: Client, newest_link: Find) -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    invite(desk, role="light", teams=[team.pk])
    path = newest_link(NOOR)
    mail = Outgoing.objects.get(kind="notice")
    assert mail.payload["subject"] == "Ana invites you to the help desk"
    page = Client().get(path).content.decode()
    assert "Ana invites you as light agent, with noor@example.com." in page
    noor = accept(path)
    assert is_signed_in(noor)
    made = User.objects.get(email=NOOR)
    assert (made.username, made.display_name, made.role) == ("noor", "Noor Haddad", "light")
    assert (list(made.teams.all()), made.is_staff) == ([team], False)
    assert is_signed_in(sign_in("noor@example.com"))
    again = Client().post(path, {"name": "Somebody Else", "password": PASSWORD})
    assert again.status_code == 410
    assert "used, withdrawn or is older than seven days" in again.content.decode()
    assert User.objects.filter(email=NOOR).count() == 1


def test_only_the_hash_of_a_link_is_kept(desk: Client, newest_link: Find) -> None:
    invite(desk)
    token = newest_link(NOOR).split("/")[2]
    assert Invite.objects.get().digest == digest_of(token)
    assert Client().get(f"/invite/{digest_of(token)}/").status_code == 410


def test_sent_again_the_old_link_is_dead(desk: Client, newest_link: Find) -> None:
    invite(desk)
    old = newest_link(NOOR)
    desk.post(f"/team/invite/{Invite.objects.get().pk}/again/")
    new = newest_link(NOOR)
    assert old != new
    assert [Client().get(path).status_code for path in (old, new)] == [410, 200]


@pytest.mark.parametrize("end", ["withdrawn", "expired"])
def test_withdrawn_or_after_seven_days_it_opens_nothing(
    end: str, desk: Client, newest_link: Find
) -> None:
    invite(desk)
    path, row = newest_link(NOOR), Invite.objects.get()
    if end == "withdrawn":
        desk.post(f"/team/invite/{row.pk}/withdraw/")
        assert Client().get(path).status_code == 410
    else:
        with time_machine.travel(row.expires_at - timedelta(minutes=1)):
            assert Client().get(path).status_code == 200
        with time_machine.travel(row.expires_at + timedelta(minutes=1)):
            accept(path)
    assert not User.objects.filter(email=NOOR).exists()


def test_a_person_of_the_handbook_opens_their_own_account(desk: Client, newest_link: Find) -> None:
    team = Team.objects.create(key="devrel", name="DevRel")
    noor = agent("noor", role=Role.AGENT)
    noor.set_unusable_password()
    noor.save()
    noor.teams.add(team)
    invite(desk, role="admin")
    assert is_signed_in(accept(newest_link(NOOR)))
    noor.refresh_from_db()
    assert (noor.role, list(noor.teams.all())) == ("agent", [team])


def test_who_was_let_go_does_not_come_in_by_an_older_invite(
    desk: Client, newest_link: Find
) -> None:
    noor = agent("noor")
    noor.set_unusable_password()
    noor.save()
    invite(desk)
    path = newest_link(NOOR)
    desk.post(f"/team/{noor.pk}/deactivate/")
    assert Client().get(path).status_code == 410
    again = desk.post("/team/invite/", {"email": NOOR, "role": "agent"})
    assert "This account is deactivated" in again.content.decode()


def test_an_account_that_was_opened_meanwhile_is_not_taken_over(
    desk: Client, newest_link: Find
) -> None:
    invite(desk)
    path = newest_link(NOOR)
    with_password("other", email="Noor@Example.com")
    answer = Client().post(path, {"name": "Noor", "password": PASSWORD})
    assert answer.status_code == 422
    assert "Ask for a new one" in answer.content.decode()
    assert User.objects.filter(email__iexact=NOOR).count() == 1


def test_who_has_an_account_or_an_invite_is_not_invited_again(
    desk: Client, newest_link: Find
) -> None:
    agent("ilse", last_login=timezone.now())
    User.objects.filter(username="ana").update(last_login=timezone.now())
    for email in ("ILSE@example.com", "ana@example.com"):
        answer = desk.post("/team/invite/", {"email": email, "role": "agent"})
        assert answer.status_code == 422
        assert "Somebody here has this address already." in answer.content.decode()
    invite(desk)
    answer = desk.post("/team/invite/", {"email": NOOR, "role": "agent"})
    assert "This address is invited already" in answer.content.decode()
    assert Invite.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "password", "12345678"])
def test_a_weak_password_is_refused_and_the_link_lives(
    password: str, desk: Client, newest_link: Find
) -> None:
    invite(desk)
    path = newest_link(NOOR)
    answer = Client().post(path, {"name": "Noor", "password": password})
    assert answer.status_code == 422
    assert not User.objects.filter(email=NOOR).exists()
    assert is_signed_in(accept(path))


def test_without_a_system_channel_the_link_is_shown_once(desk: Client) -> None:
    answer = desk.post("/team/invite/", {"email": NOOR, "role": "agent"})
    page = answer.content.decode()
    path = page.split("http://127.0.0.1:8000")[1].split("<")[0]
    assert is_signed_in(accept(path))
    assert path not in desk.get("/team/").content.decode()


@pytest.mark.parametrize("role", ["agent", "light", "viewer"])
def test_only_administrators_see_and_change_the_team(role: str, ana: User) -> None:
    client = Client()
    client.force_login(agent("ben", role=role))
    posts = ["invite/", "second-factor/", f"{ana.pk}/", f"{ana.pk}/deactivate/"]
    assert client.get("/team/").status_code == 404
    assert {client.post(f"/team/{path}", {"role": "viewer"}).status_code for path in posts} == {404}
    ana.refresh_from_db()
    assert (ana.role, ana.is_active) == ("admin", True)
