"""Desk: the search page, its fragments, an error's page, and the panel of similar questions."""

import html
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import ApiToken, Team, User
from inbox.saved.models import SavedView
from inbox.search import indexing
from inbox.search.models import Fingerprint
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig import desk as rig

pytestmark = pytest.mark.django_db
NOW = rig.NOW
HX = {"HX-Request": "true", "HX-Target": "results"}


@pytest.fixture
def ana() -> User:
    return rig.agent("ana")


@pytest.fixture
def desk(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def ticket(text: str, *, answer: str = "", **fields: Any) -> Ticket:
    row = rig.ticket(**fields)
    assert row.asker is not None
    rig.writes(row, row.asker, at=NOW, new_text=text, body_text=text)
    if answer:
        rig.writes(row, rig.asker(), role="team", at=NOW, new_text=answer, body_text=answer)
        rig.act(tickets.close, row, resolution="answered")
    return row


@pytest.mark.parametrize("count", [1, 3])
def test_results_cost_the_same_at_any_number(
    count: int, desk: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(count):
        ticket(f"the replication slot grows {n}", answer="Add a heartbeat.")
    desk.get("/search/?q=slot")
    with django_assert_max_num_queries(17):
        answer = desk.get("/search/?q=slot+grows")
    assert answer.content.count(b'class="hit"') == count


def test_words_are_marked_and_nothing_is_markup(desk: Client) -> None:
    ticket("the <b>slot</b> grows & <script>alert(1)</script>")
    page = desk.get("/search/?q=slot").content.decode()
    assert "the &lt;b&gt;<mark>slot</mark>&lt;/b&gt; grows &amp; &lt;script&gt;" in page
    assert "1 ticket. Solved answers come first." in " ".join(page.split())


def test_solved_stands_before_open_and_facets_narrow_down(desk: Client) -> None:
    ticket("the slot grows")
    ticket("the slot shrinks", answer="Heartbeat.")
    page = desk.get("/search/?q=slot").content.decode()
    assert 0 < page.index('id="s-Solved"') < page.index('id="s-Open"')
    page = desk.get("/search/?q=slot&state=solved").content.decode()
    assert ('id="s-Open"' in page, "shrinks" in page) == (False, True)
    assert desk.get("/search/?q=slot&by=community").content.count(b'class="hit"') == 0
    assert desk.get("/search/?q=slot&when=30&state=open").content.count(b'class="hit"') == 1


def test_filters_become_chips_that_can_be_taken_off(desk: Client) -> None:
    page = desk.get("/search/", {"q": "is:open slot"}).content.decode()
    assert '<input type="hidden" name="f" value="is:open">' in page
    assert '<input type="search" name="q" value="slot"' in page
    assert '<a href="?q=slot">' in page
    both = desk.get("/search/", {"f": "is:open", "q": "slot tag:none"}).content.decode()
    assert 'name="f" value="is:open tag:none"' in both
    assert "There is no tag “none”." in both


def test_a_fragment_is_answered_to_typing(desk: Client) -> None:
    ticket("kubernetes is odd")
    ticket("kubernetes is fine")
    while indexing.catch_up(100):
        pass
    answer = desk.get("/search/?q=kuber", headers=HX).content.decode()
    assert answer.strip().startswith('<div id="results"')
    assert answer.count('class="hit"') == 2
    assert "None" not in answer


def test_pages_follow_one_another_without_gap_or_repetition(desk: Client) -> None:
    rows = [ticket(f"the slot grows {n}") for n in range(25)]
    seen: list[str] = []
    address = "/search/?q=slot"
    for wanted in (20, 5):
        page = desk.get(address).content.decode()
        links = [part.split('"')[0] for part in page.split('<h3><a href="')[1:]]
        assert len(links) == wanted
        seen += links
        more = page.partition(
            '<nav class="pager" aria-label="Pages"><a class="btn btn--quiet" href="'
        )[2]
        address = "/search/" + more.partition('"')[0].replace("&amp;", "&")
    assert sorted(seen) == sorted(row.get_absolute_url() for row in rows)


def test_people_and_pasted_errors_are_results_too(desk: Client) -> None:
    who = rig.asker("mirela")
    ticket("OSError: disk 7 full at 10:11:12", who=who)
    assert b"Mirela</a>" in desk.get("/search/?q=mirela").content
    page = desk.get("/search/", {"q": "OSError: disk 99 full at 09:00:00"}).content.decode()
    assert "seen 1×, 1 open" in page
    key = Fingerprint.objects.get().key
    assert f"/search/errors/{key}/" in page
    page = desk.get(f"/search/errors/{key}/").content.decode()
    assert page.count('class="row"') == 1


def test_an_error_of_restricted_tickets_only_is_unknown_to_others(desk: Client) -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    row = ticket("OSError: vault 7 is open")
    rig.act(tickets.restrict, row, team)
    key = Fingerprint.objects.get().key
    answer = desk.get(f"/search/errors/{key}/")
    assert (answer.status_code, b"vault" in answer.content) == (404, False)
    assert desk.get("/search/errors/0000/").status_code == 404
    found = desk.get("/search/", {"q": "OSError: vault 8 is open"}, headers=HX)
    # their own words come back to them, those of the ticket do not
    assert (b"0 tickets." in found.content, b"vault 7" in found.content) == (True, False)
    assert b"seen" not in found.content
    assert desk.get(f"/tickets/{row.pk}/similar/").status_code == 404


def test_similar_panel_with_an_answer_to_insert(desk: Client) -> None:
    old = ticket("our replication slot grows and grows", answer='Use a "heartbeat" table.')
    row = ticket("the replication slot grows")
    while indexing.catch_up(100):
        pass
    slot = desk.get(f"/tickets/{row.pk}/").content.decode()
    assert f'hx-get="/tickets/{row.pk}/similar/"' in slot
    panel = desk.get(
        f"/tickets/{row.pk}/similar/", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="similar"
    )
    page = panel.content.decode()
    assert 'data-insert="&gt; Use a &quot;heartbeat&quot; table."' in page
    assert f'href="/tickets/{old.pk}/"' in page
    assert "<html" not in page
    assert "<html" in desk.get(f"/tickets/{row.pk}/similar/").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_similar_panel_costs_the_same(
    count: int, desk: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(count):
        ticket("our replication slot grows and grows", answer="Heartbeat.")
    row = ticket("the replication slot grows KeyError: 'slot'")
    while indexing.catch_up(100):
        pass
    with django_assert_max_num_queries(18):
        panel = desk.get(
            f"/tickets/{row.pk}/similar/", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="similar"
        )
    assert panel.content.count(b"data-insert") == count


def test_values_are_offered(desk: Client) -> None:
    row = ticket("alpha")
    rig.act(tickets.add_tags, row, ["wal"])
    assert desk.get("/search/values/?key=tag&q=w").json() == {"key": "tag", "values": ["wal"]}
    assert desk.get("/search/values/?q=a").json() == {"keys": ["assignee", "after"]}


def test_queue_and_api_speak_the_same_language(desk: Client, ana: User) -> None:
    one, two = ticket("the slot grows"), ticket("quite another thing")
    rig.act(tickets.assign, one, ana)
    for text, wanted in (
        ("slot", [one.pk]),
        ("is:mine", [one.pk]),
        ("-is:mine", [two.pk]),
        ("is:odd", []),
    ):
        page = desk.get("/queue/", {"q": text}).content.decode()
        assert [row.pk for row in (one, two) if f'id="t-{row.pk}"' in page] == wanted, text
        headers = {"Authorization": f"Bearer {ApiToken.issue(ana)[1]}"}
        found = Client().get("/api/v1/tickets/", {"q": text}, headers=headers).json()["results"]
        assert [row["number"] for row in found] == wanted, text


def test_week_old_results_are_dated(desk: Client) -> None:
    ticket("the slot grows", at=NOW - timedelta(days=400))
    assert desk.get("/search/?q=slot&when=365").content.count(b'class="hit"') == 0
    assert desk.get("/search/?q=slot&when=").content.count(b'class="hit"') == 1


def test_a_search_is_kept_with_what_narrows_it_down(desk: Client) -> None:
    """Its words, filters and facets come back from the rail; the queue does not begin with it."""
    ticket("the slot grows")
    ticket("the slot shrinks", answer="Heartbeat.")
    page = desk.get("/search/", {"f": "is:open", "q": "slot", "state": ["solved", "open"]})
    kept = "q=is%3Aopen+slot&amp;state=solved&amp;state=open"
    field = f'<input type="hidden" name="query" value="{kept}" form="menu-view">'
    assert field in page.content.decode()
    query = html.unescape(kept)
    form = {"name": "Slots", "place": "search", "query": f"{query}&after=7&when="}
    address = desk.post("/views/save/", form)["Location"]
    row = SavedView.objects.get()
    assert (row.query, address) == (query, f"/search/?{query}&view={row.pk}")
    rail = desk.get("/views/counts/").content.decode()
    assert html.escape(address) in rail
    assert '<span class="rail__count"></span>' in rail
    assert "shrinks" not in desk.get(address).content.decode()  # is:open
    desk.post(f"/views/{row.pk}/first/", {"on": "1"})
    assert "cannot begin with a search" in desk.get("/views/").content.decode()
    assert desk.get("/").status_code == 200


def test_a_search_too_long_to_keep_is_said_and_not_cut(desk: Client) -> None:
    words = "q=" + "slot+" * 500
    answer = desk.post("/views/save/", {"name": "Long", "place": "search", "query": words})
    assert answer["Location"].startswith("/search/?q=slot")
    assert "too long to be kept" in desk.get("/views/").content.decode()
    assert not SavedView.objects.exists()
