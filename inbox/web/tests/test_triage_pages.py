"""Triage, the Monday product review, reviews that are owed and the backlog, as the pages show them."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.channels.models import Source, SourceGroup
from inbox.common.config import change_setting
from inbox.common.work import Actor
from inbox.loop.models import Item
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Thread, Ticket, TicketEvent
from rig.desk import NOW, act, agent, ticket
from rig.issues import issue

pytestmark = pytest.mark.django_db
TRIAGE, REVIEW, COMMUNITY = "Triage 👀", "Product review", "Community"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HTMX = {"HX-Request": "true", "HX-Target": "agenda"}


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


def text_of(desk: Client, path: str) -> str:
    return desk.get(path).content.decode()


def subjects(text: str) -> list[str]:
    return re.findall(r'class="row__subject">([^<]+)<', text)


def tags(row: Ticket) -> set[str]:
    return set(row.tags.values_list("name", flat=True))


def tab_counts(text: str) -> list[int]:
    tabs = text.split('aria-label="Lists"')[1].split("</nav>")[0]
    return [int(n) for n in re.findall(r'class="soft">(\d+)<', tabs)]


# ------------------------------------------------------------------ the lists


def test_lists_hold_what_carries_the_exact_label(desk: Client) -> None:
    """S47, S52: emoji and all; the tab's own label is not repeated on its rows."""
    issue("looks odd", labels=(TRIAGE, "bug"), at=NOW - DAY)
    issue("much older", labels=(TRIAGE,), at=NOW - 3 * DAY)
    issue("no emoji", labels=("Triage",))
    issue("for product", labels=(REVIEW,))
    issue("small request", labels=(COMMUNITY, "deployment"))
    act(tickets.add_tags, ticket(), [TRIAGE, COMMUNITY])  # a mail's plain tags are no labels
    text = text_of(desk, "/triage/")
    assert subjects(text) == ["much older", "looks odd"]
    assert tab_counts(text) == [2, 1, 1, 0]
    assert re.findall(r'class="chip">([^<]+)<', text) == ["bug"]
    assert re.search(r"example/core #\d+</a> · Mira\d+", text)
    assert "nobody has answered" in text
    assert subjects(text_of(desk, "/triage/?tab=review")) == ["for product"]
    assert subjects(text_of(desk, "/triage/?tab=community")) == ["small request"]


def test_last_word_is_one_that_everybody_hears(desk: Client, ana: User) -> None:
    row = issue(labels=(TRIAGE,), at=NOW - DAY)
    act(tickets.add_note, row, body="seen", user=ana, at=NOW - HOUR)
    assert "nobody has answered" in text_of(desk, "/triage/")
    act(tickets.reply, row, body="Which version?", user=ana, at=NOW - HOUR)
    act(tickets.add_note, row, body="asked them", user=agent("ben"), at=NOW)
    assert "last word by Ana, team, 1 h" in text_of(desk, "/triage/")


def test_backlog_keeps_what_is_closed_here_while_it_is_open_there(desk: Client) -> None:
    for subject, label in (("open there", COMMUNITY), ("closed there", COMMUNITY), ("t", TRIAGE)):
        row = issue(subject, labels=(label,))
        act(tickets.close, row, resolution="answered")
        Thread.objects.filter(ticket=row).update(is_closed=subject == "closed there")
    text = text_of(desk, "/triage/?tab=community")
    assert subjects(text) == ["open there"]
    assert "Closed here, open there" in text
    assert tab_counts(text) == [0, 0, 1, 0]


