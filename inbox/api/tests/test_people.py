"""People by the API: what is done there is done as on the desk, and taken back by its event."""

from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import ApiToken, Role, Team
from inbox.community.models import Nomination
from inbox.community.tests.desk import helped, look
from inbox.people import proposing, standing
from inbox.people.models import Contact, Identity
from inbox.people.tests.desk import shown
from rig.desk import NOW, act, agent, asker, ticket

pytestmark = pytest.mark.django_db


class Api:
    """A token's owner."""

    def __init__(self, name: str = "ana", **fields: Any) -> None:
        self.user = agent(name, **fields)
        self.headers = {"Authorization": f"Bearer {ApiToken.issue(self.user)[1]}"}

    def get(self, path: str) -> Any:
        return Client().get(f"/api/v1/people/{path}", headers=self.headers)

    def post(self, path: str, **body: Any) -> Any:
        url = f"/api/v1/people/{path}"
        return Client().post(url, body, content_type="application/json", headers=self.headers)


def test_champion_note_and_name_are_given_and_taken_back() -> None:
    api, mira = Api(), asker("mira").contact
    done = api.post(
        f"{mira.pk}/champion/", reason="nine answers", evidence_url="https://example.org/a"
    )
    assert (done.json()["champion"], done.json()["champion_reason"]) == (True, "nine answers")
    assert api.post(f"{mira.pk}/champion/", reason="again").status_code == 400
    back = api.post(f"{mira.pk}/undo/", event=done.json()["event"])
    assert (back.json()["champion"], back.json()["champion_reason"]) == (False, None)
    named = api.post(f"{mira.pk}/name/", name="Mira Dutko").json()
    assert named["name"] == "Mira Dutko"
    assert api.post(f"{mira.pk}/note/", text="x").status_code == 200
    assert api.post(f"{mira.pk}/note/", text="x", more=1).status_code == 400


def test_a_person_says_their_level_alias_and_where_a_champion_can_be_seen() -> None:
    api, oskar = Api(), asker("oskar")
    helped(oskar, 1)
    look()
    pk = oskar.contact_id
    api.post(f"{pk}/alias/", alias="WAL whisperer")
    api.post(f"{pk}/nominate/", reason="answers about WAL")
    assert Nomination.objects.get().state == "waiting"
    api.post(f"{pk}/champion/", reason="WAL", evidence_url="https://example.org/a")
    found = api.get(f"{pk}/").json()
    assert (found["alias"], found["level"], found["score"]) == ("WAL whisperer", "helping", 5.0)
    assert found["champion_evidence_url"] == "https://example.org/a"
    assert Nomination.objects.get().state == "accepted"


@pytest.mark.parametrize("count", [1, 12])
def test_champions_cost_the_same_at_any_length(
    count: int, django_assert_max_num_queries: Any
) -> None:
    api = Api()
    for n in range(count):
        contact = asker().contact
        act(standing.name_champion, contact, reason=f"for {n}")
    api.get("?show=champions")
    with django_assert_max_num_queries(6):
        rows = api.get("?show=champions").json()["results"]
    assert {row["champion_reason"] for row in rows} == {f"for {n}" for n in range(count)}


def test_proposals_are_listed_and_decided() -> None:
    api, one, two = Api(), asker("jo"), asker("jo2")
    Identity.objects.filter(pk__in=[one.pk, two.pk]).update(name="Jo Example")
    act(proposing.look, one.pk, NOW)
    found = api.get("proposals/").json()["results"]
    assert [(row["people"], row["words"]) for row in found] == [
        ([one.contact_id, two.contact_id], "Perhaps")
    ]
    merged = api.post(f"{one.contact_id}/merge/", other=two.contact_id).json()
    assert [row["external_id"] for row in merged["identities"]] == [
        "jo@example.org",
        "jo2@example.org",
    ]
    assert api.get(f"{two.contact_id}/").status_code == 404
    assert api.get("proposals/").json()["results"] == []
    api.post(f"{one.contact_id}/undo/", event=merged["event"])
    assert shown() == {one.pk: one.contact_id, two.pk: two.contact_id}
    api.post(f"{one.contact_id}/apart/", other=two.contact_id)
    assert api.get("proposals/").json()["results"] == []


def test_viewers_read_veiled_addresses_and_act_on_nobody() -> None:
    eye, mira = Api("eye", role=Role.VIEWER), asker("mira").contact
    found = eye.get("").json()["results"]
    assert [row["external_id"] for row in found[0]["identities"]] == ["m…@e….org"]
    assert eye.post(f"{mira.pk}/note/", text="x").status_code == 403


def test_who_is_known_from_a_restricted_ticket_only_is_not_there() -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    secret = asker("whistle")
    ticket(who=secret, restricted_team=team)
    api = Api()
    assert api.get("").json()["results"] == []
    assert api.get(f"{secret.contact_id}/").status_code == 404
    assert api.post(f"{secret.contact_id}/note/", text="x").status_code == 404
    assert Contact.objects.get().notes.count() == 0


@pytest.mark.parametrize(
    ("query", "status"), [("?show=champions", 200), ("?show=x", 400), ("?x=1", 400)]
)
def test_filters_are_known_or_refused(query: str, status: int) -> None:
    assert Api().get(query).status_code == status
