"""Macros on the desk: words into the composer, actions with the send, and a way back."""

from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import User
from inbox.macros.tests.test_macros import macro
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Message, Ticket, TicketEvent
from rig.desk import agent, asker, ticket

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def ana() -> User:
    """An agent."""
    return agent("ana", last_name="Sousa")


@pytest.fixture
def desk(ana: User) -> Client:
    """Ana, signed in."""
    client = Client()
    client.force_login(ana)
    return client


@pytest.fixture
def row() -> Ticket:
    """Mira's question."""
    return ticket(who=asker("mira"))


def at(row: Ticket) -> str:
    """The panel's address."""
    return f"/tickets/{row.pk}/macros/"


def text_of(answer: Any) -> str:
    """What a page says."""
    found: str = answer.content.decode()
    return found


def test_without_scripts_the_words_follow_what_was_written(desk: Client, row: Ticket) -> None:
    macro("slot", text="Hi {{ requester.first_name }},\n\nrun `pg_drop`.", actions=[{"wait": True}])
    listed = desk.post(at(row), {"body": "Good question.", "mode": "note"})
    page = text_of(listed)
    assert 'name="use" value="slot"' in page
    assert 'name="body" value="Good question."' in page
    form = {"body": "Good question.", "mode": "note", "use": "slot"}
    answer = text_of(desk.post(at(row), form))
    assert ">Good question.\n\nHi Mira,\n\nrun `pg_drop`.</textarea>" in answer
    assert 'id="mode-note" value="note" checked' in answer
    assert 'name="macro" value="slot"' in answer
    assert 'name="do" value="wait" checked' in answer
    assert (
        f'hx-get="/tickets/{row.pk}/"' in answer
    )  # the page refreshes itself from its own address


def test_with_scripts_only_the_words_and_their_actions_come(desk: Client, row: Ticket) -> None:
    macro("slot", text="Hi & {{ links.call }}", actions=[{"category": "Slots"}])
    answer = desk.post(at(row), {"use": "slot"}, headers={**HTMX, "HX-Target": "macro-used"})
    fragment = text_of(answer)
    assert fragment.lstrip().startswith('<div class="composer__macro" id="macro-used">')
    assert "<div data-insert hidden>Hi &amp; </div>" in fragment
    assert "set the category “Slots”" in fragment
    assert "“links.call” has nothing to say here" in fragment


def test_the_panel_finds_by_words(desk: Client, row: Ticket) -> None:
    macro("slot", text="about replication slots")
    macro("wal", text="about the log", channels=["email"])
    headers = {**HTMX, "HX-Target": "macro-list"}
    everything = text_of(desk.get(at(row), headers=headers))
    assert everything.lstrip().startswith('<div class="macros" id="macro-list">')
    assert everything.index("For e-mail") < everything.index("Everywhere")
    assert everything.index('value="wal"') < everything.index('value="slot"')
    found = text_of(desk.get(at(row), {"macro_q": "replication"}, headers=headers))
    assert ('value="slot"' in found, 'value="wal"' in found) == (True, False)
    assert "No macro has these words" in text_of(desk.get(at(row), {"macro_q": "xyz"}))


@pytest.mark.parametrize("count", [1, 30])
def test_the_panel_costs_the_same_at_any_length(
    count: int, desk: Client, row: Ticket, django_assert_max_num_queries: Any
) -> None:
    for n in range(count):
        macro(f"m{n}")
    headers = {**HTMX, "HX-Target": "macro-list"}
    desk.get(at(row), headers=headers)
    with django_assert_max_num_queries(5):
        assert text_of(desk.get(at(row), headers=headers)).count('name="use"') == count


def send(desk: Client, row: Ticket, **form: Any) -> Any:
    """What the composer sends."""
    sent = {"body": "Hello", "mode": "reply", "then": "wait", "macro": "done", **form}
    return desk.post(f"/tickets/{row.pk}/reply/", sent)


