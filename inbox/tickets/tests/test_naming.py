"""L19: statuses have editable names in fixed categories, used wherever words are shown."""

from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import ApiToken
from inbox.common.config import setting
from inbox.handbook.reading import BadHandbook
from inbox.handbook.services import dump, load
from inbox.mirrors.services import card_of
from inbox.search.language import parse
from inbox.tickets import naming
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from rig.desk import act, agent, ticket

OURS = {"them": "With the customer", "on_hold": "Parked", "closed": "Answered & done"}


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(agent("ana", role=role))
    return client


@pytest.fixture
def parked() -> Ticket:
    """A ticket on hold, with names of our own."""
    row = ticket()
    act(tickets.hold, row, reason="a part is missing")
    naming.rename(OURS)
    row.refresh_from_db()
    return row


@pytest.mark.django_db
def test_names_are_shown_on_the_desk(parked: Ticket) -> None:
    desk = client_of("agent")
    queue = desk.get("/queue/").content.decode()
    assert "Parked: a part is missing" in queue
    assert "<span>With the customer</span>" in queue
    assert "Parked" in desk.get("/search/values/?key=is&q=Par").json()["values"]
    assert '<span class="rail__label">Parked</span>' in queue
    assert '<span class="rail__label">Answered &amp; done</span>' in queue
    assert '<h2 id="g-wait">With the customer</h2>' in queue
    lane = desk.get("/queue/?lane=hold").content.decode()
    assert "<h1>Parked</h1>" in lane
    assert "<h1>With the customer</h1>" in desk.get("/queue/?lane=wait").content.decode()
    page = desk.get(f"/tickets/{parked.pk}/").content.decode()
    assert "Parked: a part is missing" in page
    assert "<span>With the customer</span>" in page
    for old in ("On hold", "Waiting on them", "waiting on them"):
        assert old not in queue + lane + page


@pytest.mark.django_db
def test_names_are_shown_on_cards_and_beside_the_fixed_words_of_the_api(parked: Ticket) -> None:
    _, text = ApiToken.issue(agent("ana"))
    api = Client(headers={"authorization": f"Bearer {text}"})
    found = api.get(f"/api/v1/tickets/{parked.pk}/").json()
    assert (found["status"], found["status_name"]) == ("on_hold", "Parked")
    assert "Status: **Parked**" in card_of(parked, None).parts[1].small


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["is:hold", "is:parked", "is:Parked", 'is:"Parked"'])
def test_search_takes_names_and_fixed_words(words: str, parked: Ticket) -> None:
    ticket()
    desk = client_of("agent")
    page = desk.get("/search/", {"q": words}).content.decode()
    assert "1 ticket." in page
    queue = desk.get("/queue/", {"q": words}).content.decode()
    assert queue.count('class="row"') == 1
    _, text = ApiToken.issue(agent("ana"))
    api = Client(headers={"authorization": f"Bearer {text}"})
    found = api.get("/api/v1/tickets/", {"q": words}).json()["results"]
    assert [row["number"] for row in found] == [parked.pk]


@pytest.mark.django_db
def test_researching_can_be_searched_for() -> None:
    row = ticket()
    act(tickets.wait, row, on="research")
    ticket()
    page = client_of("agent").get("/search/", {"q": "is:researching"}).content.decode()
    assert "1 ticket." in page


def test_a_fixed_word_goes_before_a_name() -> None:
    query = parse("is:open", {"open": "hold"})
    assert query.tokens[0].values == ("open",)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"open": " "}, "open"),
        ({"open": "x" * 31}, "open"),
        ({"open": "Closed"}, "open"),
        ({"open": "Parked", "on_hold": "parked"}, "on_hold"),
        ({"open": "Hold"}, "open"),
        ({"open": "a, b"}, "open"),
        ({"asleep": "x"}, ""),
    ],
)
def test_names_that_cannot_be_are_refused(given: dict[str, str], field: str) -> None:
    with pytest.raises(VerbError) as refused:
        naming.rename(given)
    assert refused.value.field == field
    assert setting(naming.SETTING) == {}


@pytest.mark.django_db
def test_only_what_differs_is_kept_and_the_shipped_names_come_back() -> None:
    boss = client_of("admin")
    given = {**naming.SHIPPED, "open": "  To   do "}
    assert boss.post("/settings/statuses/", given).status_code == 302
    assert setting(naming.SETTING) == {"open": "To do"}
    refused = boss.post("/settings/statuses/", {**given, "open": ""})
    assert (refused.status_code, setting(naming.SETTING)) == (422, {"open": "To do"})
    boss.post("/settings/statuses/", {"reset": "1"})
    assert (setting(naming.SETTING), naming.name("open")) == ({}, "Open")


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("agent", 404), ("viewer", 404)])
def test_only_admins_change_names(role: str, status: int) -> None:
    assert client_of(role).get("/settings/statuses/").status_code == status


@pytest.mark.django_db
def test_the_handbook_holds_the_names() -> None:
    naming.rename(OURS)
    text = dump()
    naming.rename({})
    load(text)
    assert setting(naming.SETTING) == OURS
    bad: Any = 'version: 1\nsettings: [{key: status_names, value: {open: ""}}]'
    with pytest.raises(BadHandbook):
        load(bad)
    assert setting(naming.SETTING) == OURS
