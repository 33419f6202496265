"""Members: roles and teams, the last administrator, and what ends when somebody leaves."""

import pytest
from django.test import Client

from inbox.accounts.models import ApiToken, Role, Team, User
from inbox.accounts.tests.conftest import is_signed_in, sign_in, with_password
from inbox.web.live import _scopes
from rig.desk import agent

pytestmark = pytest.mark.django_db


def test_the_page_shows_members_with_role_teams_and_when_they_were_here(desk: Client) -> None:
    team = Team.objects.create(key="devrel", name="DevRel")
    agent("noor", role=Role.LIGHT).teams.add(team)
    agent("gone", is_active=False)
    page = desk.get("/team/").content.decode()
    for words in ("Noor", "Light agent", "DevRel", "never here", "deactivated"):
        assert words in page


def test_a_role_is_changed_and_ends_the_sessions_of_the_old_one(desk: Client) -> None:
    noor = with_password("noor", role=Role.AGENT)
    team = Team.objects.create(key="devrel", name="DevRel")
    browser = sign_in("noor")
    assert is_signed_in(browser)
    desk.post(f"/team/{noor.pk}/", {"role": "agent", "teams": [team.pk]})
    assert is_signed_in(browser)
    assert list(noor.teams.all()) == [team]
    desk.post(f"/team/{noor.pk}/", {"role": "viewer"})
    noor.refresh_from_db()
    assert (noor.role, list(noor.teams.all())) == ("viewer", [])
    assert not is_signed_in(browser)


@pytest.mark.parametrize("way", ["demote", "deactivate", "by the admin"])
def test_the_last_administrator_stays(way: str, desk: Client, ana: User) -> None:
    agent("gone", role=Role.ADMIN, is_active=False)
    if way == "demote":
        said = desk.post(f"/team/{ana.pk}/", {"role": "agent"}, follow=True)
    elif way == "deactivate":
        said = desk.post(f"/team/{ana.pk}/deactivate/", follow=True)
    else:
        User.objects.filter(pk=ana.pk).update(is_superuser=True)
        form = {"username": "ana", "role": "agent", "timezone": "", "theme": "", "density": ""}
        said = desk.post(f"/admin/inbox/user/{ana.pk}/change/", form)
    assert "This is the last administrator" in said.content.decode()
    ana.refresh_from_db()
    assert (ana.role, ana.is_active) == ("admin", True)
    agent("ilse", role=Role.ADMIN)
    desk.post(f"/team/{ana.pk}/", {"role": "agent"})
    ana.refresh_from_db()
    assert ana.role == "agent"


def test_deactivated_sessions_tokens_and_streams_end(desk: Client) -> None:
    noor = with_password("noor")
    browser = sign_in("noor")
    _, token = ApiToken.issue(noor)
    headers = {"Authorization": f"Bearer {token}"}
    reader = (noor.pk, noor.get_session_auth_hash(), str(browser.session.session_key))
    assert (is_signed_in(browser), list(_scopes([reader]))) == (True, [reader])
    assert Client().get("/api/v1/tickets/", headers=headers).status_code == 200
    desk.post(f"/team/{noor.pk}/deactivate/")
    assert not is_signed_in(browser)
    assert Client().get("/api/v1/tickets/", headers=headers).status_code == 401
    assert _scopes([reader]) == {}
    assert not is_signed_in(sign_in("noor"))
    desk.post(f"/team/{noor.pk}/reactivate/")
    assert is_signed_in(sign_in("noor"))
    # what had ended stays ended
    assert Client().get("/api/v1/tickets/", headers=headers).status_code == 401
    assert (is_signed_in(browser), _scopes([reader])) == (False, {})
