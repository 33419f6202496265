"""The queue's filter, its order, its lanes and what is saved of them."""

import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from inbox.accounts.models import Team, User
from inbox.common.config import change_setting
from inbox.saved import services as saved
from inbox.saved.models import SavedView
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import NOW, act, agent, mailbox, policy, ticket
from rig.issues import issue

pytestmark = pytest.mark.django_db
TRIAGE = "Triage 👀"


@pytest.fixture(autouse=True)
def _wednesday() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ana() -> User:
    return agent("ana", timezone="UTC")


@pytest.fixture
def desk(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def shown(desk: Client, address: str) -> list[int]:
    page = desk.get(address).content.decode()
    return [int(n) for n in re.findall(r'<li class="row" id="t-(\d+)"', page)]


def text(desk: Client, address: str) -> str:
    return desk.get(address).content.decode()


# ------------------------------------------------------------------ filter and order


def test_filters_are_chips_with_the_address_of_what_is_left(ana: User, desk: Client) -> None:
    mine, other = ticket(), ticket()
    act(tickets.assign, mine, ana)
    act(tickets.add_tags, mine, ["wal"])
    page = text(desk, "/queue/?f=owner:me&q=tag:wal&sort=newest")
    assert shown(desk, "/queue/?f=owner:me&q=tag:wal&sort=newest") == [mine.pk]
    chips = re.findall(r'token__k">([^<]+)</span><span class="token__v">([^<]+)<', page)
    assert chips == [("Assignee", "me"), ("Tag", "wal")]
    assert 'href="?q=tag%3Awal&amp;sort=newest"' in page
    assert shown(desk, "/queue/?owner=me") == [mine.pk]  # addresses from before the language
    assert shown(desk, "/queue/?q=-is:mine") == [other.pk]


def test_wrong_words_are_said_and_not_ignored(desk: Client) -> None:
    ticket()
    page = text(desk, "/queue/?q=tag:gone+is:flying")
    assert "There is no tag “gone”." in page
    assert "“is:flying” is not known" in page
    assert "Nothing with these 2 filters" in page
    assert "Nothing with these words" in text(desk, "/queue/?q=zzzzz")
    assert "“colour:” is no filter" in text(desk, "/queue/?q=colour:red")


def test_what_waits_for_nobody_is_found_when_it_is_asked_for(desk: Client) -> None:
    closed, asleep = ticket(), ticket()
    act(tickets.close, closed)
    act(tickets.snooze, asleep, until=NOW + timedelta(days=1))
    ticket()
    assert shown(desk, "/queue/?q=is:closed") == [closed.pk]
    assert shown(desk, "/queue/?q=is:snoozed&sort=newest") == [asleep.pk]
    assert closed.pk not in shown(desk, "/queue/?q=-is:closed")


def test_order_is_part_of_the_address(desk: Client) -> None:
    first = ticket(at=NOW - timedelta(hours=3))
    second = ticket(at=NOW - timedelta(hours=2))
    third = ticket(at=NOW - timedelta(hours=1))
    Ticket.objects.filter(pk=second.pk).update(message_count=9)
    Ticket.objects.filter(pk=third.pk).update(waiting_since=NOW - timedelta(days=9))
    Ticket.objects.filter(pk=first.pk).update(waiting_since=NOW - timedelta(days=1))
    Ticket.objects.filter(pk=second.pk).update(waiting_since=NOW)
    assert shown(desk, "/queue/?sort=newest") == [third.pk, second.pk, first.pk]
    assert shown(desk, "/queue/?sort=longest")[0] == second.pk
    assert shown(desk, "/queue/?sort=oldest") == [third.pk, first.pk, second.pk]
    assert len(shown(desk, "/queue/?sort=flying")) == 3


def test_lanes_stand_in_the_order_of_work_on_call(desk: Client) -> None:
    """S42: one channel after the other as the setting says, the backlog last."""
    mail, bug = ticket(), issue("It hangs")
    spare = issue("a small wish", labels=("Community",))
    act(tickets.close, spare)
    groups = re.findall(r'data-group="([^"]+)"', text(desk, "/queue/?by=lanes"))
    assert groups == ["lane-github", "lane-others", "lane-backlog"]
    assert shown(desk, "/queue/?by=lanes") == [bug.pk, mail.pk, spare.pk]
    row = policy()
    act(tickets.set_policy, ticket(), row, reason="test")
    urgent = Ticket.objects.latest("pk")
    assert shown(desk, "/queue/?by=lanes") == [bug.pk, urgent.pk, mail.pk, spare.pk]  # due first
    change_setting("lane_order", ["email", "github"])
    assert shown(desk, "/queue/?by=lanes")[:3] == [urgent.pk, mail.pk, bug.pk]


def test_horizon_draws_what_is_due_and_whose(ana: User, desk: Client) -> None:
    row = policy()
    mine, other = ticket(), ticket()
    for one in (mine, other):
        act(tickets.set_policy, one, row, reason="test")
    act(tickets.assign, mine, ana)
    page = text(desk, "/queue/")
    drawn = re.findall(r'<g class="(pin[^"]*)" data-state="(\w+)"', page)
    assert sorted(drawn) == [("pin is-free", "today"), ("pin is-mine", "today")]
    assert "2 more before" in page


# ------------------------------------------------------------------ cost


def test_queue_with_all_its_parts_costs_the_same_at_any_size(
    ana: User, desk: Client, django_assert_max_num_queries: Any
) -> None:
    """≤ 11 statements: the tenth of the desk, and who finds a view of a team."""
    team = Team.objects.create(key="docs", name="Docs")
    ana.teams.add(team)
    saved.save(ana, name="Ours", query="q=is:open", shared_with="team", team=team)
    for _ in range(30):
        ticket()
    for address in ("/queue/", "/queue/?by=lanes", "/queue/?sort=newest", "/queue/?q=is:open"):
        desk.get(address)
        with django_assert_max_num_queries(11):
            assert len(shown(desk, address)) == (25 if "sort" not in address else 30)


def test_fifty_rows_fit_in_forty_kilobytes(desk: Client) -> None:
    for n in range(55):
        ticket(channel=mailbox(f"box{n % 3}"))
    page = desk.get("/queue/?sort=newest", headers={"Accept-Encoding": "gzip"})
    assert page.content.count(b'class="row"') == 50
    assert len(gzip.compress(page.content, 6)) < 40_000


# ------------------------------------------------------------------ saved views


def save(desk: Client, name: str, query: str, shared_with: str = "owner") -> SavedView:
    form = {"name": name, "query": query, "shared_with": shared_with}
    assert desk.post("/views/save/", form).status_code == 302
    return SavedView.objects.latest("pk")


def test_label_view_keeps_the_exact_emoji_and_counts(desk: Client) -> None:
    """S47: a saved view on the label, with its count on the rail."""
    found = issue("looks odd", labels=(TRIAGE,))
    issue("plain")
    row = save(desk, "To triage", "?q=tag%3A%22Triage+%F0%9F%91%80%22&sort=newest&page=3")
    assert row.query == "q=tag%3A%22Triage+%F0%9F%91%80%22&sort=newest"
    assert shown(desk, f"/queue/?{row.query}&view={row.pk}") == [found.pk]
    rail = text(desk, f"/views/counts/?view={row.pk}")
    assert re.findall(r'rail__count">(\d*\+?)<', rail) == ["1"]
    assert 'aria-current="page"' in rail


def test_a_page_asks_for_the_counts_at_once_and_the_counts_never_by_themselves(
    desk: Client,
) -> None:
    save(desk, "Open", "?q=is:open")
    asks = re.compile(r'id="rail-views".*?hx-trigger="([^"]*)"')
    assert asks.findall(text(desk, "/queue/")) == ["load, sse:queue, calm"]
    assert asks.findall(text(desk, "/views/counts/")) == ["sse:queue, calm"]


def test_counts_of_all_views_are_one_statement_and_stop_at_a_hundred(
    ana: User, desk: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(6):
        save(desk, f"View {n}", "?q=is:open" if n else "?q=words+inside")
    rows = [ticket() for _ in range(3)]
    like = Ticket.objects.get(pk=rows[0].pk)
    fields = {f.attname: getattr(like, f.attname) for f in Ticket._meta.concrete_fields}
    for name in ("number", "lane"):
        fields.pop(name)
    Ticket.objects.bulk_create(Ticket(**fields) for _ in range(120))
    desk.get("/views/counts/")
    with django_assert_max_num_queries(4):
        rail = text(desk, "/views/counts/")
    assert re.findall(r'rail__count">(\d*\+?)<', rail) == ["", *["99+"] * 5]


def test_views_are_for_whom_they_are_shared_with(ana: User, desk: Client) -> None:
    team = Team.objects.create(key="docs", name="Docs")
    ana.teams.add(team)
    save(desk, "Alone", "?q=is:mine")
    save(desk, "Docs", "?q=tag:docs", "team")
    save(desk, "All", "?q=is:open", "everybody")
    member, outsider = agent("noor"), agent("tom")
    member.teams.add(team)
    for user, names in (
        (ana, ["Alone", "Docs", "All"]),
        (member, ["Docs", "All"]),
        (outsider, ["All"]),
    ):
        assert [row.name for row in saved.of(user)] == names
    other = Client()
    other.force_login(outsider)
    alone = SavedView.objects.get(name="Alone")
    everybodys = SavedView.objects.get(name="All")
    assert other.post(f"/views/{alone.pk}/delete/").status_code == 404
    other.post(f"/views/{everybodys.pk}/delete/")
    assert b"somebody else" in other.get("/views/").content
    assert SavedView.objects.filter(deleted_at=None).count() == 3


def test_rename_order_delete_and_undo(ana: User, desk: Client) -> None:
    first, second = save(desk, "One", "?q=is:open"), save(desk, "Two", "?q=is:mine")
    desk.post(f"/views/{second.pk}/move/", {"way": "up"})
    desk.post(f"/views/{first.pk}/rename/", {"name": "Uno", "shared_with": "everybody"})
    assert [row.name for row in saved.of(ana)] == ["Two", "Uno"]
    desk.post(f"/views/{second.pk}/delete/")
    assert [row.name for row in saved.of(ana)] == ["Uno"]
    assert f'action="/views/{second.pk}/restore/"' in text(desk, "/queue/")
    desk.post(f"/views/{second.pk}/restore/")
    assert [row.name for row in saved.of(ana)] == ["Two", "Uno"]


def test_queue_begins_with_the_view_of_ones_choice(ana: User, desk: Client) -> None:
    row = save(desk, "Mine", "?q=is:mine")
    desk.post(f"/views/{row.pk}/first/", {"on": "1"})
    answer = desk.get("/")
    assert (answer.status_code, answer["Location"]) == (302, f"/queue/?q=is%3Amine&view={row.pk}")
    assert desk.get("/queue/").status_code == 200  # the whole queue has its own address
    desk.post(f"/views/{row.pk}/first/", {"on": ""})
    assert desk.get("/").status_code == 200


def test_the_heading_says_how_many_and_how_many_are_over(desk: Client) -> None:
    late, fine = ticket(), ticket()
    act(tickets.add_tags, late, ["wal"])
    Ticket.objects.filter(pk=late.pk).update(next_due_at=NOW - timedelta(hours=1))
    Ticket.objects.filter(pk=fine.pk).update(next_due_at=NOW + timedelta(hours=30))

    def said(address: str) -> str:
        found = re.search(r'id="queue-sub"[^>]*>(.*?)</span></div>', text(desk, address))
        return re.sub("<[^>]*>", "", found[1]) if found else ""

    assert said("/queue/") == "2 open, 1 over their SLA"
    assert said("/queue/?q=tag:wal") == "1 of 2 open"
    assert said("/queue/?lane=closed") == "0 tickets"


def test_a_filter_that_finds_nothing_says_which_part_of_it_to_drop(desk: Client) -> None:
    for n in range(3):
        act(tickets.add_tags, ticket(), ["wal"] if n else ["other"])
    page = text(desk, "/queue/?q=tag:wal+owner:me")
    assert "Without “Assignee me” there would be 2 tickets." in page
    assert 'href="/queue/?q=tag%3Awal">Drop that filter</a>' in page
    assert "Drop that filter" not in text(desk, "/queue/?q=tag:none+owner:me")


def test_density_is_kept_in_the_profile(ana: User, desk: Client) -> None:
    desk.post("/queue/density/", {"next": "/queue/?q=is:open"})
    assert 'data-density="compact"' in text(desk, "/queue/")
    assert desk.post("/queue/density/", {"next": "//evil.example"})["Location"] == "/queue/"
    assert "data-density=" not in text(desk, "/queue/").split("<head>")[0]