def test_reviews_owed_are_open_ready_and_asked_for_since_the_last_one(desk: Client) -> None:
    """S51."""
    asked: dict[str, Any] = {"kind": "pull", "asked_review_at": NOW - DAY}
    issue("owed", **asked)
    issue("owed longer", kind="pull", asked_review_at=NOW - 3 * DAY)
    issue("asked again", **asked, reviewed_at=NOW - 2 * DAY)
    issue("reviewed", **asked, reviewed_at=NOW - HOUR)
    issue("draft", **asked, draft=True)
    issue("merged", **asked, state="merged")
    issue("not asked", kind="pull")
    text = text_of(desk, "/triage/?tab=owed")
    assert subjects(text) == ["owed longer", "owed", "asked again"]
    assert tab_counts(text)[3] == 3
    assert text.count("Review owed since") == 3
    queue = text_of(desk, "/queue/")
    assert queue.count("Review owed since 17 Nov") == 2
    assert queue.count("Review owed since") == 3
    row = Ticket.objects.get(subject="owed longer")
    assert "Review owed since" in text_of(desk, f"/tickets/{row.pk}/")
    Item.objects.filter(title="owed longer").update(reviewed_at=NOW)
    assert "Review owed since" not in text_of(desk, f"/tickets/{row.pk}/")


