"""Macros are written on the desk: checked, shown before they are kept, and only by whose they are."""

from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import ApiToken, Team, User
from inbox.common.versions import kept
from inbox.macros import queries
from inbox.macros.models import Macro
from inbox.macros.tests.test_macros import macro
from rig.desk import agent, asker, ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    """An agent of one team."""
    found = agent("ana", last_name="Sousa")
    found.teams.add(Team.objects.create(key="devrel", name="DevRel"))
    return found


@pytest.fixture
def desk(ana: User) -> Client:
    """Ana, signed in."""
    client = Client()
    client.force_login(ana)
    return client


def form(**fields: Any) -> dict[str, Any]:
    """What the editor sends."""
    return {
        "name": "Slot",
        "text": "Hi {{ requester.first_name }}",
        "seen_by": "owner",
        "order": "100",
        "enabled": "on",
        "a0_name": "tag",
        "a0_value": "wal, slot",
        "a1_name": "close",
        "a1_value": "solved",
        **fields,
    }


def test_one_is_written_tried_and_kept(desk: Client, ana: User) -> None:
    row = ticket(who=asker("mira"))
    tried = desk.post("/macros/new/", form(_try="1")).content.decode()
    assert "<p>Hi Mira</p>" in tried
    assert "Then tag it “wal and slot”, close it as “solved”." in tried
    assert not Macro.objects.exists()
    assert desk.post("/macros/new/", form(channels=["email"]))["Location"] == "/macros/"
    kept_one = Macro.objects.get()
    assert (kept_one.key, kept_one.owner, kept_one.channels) == ("slot", ana, ["email"])
    assert kept_one.actions == [{"tag": ["wal", "slot"]}, {"close": "solved"}]
    assert [one.key for one in queries.for_ticket(ana, row)] == ["slot"]
    shown = desk.get("/macros/edit/slot/").content.decode()
    assert 'name="a0_value" value="wal, slot"' in shown
    desk.post("/macros/edit/slot/", form(seen_by="team:devrel", a0_name="", a1_name="wait"))
    kept_one.refresh_from_db()
    assert (kept_one.owner, str(kept_one.team)) == (None, "DevRel")
    assert kept_one.actions == [{"wait": True}]
    desk.post("/macros/new/", form())
    assert set(Macro.objects.values_list("key", flat=True)) == {"slot", "slot-2"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "Hi {{ settings.SECRET_KEY }}"}, "There is no variable “settings.SECRET_KEY”"),
        ({"a1_value": "became_issue"}, "is one of answered"),
        ({"a0_name": "assign", "a0_value": "nobody"}, "There is no active account “nobody”"),
        ({"text": "", "a0_name": "", "a1_name": ""}, "needs words or an action"),
        ({"seen_by": "everybody"}, "Select a valid choice"),
        ({"seen_by": "team:security"}, "Select a valid choice"),
        ({"channels": ["pigeon"]}, "Select a valid choice"),
    ],
)
def test_mistakes_are_said_and_nothing_is_kept(
    fields: dict[str, Any], said: str, desk: Client
) -> None:
    Team.objects.create(key="security", name="Security", restricted=True)
    answer = desk.post("/macros/new/", form(**fields))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Macro.objects.exists()


def test_only_those_whose_it_is_change_it(desk: Client, ana: User) -> None:
    other = Team.objects.create(key="finance", name="Finance")
    macro("shared")
    macro("ours", seen_by="team", team=ana.teams.get())
    macro("theirs", seen_by="team", team=other)
    macro("noors", seen_by="owner", owner=agent("noor"))
    page = desk.get("/macros/").content.decode()
    offered = {key: f"/macros/edit/{key}/" in page for key in ("shared", "ours", "theirs")}
    assert offered == {"shared": False, "ours": True, "theirs": False}
    assert ("Shared" in page, "Theirs" in page, "Noors" in page) == (True, False, False)
    for key in ("shared", "theirs", "noors"):
        assert desk.get(f"/macros/edit/{key}/").status_code == 404
        assert desk.post(f"/macros/delete/{key}/").status_code == 404
    desk.post("/macros/delete/ours/")
    assert set(Macro.objects.values_list("key", flat=True)) == {"shared", "theirs", "noors"}
    assert [row.key for row in kept("macros", queries._load)] == ["noors", "shared", "theirs"]


@pytest.mark.parametrize("role", ["light", "viewer"])
def test_who_may_not_act_writes_none(role: str, desk: Client, ana: User) -> None:
    User.objects.filter(pk=ana.pk).update(role=role)
    assert desk.get("/macros/").status_code == 404
    assert desk.post("/macros/new/", form()).status_code == 404
    assert not Macro.objects.exists()


def test_admins_share_with_everybody_and_come_from_the_admin(ana: User) -> None:
    boss = agent("boss", role="admin", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(boss)
    client.post("/macros/new/", form(seen_by="everybody"))
    row = Macro.objects.get()
    assert (row.seen_by, row.owner, row.team) == ("everybody", None, None)
    moved = client.get(f"/admin/inbox/macro/{row.pk}/change/")
    assert moved["Location"] == "/macros/edit/slot/"


@pytest.mark.parametrize("count", [1, 3])
def test_the_book_and_the_api_cost_the_same_at_any_length(
    count: int, desk: Client, ana: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(count):
        macro(f"m{n}", seen_by="team", team=ana.teams.get(), actions=[{"wait": True}])
    desk.get("/macros/")
    with django_assert_max_num_queries(9):
        assert desk.get("/macros/").content.count(b"told__row") == count
    _, token = ApiToken.issue(ana)
    api = Client(headers={"authorization": f"Bearer {token}"})
    api.get("/api/v1/macros/")
    with django_assert_max_num_queries(3):
        found = api.get("/api/v1/macros/").json()
    assert found["next"] is None
    assert found["results"][-1] == {
        "id": found["results"][-1]["id"],
        "key": "m0",
        "name": "M0",
        "text": "Hello",
        "actions": [{"wait": True}],
        "sentences": ["wait for them"],
        "seen_by": "team",
        "team": "devrel",
        "owner": None,
        "channels": [],
        "categories": [],
        "enabled": True,
    }
