"""The desk without JavaScript: who sees what, what forms do, what pages cost."""

from typing import Any

import pytest
from django.test import Client

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.common.work import Actor
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from inbox.tickets.tests.test_verbs import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    """An agent."""
    return User.objects.create(username="ana", first_name="Ana")


@pytest.fixture
def desk(ana: User) -> Client:
    """Ana, signed in."""
    client = Client()
    client.force_login(ana)
    return client


def test_stranger_is_sent_to_sign_in() -> None:
    answer = Client().get("/queue/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/queue/")


@pytest.mark.parametrize("count", [1, 3, 30])
def test_queue_costs_the_same_at_any_size(
    count: int, desk: Client, django_assert_max_num_queries: Any
) -> None:
    """≤ 10 statements, sign-in and session included."""
    for n in range(count):
        make(n)
    desk.get("/queue/")
    with django_assert_max_num_queries(10):
        answer = desk.get("/queue/")
    assert answer.content.count(b'class="row"') == min(count, 25)


@pytest.mark.parametrize("count", [1, 40])
def test_ticket_page_costs_the_same_at_any_length(
    count: int, desk: Client, django_assert_max_num_queries: Any
) -> None:
    """14 statements, and one for the drafts of this ticket: one's own and shared ones."""
    ticket = make(1, messages=count)
    desk.get(f"/tickets/{ticket.pk}/")
    with django_assert_max_num_queries(15):
        answer = desk.get(f"/tickets/{ticket.pk}/")
    assert answer.content.count(b'class="msg"') == count


def test_reply_by_a_plain_form_waits_and_can_be_undone(desk: Client) -> None:
    ticket = make()
    form = {"body": "Hello **you**", "then": "wait", "last_seen_message": "", "mode": "reply"}
    answer = desk.post(f"/tickets/{ticket.pk}/reply/", form)
    assert (answer.status_code, answer["Location"]) == (302, f"/tickets/{ticket.pk}/")
    ticket.refresh_from_db()
    row = Outgoing.objects.get()
    assert (ticket.status, ticket.waiting_on, row.state) == ("in_progress", "them", "queued")
    assert row.not_before > row.created_at
    desk.post(f"/dead-letters/out/{row.pk}/undo/", {"from": "ticket"})
    row.refresh_from_db()
    assert (row.state, row.error) == ("failed", "taken back by ana")


def test_stale_reply_keeps_the_words(desk: Client) -> None:
    """L11: 409 with what was written."""
    ticket = make(1, messages=2)
    first = ticket.messages.earliest("sent_at")
    form = {
        "body": "My long answer",
        "then": "none",
        "last_seen_message": first.pk,
        "mode": "reply",
    }
    answer = desk.post(f"/tickets/{ticket.pk}/reply/", form)
    assert answer.status_code == 409
    assert b"My long answer</textarea>" in answer.content
    assert Outgoing.objects.count() == 0


def test_hold_without_a_reason_is_a_422_that_changes_nothing(desk: Client) -> None:
    ticket = make()
    answer = desk.post(f"/tickets/{ticket.pk}/hold/", {"reason": ""})
    ticket.refresh_from_db()
    assert (answer.status_code, ticket.status) == (422, "open")


def test_restricted_ticket_is_not_there_for_others(desk: Client) -> None:
    """404, never 403, on the page, its verbs, the queue and search."""
    ticket = make()
    team = Team.objects.create(key="security", name="Security", restricted=True)
    with pipeline.change(Actor.system("test")):
        tickets.restrict(ticket, team)
    assert desk.get(f"/tickets/{ticket.pk}/").status_code == 404
    assert desk.post(f"/tickets/{ticket.pk}/close/").status_code == 404
    assert b"Question 1" not in desk.get("/queue/").content
    assert b"Question 1" not in desk.get("/search/?q=text").content
    assert Ticket.objects.get().status == "open"


@pytest.mark.parametrize(("role", "status"), [("viewer", 404), ("light", 404), ("agent", 302)])
def test_roles_decide_who_may_close(role: str, status: int, ana: User, desk: Client) -> None:
    ana.role = role
    ana.save()
    assert desk.post(f"/tickets/{make().pk}/close/").status_code == status


@pytest.mark.parametrize(
    "text", ["'\"%_\\", "(" * 50, '"unbalanced AND (x* NEAR', "-", "x" * 2000, "\x00"]
)
def test_odd_searches_never_err(text: str, desk: Client) -> None:
    make()
    assert desk.get("/search/", {"q": text}).status_code == 200


def test_search_finds_words_in_messages(desk: Client) -> None:
    # words that no ticket has for its number, for a number is found too
    make(70_000_001)
    make(70_000_002)
    found = desk.get("/search/", {"q": "text 70000002"}).content
    assert (b"Question <mark>70000002</mark>" in found, b"70000001" in found) == (True, False)


@pytest.mark.parametrize(
    "path", ["/queue/", "/people/", "/search/?q=a", "/nothing/", "/login/", "/static/css/desk.css"]
)
def test_every_answer_has_the_security_headers(path: str, desk: Client) -> None:
    answer = desk.get(path)
    answer.close()
    assert "default-src 'none'" in answer["Content-Security-Policy"].split("; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in answer.get("Content-Security-Policy", "")