def test_lists_are_narrowed_by_the_group_of_repositories(desk: Client) -> None:
    group = SourceGroup.objects.create(name="ecosystem")
    issue("of a tap", labels=(TRIAGE,), place="example/tap-x")
    issue("of the core", labels=(TRIAGE,))
    Source.objects.filter(external_key="example/tap-x").update(group=group)
    text = text_of(desk, "/triage/?group=ecosystem")
    assert subjects(text) == ["of a tap"]
    assert tab_counts(text) == [1, 0, 0, 0]
    assert 'value="ecosystem" selected' in text
    assert subjects(text_of(desk, "/triage/?group=%00nothing")) == []


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize(("path", "most"), [("/triage/", 15), ("/review/", 13)])
def test_pages_cost_the_same_at_any_size(
    count: int, path: str, most: int, desk: Client, ana: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(count):
        label = TRIAGE if path == "/triage/" else REVIEW
        row = issue(labels=(label,), kind="pull", asked_review_at=NOW, place=f"example/r{n}")
        act(tickets.add_note, row, body="seen", user=ana)
        with pipeline.change(Actor.user(ana), now=NOW):
            tickets.record(
                tickets.lock(row.pk), "decided", outcome="sprint", words="w", added=[], removed=[]
            )
    desk.get(path)
    with django_assert_max_num_queries(most):
        answer = desk.get(path)
    assert answer.content.count(b"data-row") == count


def test_restricted_tickets_are_on_no_list_and_cannot_be_decided(desk: Client, ana: User) -> None:
    team = Team.objects.create(key="security", name="Security", restricted=True)
    row = issue("secret hole", labels=(TRIAGE, REVIEW, COMMUNITY), kind="pull", asked_review_at=NOW)
    act(tickets.restrict, row, team)
    for path in ("/triage/", "/triage/?tab=community", "/triage/?tab=owed", "/review/", "/queue/"):
        text = text_of(desk, path)
        assert "secret hole" not in text
    assert tab_counts(text_of(desk, "/triage/")) == [0, 0, 0, 0]
    assert desk.post(f"/review/{row.pk}/", {"outcome": "sprint"}).status_code == 404
    assert desk.post(f"/triage/{row.pk}/scope/", {"body": "x"}).status_code == 404
    ana.teams.add(team)
    desk.post(f"/review/{row.pk}/", {"outcome": "sprint"})
    event = TicketEvent.objects.get(kind="decided")
    assert "secret hole" in text_of(desk, "/review/")
    ana.teams.clear()
    assert "secret hole" not in text_of(desk, "/review/")
    assert desk.post(f"/review/undo/{event.pk}/").status_code == 404


@pytest.mark.parametrize("role", ["viewer", "light"])
def test_who_only_reads_sees_lists_and_no_buttons(role: str, ana: User, desk: Client) -> None:
    ana.role = role
    ana.save()
    row = issue(labels=(TRIAGE, REVIEW))
    assert "Needs scoping" not in text_of(desk, "/triage/")
    assert 'name="outcome"' not in text_of(desk, "/review/")
    paths = (f"/review/{row.pk}/", f"/triage/{row.pk}/scope/", f"/triage/{row.pk}/refer/")
    for path in paths:
        assert desk.post(path, {"outcome": "sprint", "body": "x"}).status_code == 404
    assert tags(row) == {TRIAGE, REVIEW}


# ------------------------------------------------------------------ what is done on them


def test_needs_scoping_comments_and_swaps_in_one_click(desk: Client) -> None:
    """S48: the comment is prefilled from the setting."""
    change_setting("scoping_text", "Product looks at it <on Monday>.")
    row = issue(labels=(TRIAGE,))
    assert "Product looks at it &lt;on Monday&gt;." in text_of(desk, "/triage/")
    answer = desk.post(f"/triage/{row.pk}/scope/", {"body": "On Monday.", "next": "/triage/?x=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/triage/?x=1")
    assert tags(row) == {REVIEW}
    assert Outgoing.objects.get(kind="reply").payload["text"] == "On Monday."
    label = Outgoing.objects.get(kind="effect").payload
    assert (label["effect"], label["add"], label["remove"]) == ("label", [REVIEW], [TRIAGE])


@pytest.mark.parametrize("verb", ["scope", "refer"])
def test_without_words_nothing_changes(verb: str, desk: Client) -> None:
    row = issue(labels=(TRIAGE,))
    assert desk.post(f"/triage/{row.pk}/{verb}/", {"body": " "}).status_code == 422
    assert (tags(row), Outgoing.objects.count()) == ({TRIAGE}, 0)
    assert desk.post(f"/triage/{row.pk}/close/", {"body": "x"}).status_code == 404


def test_mistake_on_a_list_keeps_the_list_and_what_was_written(desk: Client) -> None:
    row = issue("Key pairs", labels=("Community",))
    answer = desk.post(f"/triage/{row.pk}/refer/?tab=community", {"body": " "})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert subjects(text) == ["Key pairs"]
    assert 'value="/triage/?tab=community"' in text
    assert 'href="?tab=' not in text, "links of the page lead nowhere from the form's address"


def test_a_mail_is_referred_to_product_and_stands_on_the_agenda(desk: Client) -> None:
    """S46: any thread, whatever its channel."""
    row = ticket()
    desk.post(f"/triage/{row.pk}/refer/", {"body": "Three companies asked."})
    text = text_of(desk, "/review/")
    assert subjects(text) == [row.subject]
    assert "Three companies asked." in text
    assert Outgoing.objects.count() == 0


# ------------------------------------------------------------------ Monday


def test_agenda_shows_the_oldest_first_with_their_words_and_our_notes(
    desk: Client, ana: User
) -> None:
    """S49."""
    young = issue("young", labels=(REVIEW,), at=NOW - HOUR)
    issue("old", labels=(REVIEW,), at=NOW - 9 * DAY, text="It <b>hangs</b> at *start*.")
    act(tickets.add_note, young, body="An early note.", user=ana, at=NOW - HOUR)
    act(tickets.add_note, young, body="The third company.", user=ana)
    text = text_of(desk, "/review/")
    assert subjects(text) == ["old", "young"]
    assert "Monday 23 November" in text
    assert "It &lt;b&gt;hangs&lt;/b&gt; at <em>start</em>." in text
    assert "The third company." in text
    assert "An early note." not in text
    assert "0 of 2" in text


def test_decision_moves_the_progress_and_can_be_undone_without_a_reload(desk: Client) -> None:
    first = issue("first", labels=(REVIEW,))
    second = issue("second", labels=(REVIEW,))
    path = f"/review/{first.pk}/"
    text = desk.post(path, {"outcome": "community", "why": "Small."}, headers=HTMX).content.decode()
    assert text.lstrip().startswith('<div class="agenda" id="agenda">')
    assert subjects(text) == ["second"]
    assert "1 of 2" in text
    assert tags(first) == {COMMUNITY}
    assert not Outgoing.objects.filter(kind="reply").exists()
    event = TicketEvent.objects.get(kind="decided")
    text = desk.post(f"/review/undo/{event.pk}/", headers=HTMX).content.decode()
    assert "0 of 2" in text
    assert tags(first) == {REVIEW}
    again = desk.post(f"/review/undo/{event.pk}/", headers=HTMX)
    assert (again.status_code, tags(first), tags(second)) == (422, {REVIEW}, {REVIEW})


def test_decision_by_a_plain_form_goes_back_to_the_agenda(desk: Client) -> None:
    row = issue(labels=(REVIEW,))
    form = {"outcome": "contribution", "why": "Start in tap.py.", "tell": "1"}
    answer = desk.post(f"/review/{row.pk}/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/review/")
    assert Outgoing.objects.get(kind="reply").payload["text"] == "Start in tap.py."
    assert not row.messages.filter(visibility="internal").exists()


@pytest.mark.parametrize("form", [{"outcome": "never"}, {"outcome": "sprint", "tell": "1"}, {}])
def test_mistakes_keep_the_item_and_what_was_written(form: dict[str, str], desk: Client) -> None:
    row = issue(labels=(REVIEW,))
    answer = desk.post(f"/review/{row.pk}/", {"why": " ", **form}, headers=HTMX)
    assert answer.status_code == 422
    assert subjects(answer.content.decode()) == [row.subject]
    assert (tags(row), Outgoing.objects.count()) == ({REVIEW}, 0)


def test_decisions_of_this_and_of_the_last_monday_are_listed_apart(desk: Client, ana: User) -> None:
    rows = {days: issue(f"{days} days ago", labels=(REVIEW,)) for days in (1, 2, 30)}
    for days, row in rows.items():
        with time_machine.travel(NOW - days * DAY, tick=False):  # Tuesday, Monday, long ago
            desk.post(f"/review/{row.pk}/", {"outcome": "sprint", "why": f"because {days}"})
    text = text_of(desk, "/review/")
    here, _, earlier = text.partition("The week before")
    assert ("because 1" in here, "because 2" in earlier) == (True, True)
    assert "1 of 1" in here
    assert "because 30" not in text
    with time_machine.travel(NOW + 5 * DAY, tick=False):
        desk.force_login(ana)
        assert "For <b>Monday 23 November</b>, today" in text_of(desk, "/review/")


# ------------------------------------------------------------------ while it is quiet


@pytest.mark.parametrize(("waiting", "shown"), [(0, True), (4, True), (5, False)])
def test_short_queue_offers_the_backlog(waiting: int, shown: bool, desk: Client) -> None:
    """S53."""
    row = issue("small request", labels=(COMMUNITY,))
    act(tickets.close, row, resolution="answered")
    for _ in range(waiting):
        ticket()
    text = text_of(desk, "/queue/")
    assert ("While it is quiet" in text) is shown
    assert "While it is quiet" not in text_of(desk, "/queue/?q=request")
    assert "While it is quiet" not in text_of(desk, "/queue/?lane=closed")


def test_offer_is_at_most_five_and_nothing_that_a_colleague_has(desk: Client, ana: User) -> None:
    rows = [issue(f"request {n}", labels=(COMMUNITY,)) for n in range(8)]
    for row in rows:
        act(tickets.close, row, resolution="answered")
    act(tickets.assign, rows[0], agent("ben"))
    act(tickets.assign, rows[1], ana)
    text = text_of(desk, "/queue/").split("While it is quiet")[1]
    assert re.findall(r">request (\d)<", text) == ["1", "2", "3", "4", "5"]
    assert text.count("Take it") == 4


@pytest.mark.parametrize("count", [1, 4])
def test_queue_with_the_offer_stays_within_its_statements(
    count: int, desk: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(count):
        ticket()
        row = issue(f"request {n}", labels=(COMMUNITY,))
        act(tickets.close, row, resolution="answered")
    desk.get("/queue/")
    with django_assert_max_num_queries(10):
        assert "While it is quiet" in text_of(desk, "/queue/")