def test_actions_are_done_with_the_send_and_undone_in_the_conversation(
    desk: Client, row: Ticket
) -> None:
    macro("done", actions=[{"category": "Slots"}, {"tag": "wal"}, {"close": "solved"}])
    assert send(desk, row, do=["category", "tag", "close"]).status_code == 302
    row.refresh_from_db()
    assert (row.category, row.status, row.resolution) == ("Slots", "closed", "solved")
    assert Outgoing.objects.get().payload["text"].startswith("Hello")
    page = text_of(desk.get(f"/tickets/{row.pk}/"))
    assert "used the macro “Done”" in page
    event = TicketEvent.objects.get(kind="macro")
    assert f'name="event" value="{event.pk}"' in page
    desk.post(f"/tickets/{row.pk}/macro-undo/", {"event": event.pk})
    row.refresh_from_db()
    assert (row.category, row.status, row.tags.count()) == ("", "open", 0)
    page = text_of(desk.get(f"/tickets/{row.pk}/"))
    assert ("took the macro “Done” back" in page, "macro-undo" in page) == (True, False)


def test_what_was_unticked_is_not_done_and_the_button_decides_again(
    desk: Client, row: Ticket
) -> None:
    macro("done", actions=[{"category": "Slots"}, {"close": "solved"}])
    send(desk, row, do=["category"])
    row.refresh_from_db()
    assert (row.category, row.status, row.waiting_on) == ("Slots", "in_progress", "them")


def test_a_note_takes_its_macro_along(desk: Client, row: Ticket) -> None:
    macro("done", actions=[{"priority": "high"}])
    send(desk, row, mode="note", do=["priority"])
    row.refresh_from_db()
    assert (row.priority, Message.objects.get(visibility="internal").new_text) == ("high", "Hello")


def test_a_refused_send_keeps_words_and_macro(desk: Client, row: Ticket) -> None:
    macro("done", actions=[{"category": "Slots"}, {"close": "solved"}])
    answer = send(desk, row, do=["category"], body=" ")
    page = text_of(answer)
    assert answer.status_code == 422
    assert 'name="do" value="category" checked' in page
    assert 'name="do" value="close">' in page
    row.refresh_from_db()
    assert row.category == ""


def test_a_macro_that_is_gone_sends_nothing(desk: Client, row: Ticket) -> None:
    answer = send(desk, row, do=["close"], body="My words")
    assert answer.status_code == 422
    assert "My words</textarea>" in text_of(answer)
    assert Outgoing.objects.count() == 0


def test_what_has_no_words_is_done_at_once_and_keeps_the_draft(desk: Client, row: Ticket) -> None:
    macro("mine", text="", actions=[{"assign": "me"}])
    answer = desk.post(at(row), {"run": "mine"})
    assert (answer.status_code, answer["Location"]) == (302, f"/tickets/{row.pk}/")
    row.refresh_from_db()
    assert row.owner is not None
    assert row.owner.username == "ana"
    again = text_of(desk.post(at(row), {"run": "mine", "body": "half a sentence"}))
    assert ">half a sentence</textarea>" in again
    assert "Nothing had to be changed." in again


@pytest.mark.parametrize("role", ["light", "viewer"])
def test_who_may_not_act_has_no_macros(role: str, ana: User, desk: Client, row: Ticket) -> None:
    used = macro("done", actions=[{"close": "solved"}])
    ana.role = role
    ana.save()
    for answer in (desk.get(at(row)), desk.post(at(row), {"run": used.key})):
        assert answer.status_code == 404
    note = send(desk, row, mode="note", do=["close"])
    assert note.status_code in (404, 422)  # a light agent's note brings no macro along
    row.refresh_from_db()
    assert row.status == "open"


def test_somebody_elses_macro_cannot_be_named(desk: Client, row: Ticket) -> None:
    macro("done", seen_by="owner", owner=agent("noor"), actions=[{"close": "solved"}])
    assert desk.post(at(row), {"use": "done"}).status_code == 404
    assert "no macro of this name" in text_of(desk.post(at(row), {"run": "done"}, follow=True))
    assert send(desk, row, do=["close"]).status_code == 422
    row.refresh_from_db()
    assert row.status == "open"
