"""Conversations that also live at another desk: its notes, its owner, and how they stand there."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import Team
from inbox.channels.models import Channel, Delivery
from inbox.common.work import Actor
from inbox.intake import elsewhere
from inbox.notify.models import Notice
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.people import services as people
from inbox.sla.models import Clock
from inbox.tickets import services as tickets
from inbox.tickets.models import LateNote, Message, Ticket
from rig.desk import agent, policy
from rig.toydesk import KIND, ToyDesk, connected, leave, posts, posts_again, said, stands, waiting

pytestmark = pytest.mark.django_db
ANA, BEA = "ana@example.com", "bea@example.com"


@pytest.fixture(autouse=True)
def channel(toy_desk: ToyDesk) -> Channel:
    """The connection; Ana has an account, Bea is a colleague there alone."""
    del toy_desk
    agent("ana")
    return connected()


@pytest.fixture
def ticket() -> Ticket:
    """Sam asks, ten minutes ago."""
    assert posts(said("sam", "it breaks", at=ago(10))) == "done"
    return Ticket.objects.get()


def ago(minutes: float) -> datetime:
    """A moment."""
    return timezone.now() - timedelta(minutes=minutes)


def now_of(ticket: Ticket) -> Ticket:
    """As it stands in the database."""
    return Ticket.objects.get(pk=ticket.pk)


def happened(ticket: Ticket) -> list[str]:
    """What was written down of it beside messages."""
    told = ticket.events.exclude(kind__in=["opened", "message_in", "status", "policy", "flagged"])
    return [event.kind for event in told.order_by("pk")]


# ------------------------------------------------------------------ messages


def test_messages_of_a_conversation_join_by_its_name_and_the_team_there_is_the_team(
    ticket: Ticket,
) -> None:
    posts(said(BEA, "have a look at this", at=ago(8)), said("sam", "it does not help", at=ago(6)))
    found = Message.objects.order_by("sent_at").values_list("direction", "role", "flags")
    assert list(found) == [("in", "asker", []), ("out", "team", []), ("in", "asker", [])]
    assert now_of(ticket).waiting_on == "us"
    assert Ticket.objects.count() == 1


def test_a_colleagues_answer_there_makes_it_their_turn(ticket: Ticket) -> None:
    posts(said(ANA, "done", at=ago(5)))
    row = now_of(ticket)
    assert (row.waiting_on, row.owner) == ("them", agent("ana"))
    assert waiting() == ["assign"]


# ------------------------------------------------------------------ notes


def test_a_note_from_there_is_internal_and_changes_nothing_for_the_asker(
    ticket: Ticket, toy_desk: ToyDesk
) -> None:
    policy()
    before = now_of(ticket)
    clocks = list(Clock.objects.values("state", "due_at", "met_at"))
    assert posts(said(ANA, "they pay late", internal=True)) == "done"
    note = Message.objects.get(visibility="internal")
    assert (note.direction, note.role, note.author_user) == ("out", "team", agent("ana"))
    assert (note.new_text, note.ticket_id) == ("they pay late", ticket.pk)
    after = now_of(ticket)
    assert (after.status, after.waiting_on, after.answered_at) == (
        before.status,
        before.waiting_on,
        None,
    )
    assert list(Clock.objects.values("state", "due_at", "met_at")) == clocks
    assert not Outgoing.objects.exists()
    assert leave() == []
    assert (toy_desk.sent, toy_desk.effects) == ([], [])


@pytest.mark.parametrize(
    ("by", "direction", "role"),
    [
        (ANA, "out", "team"),
        (BEA, "out", "team"),
        ("x[bot]", "out", "bot"),
        ("k", "in", "community"),
    ],
)
def test_who_writes_a_note_is_named(ticket: Ticket, by: str, direction: str, role: str) -> None:
    posts(said(by, "seen", internal=True))
    note = Message.objects.get(visibility="internal")
    assert (note.direction, note.role) == (direction, role)
    assert note.author_label == by.partition("@")[0].capitalize()


def test_a_note_neither_wakes_nor_opens_a_ticket_that_is_over(ticket: Ticket) -> None:
    with pipeline.change(Actor.system("test")):
        tickets.close(ticket)
    posts(said(BEA, "glad that is over", internal=True))
    assert now_of(ticket).status == "closed"


def test_a_note_that_names_somebody_tells_them(ticket: Ticket) -> None:
    posts(said(BEA, "@ana please look", internal=True))
    assert [notice.user for notice in Notice.objects.filter(kind="mention")] == [agent("ana")]


def test_a_note_is_edited_and_deleted_there(ticket: Ticket) -> None:
    posts(said(BEA, "one", key="n1", internal=True, version="1"))
    posts(said(BEA, "two", key="n1", internal=True, version="2"))
    posts(said(BEA, "none", key="n1", internal=True, version="0"))
    note = Message.objects.get(visibility="internal")
    assert (note.body_text, note.version) == ("two", "2")
    posts(deletes=[{"key": "n1", "at": timezone.now().isoformat()}])
    note.refresh_from_db()
    assert (note.body_text, note.deleted_at is not None) == ("", True)
    assert now_of(ticket).status == "open"


def test_a_note_that_was_deleted_before_it_came_is_filed_as_deleted(ticket: Ticket) -> None:
    posts(deletes=[{"key": "n1", "at": timezone.now().isoformat()}])
    posts(said(BEA, "never mind", key="n1", internal=True))
    assert Message.objects.get(visibility="internal").body_text == ""


def test_processing_again_changes_nothing(ticket: Ticket) -> None:
    agent("bea")
    posts(said(BEA, "one", internal=True), threads=[stands(assignee=BEA, closed=True)])
    before = list(ticket.events.values_list("pk", flat=True)), Message.objects.count()
    assert posts_again() <= {"done", "ignored"}
    assert posts_again() <= {"done", "ignored"}
    assert (list(ticket.events.values_list("pk", flat=True)), Message.objects.count()) == before


def test_a_note_before_its_question_in_one_delivery_is_filed_after_it() -> None:
    posts(said(BEA, "a new one", at=ago(1), internal=True), said("sam", "hello", at=ago(2)))
    found = Message.objects.order_by("pk").values_list("visibility", "new_text")
    assert list(found) == [("public", "hello"), ("internal", "a new one")]
    assert Ticket.objects.get(asker__external_id="u-sam")


def test_a_note_that_comes_first_opens_nothing_and_is_filed_once_there_is_a_ticket() -> None:
    assert posts(said(BEA, "important", at=ago(3), internal=True)) == "ignored"
    assert not Ticket.objects.exists()
    assert sweep.tick(now=timezone.now()) >= 0
    assert LateNote.objects.count() == 1
    posts(said("sam", "hello", at=ago(4)))
    sweep.tick(now=timezone.now())
    for pk in sweep.due_deliveries(timezone.now()):
        pipeline.process_delivery(pk)
    assert [m.new_text for m in Ticket.objects.get().messages.order_by("sent_at")] == [
        "hello",
        "important",
    ]
    assert not LateNote.objects.exists()
    assert set(Delivery.objects.values_list("state", flat=True)) == {"done"}


def test_a_note_of_a_conversation_that_never_comes_is_let_go_after_its_body() -> None:
    posts(said(BEA, "alone", internal=True))
    sweep.tick(now=timezone.now() + timedelta(days=31))
    assert not LateNote.objects.exists()
    assert Delivery.objects.get().state == "ignored"


# ------------------------------------------------------------------ assigned there


def test_who_is_given_it_there_has_it_here_and_nothing_goes_back(ticket: Ticket) -> None:
    posts(threads=[stands(assignee=ANA)])
    assert now_of(ticket).owner == agent("ana")
    event = ticket.events.get(kind="assigned")
    assert (event.echo, event.actor_label, event.data["to"]) == (True, "Zoe", "ana")
    assert not Outgoing.objects.exists()


def test_a_linked_identity_counts_without_an_address(ticket: Ticket) -> None:
    people.bind(agent("cleo"), kind=KIND, realm="toy", external_id="u-kim")
    posts(threads=[stands(assignee="kim")])
    assert now_of(ticket).owner == agent("cleo")


def test_given_to_nobody_there_it_is_nobodys_here(ticket: Ticket) -> None:
    posts(threads=[stands(assignee=ANA, at=ago(2))])
    posts(threads=[stands(assignee=None, at=ago(1))])
    assert now_of(ticket).owner is None


def test_a_first_word_that_it_is_nobodys_there_takes_it_from_nobody_here(ticket: Ticket) -> None:
    with pipeline.change(Actor.system("rules"), now=ago(5)):
        tickets.assign(ticket, agent("ana"))
    posts(threads=[stands(assignee=None)])
    assert now_of(ticket).owner == agent("ana")


@pytest.mark.parametrize("gone", [False, True])
def test_somebody_without_an_account_is_named_and_nothing_changes(
    ticket: Ticket, gone: bool
) -> None:
    if gone:
        agent("bea", is_active=False)
    posts(threads=[stands(assignee=BEA)])
    assert now_of(ticket).owner is None
    event = ticket.events.get(kind="elsewhere")
    assert event.data["words"] == "gave this to Bea at Toy Desk, who has no account here"
    client = Client()
    client.force_login(agent("ana"))
    page = client.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "gave this to Bea at Toy Desk, who has no account here" in page


def test_what_was_said_before_our_own_choice_is_ignored(ticket: Ticket) -> None:
    with pipeline.change(Actor.user(agent("ana"))):
        tickets.assign(ticket, agent("cleo"))
    posts(threads=[stands(assignee=ANA, at=ago(1))])
    assert now_of(ticket).owner == agent("cleo")


def test_that_it_is_still_theirs_there_takes_nothing_from_us(ticket: Ticket) -> None:
    """A state says who has it each time, also when only the subject changed."""
    posts(threads=[stands(assignee=ANA, at=ago(5))])
    with pipeline.change(Actor.user(agent("ana")), now=ago(3)):
        tickets.assign(ticket, agent("cleo"))
    posts(threads=[stands(assignee=ANA, at=ago(1))])
    assert now_of(ticket).owner == agent("cleo")


def test_a_restricted_ticket_is_given_to_nobody_who_may_not_see_it(ticket: Ticket) -> None:
    team = Team.objects.create(key="legal", name="Legal")
    with pipeline.change(Actor.system("test")):
        tickets.restrict(ticket, team)
    posts(threads=[stands(assignee=ANA)])
    assert now_of(ticket).owner is None
    assert "may not see it" in ticket.events.get(kind="elsewhere").data["words"]


def test_history_of_another_desk_causes_nothing(toy_desk: ToyDesk) -> None:
    policy()
    posts(
        said("sam", "old", at=ago(9_000)),
        said(ANA, "older", at=ago(8_000), internal=True),
        threads=[stands(assignee=ANA, closed=True, at=ago(7_000))],
        historic=True,
    )
    row = Ticket.objects.get()
    assert (row.status, row.owner) == ("closed", agent("ana"))
    assert (Outgoing.objects.count(), Clock.objects.count()) == (0, 0)
    assert (toy_desk.sent, toy_desk.effects) == ([], [])


# ------------------------------------------------------------------ closed on both sides


def test_our_closing_comes_back_and_nothing_follows(ticket: Ticket, toy_desk: ToyDesk) -> None:
    with pipeline.change(Actor.user(agent("ana")), now=ago(5)):
        tickets.close(ticket)
    leave()
    posts(threads=[stands(closed=True)])
    assert happened(ticket) == ["closed"]
    assert (toy_desk.done(), waiting()) == (["close"], [])


@pytest.mark.parametrize("told", [False, True])
def test_a_customers_message_opens_both_sides_again(
    ticket: Ticket, toy_desk: ToyDesk, told: bool
) -> None:
    with pipeline.change(Actor.user(agent("ana")), now=ago(5)):
        tickets.close(ticket)
    leave()
    if told:
        posts(threads=[stands(closed=True, at=ago(4))])
    posts(said("sam", "not at all"))
    assert (now_of(ticket).status, now_of(ticket).waiting_on) == ("open", "us")
    leave()
    assert toy_desk.done() == ["close", "reopen"]
    posts(threads=[stands(closed=False)])
    assert happened(ticket) == ["closed", "reopened"]


def test_a_desk_that_opens_by_itself_needs_no_word_of_ours(
    ticket: Ticket, toy_desk: ToyDesk
) -> None:
    with pipeline.change(Actor.user(agent("ana")), now=ago(5)):
        tickets.close(ticket)
    leave()
    posts(said("sam", "not at all"), threads=[stands(closed=False)])
    assert (waiting(), now_of(ticket).status) == ([], "open")
    leave()
    assert toy_desk.done() == ["close"]


def test_a_message_that_nobody_had_seen_when_it_was_closed_here_opens_it(ticket: Ticket) -> None:
    with pipeline.change(Actor.user(agent("ana")), now=ago(5)):
        tickets.close(ticket)
    leave()
    posts(threads=[stands(closed=True, at=ago(5))])
    posts(said("sam", "one more thing", at=ago(6)))
    assert now_of(ticket).status == "open"


def test_a_message_that_was_seen_there_before_it_was_closed_there_opens_nothing(
    ticket: Ticket,
) -> None:
    posts(threads=[stands(closed=True, at=ago(5))])
    posts(said("sam", "one more thing", at=ago(6)))
    assert now_of(ticket).status == "closed"


def test_an_old_closing_does_not_undo_that_somebody_opened_it_here(ticket: Ticket) -> None:
    with pipeline.change(Actor.user(agent("ana")), now=ago(5)):
        tickets.close(ticket)
    leave()
    with pipeline.change(Actor.user(agent("ana")), now=ago(3)):
        tickets.reopen(ticket)
    posts(threads=[stands(closed=True, at=ago(4))])
    assert (now_of(ticket).status, happened(ticket)) == ("open", ["closed", "reopened"])


# ------------------------------------------------------------------ what it costs


def test_what_a_note_asks_of_the_database_does_not_grow(ticket: Ticket) -> None:
    posts(said(BEA, "first", internal=True))
    asked = []
    for n in range(2):
        with CaptureQueriesContext(connection) as seen:
            posts(said(BEA, f"note {n}", internal=True))
        asked.append(len(seen))
    posts(*(said(BEA, f"more {i}", internal=True) for i in range(20)))
    with CaptureQueriesContext(connection) as seen:
        posts(said(BEA, "last", internal=True))
    assert [*asked, len(seen)] == [asked[0]] * 3


def test_looking_for_late_notes_is_one_statement() -> None:
    for n in range(3):
        posts(said(BEA, f"early {n}", thread=f"c{n}", internal=True))
    with CaptureQueriesContext(connection) as seen:
        assert elsewhere.late_note_ids(timezone.now()) == []
    assert len(seen) == 1
