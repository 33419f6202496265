"""What is decided here reaches the other desk where the conversation also lives, once."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.bulk.models import BulkRun
from inbox.channels import directory, registry
from inbox.channels.contract import Capability, DeliveryError
from inbox.channels.marks import note_marker
from inbox.channels.models import Channel
from inbox.common.work import Actor, Work
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.people import services as people
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Thread, Ticket
from rig.desk import agent
from rig.desk import ticket as mailed
from rig.toydesk import (
    CAN,
    KIND,
    ToyDesk,
    connected,
    kind_of,
    leave,
    posts,
    said,
    stands,
    waiting,
)

pytestmark = pytest.mark.django_db
BEA = "bea@example.com"


@pytest.fixture(autouse=True)
def channel(toy_desk: ToyDesk) -> Channel:
    """The connection; Ana and Cleo are known at the desk, Dan is not."""
    del toy_desk
    agent("dan")
    for name in ("ana", "cleo"):
        people.bind(agent(name), kind=KIND, realm="toy", external_id=f"u-{name}")
    return connected()


@pytest.fixture
def ticket() -> Ticket:
    """Sam asks."""
    assert posts(said("sam", "it breaks")) == "done"
    return Ticket.objects.get()


@pytest.fixture
def desk() -> Client:
    """Ana, signed in."""
    client = Client()
    client.force_login(agent("ana"))
    return client


def by(user: User | None = None) -> AbstractContextManager[Work]:
    """A change by hand."""
    return pipeline.change(Actor.user(user or agent("ana")))


def people_told(toy_desk: ToyDesk) -> list[str]:
    """To whom the conversation was given there."""
    return [effect.data["person"] for effect in toy_desk.effects if effect.kind == "assign"]


# ------------------------------------------------------------------ assigned here


def test_the_owner_there_follows_ours(ticket: Ticket, toy_desk: ToyDesk, desk: Client) -> None:
    desk.post(f"/tickets/{ticket.pk}/assign/", {"assignee": "cleo"})
    assert (leave(5), toy_desk.effects) == ([], [])
    leave()
    assert [dict(effect.data) for effect in toy_desk.effects] == [
        {"thread_key": "c1", "place": "", "person": "u-cleo", "text": ""}
    ]
    desk.post(f"/tickets/{ticket.pk}/assign/", {"assignee": ""})
    leave()
    assert people_told(toy_desk) == ["u-cleo", ""]


def test_who_is_unknown_there_is_not_sent_and_the_ticket_says_so(
    ticket: Ticket, toy_desk: ToyDesk, desk: Client
) -> None:
    desk.post(f"/tickets/{ticket.pk}/assign/", {"assignee": "dan"})
    assert (leave(), toy_desk.effects) == ([], [])
    page = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "Dan is not known at Toy Desk, so it stays with whom it was" in page


def test_an_assignment_that_is_undone_in_time_was_never_seen_there(
    ticket: Ticket, toy_desk: ToyDesk, desk: Client
) -> None:
    desk.post("/tickets/bulk/", {"ticket": [ticket.pk], "do": "assign:cleo"})
    assert waiting() == ["assign"]
    desk.post(f"/undo/{BulkRun.objects.get().pk}/")
    assert (waiting(), leave(), toy_desk.effects) == ([], [], [])


def test_an_assignment_that_is_undone_later_goes_back_there_too(
    ticket: Ticket, toy_desk: ToyDesk, desk: Client
) -> None:
    with by():
        tickets.assign(ticket, agent("ana"))
    leave()
    desk.post("/tickets/bulk/", {"ticket": [ticket.pk], "do": "assign:cleo"})
    leave()
    desk.post(f"/undo/{BulkRun.objects.get().pk}/")
    leave()
    assert people_told(toy_desk) == ["u-ana", "u-cleo", "u-ana"]


def test_only_the_last_of_several_choices_is_sent(ticket: Ticket, toy_desk: ToyDesk) -> None:
    for name in ("ana", "cleo", "ana"):
        with by():
            tickets.assign(ticket, agent(name))
    leave()
    assert people_told(toy_desk) == ["u-ana"]


def test_the_echo_of_our_assignment_changes_nothing(ticket: Ticket, toy_desk: ToyDesk) -> None:
    with by():
        tickets.assign(ticket, agent("cleo"))
    leave()
    posts(threads=[stands(assignee="cleo")])
    assert Ticket.objects.get().owner == agent("cleo")
    assert (ticket.events.filter(kind="assigned").count(), waiting()) == (1, [])
    assert people_told(toy_desk) == ["u-cleo"]


def test_a_later_choice_there_withdraws_ours_that_waits(ticket: Ticket, toy_desk: ToyDesk) -> None:
    with by():
        tickets.assign(ticket, agent("cleo"))
    posts(threads=[stands(assignee="ana")])
    assert (Ticket.objects.get().owner, waiting()) == (agent("ana"), [])


# ------------------------------------------------------------------ closed here


def test_closing_here_closes_there_and_opening_opens(
    ticket: Ticket, toy_desk: ToyDesk, desk: Client
) -> None:
    page = desk.get(f"/tickets/{ticket.pk}/").content.decode()
    assert "as well</label>" not in page
    desk.post(f"/tickets/{ticket.pk}/close/", {"resolution": "solved", "there": "1"})
    assert waiting() == ["close"]
    leave()
    desk.post(f"/tickets/{ticket.pk}/status/", {"status": "open"})
    leave()
    assert toy_desk.done() == ["close", "reopen"]
    assert toy_desk.effects[0].data["reason"] == "solved"


def test_a_closing_that_is_taken_back_in_time_was_never_seen_there(
    ticket: Ticket, toy_desk: ToyDesk, desk: Client
) -> None:
    desk.post("/tickets/bulk/", {"ticket": [ticket.pk], "do": "close:answered"})
    desk.post(f"/undo/{BulkRun.objects.get().pk}/")
    assert (waiting(), leave(), toy_desk.effects) == ([], [], [])


def test_an_answer_arrives_before_the_closing_after_it(
    ticket: Ticket, toy_desk: ToyDesk, desk: Client
) -> None:
    toy_desk.fails = [DeliveryError("busy", retry_after_seconds=60)]
    form = {"body": "Try again.", "then": "close", "last_seen_message": ticket.last_message_id}
    desk.post(f"/tickets/{ticket.pk}/reply/", form)
    leave()
    assert (toy_desk.sent, toy_desk.effects) == ([], [])
    leave(200)
    assert (len(toy_desk.sent), toy_desk.done()) == (1, ["close"])


@pytest.mark.parametrize("verb", [tickets.mark_spam, tickets.trash])
def test_spam_and_trash_are_nothing_there(
    ticket: Ticket, toy_desk: ToyDesk, verb: Callable[[Ticket], Ticket]
) -> None:
    with by():
        verb(ticket)
        tickets.assign(ticket, agent("cleo"))
    with by():
        tickets.restore(ticket)
    assert (leave(), toy_desk.effects) == ([], [])


def test_a_merge_is_nothing_there_and_a_part_does_not_end_the_whole(
    ticket: Ticket, toy_desk: ToyDesk
) -> None:
    posts(said("sam", "another matter", key="m2"))
    with by():
        part = tickets.split(ticket, [Message.objects.get(external_id="m2").pk])
    with by():
        tickets.close(part)
    with by():
        tickets.merge(part, into=ticket)
    assert (leave(), toy_desk.effects) == ([], [])


def test_a_public_forum_is_closed_only_when_that_is_asked_for(
    ticket: Ticket, toy_desk: ToyDesk, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(registry._kinds, KIND, kind_of(toy_desk, CAN | {Capability.FORUM}))
        assert "as well</label>" in desk.get(f"/tickets/{ticket.pk}/").content.decode()
        desk.post(f"/tickets/{ticket.pk}/close/", {"resolution": "solved"})
        assert waiting() == []
        desk.post(f"/tickets/{ticket.pk}/status/", {"status": "open"})
        desk.post(f"/tickets/{ticket.pk}/close/", {"resolution": "solved", "there": "1"})
        assert waiting() == ["close"]


def test_closing_that_failed_there_is_not_taken_for_closed(
    ticket: Ticket, toy_desk: ToyDesk
) -> None:
    toy_desk.fails = [DeliveryError("no", permanent=True)]
    with by():
        tickets.close(ticket)
    leave()
    with by():
        tickets.reopen(ticket)
    assert (waiting(), Thread.objects.get().is_closed) == ([], False)


# ------------------------------------------------------------------ notes out


def noted(ticket: Ticket, text: str = "a secret canary", user: User | None = None) -> Message:
    """Somebody writes a note on the desk."""
    with by(user):
        return tickets.add_note(ticket, body=text, user=user or agent("ana"))


def mirrored(channel: Channel) -> None:
    """The setting is on, as an admin says it."""
    connect(KIND, channel.key, {"mirror_notes": "on"})


def test_notes_stay_here_unless_the_channel_says_otherwise(
    ticket: Ticket, toy_desk: ToyDesk, channel: Channel
) -> None:
    noted(ticket)
    connect(KIND, channel.key, {"mirror_notes": "off"})
    noted(ticket, "another")
    assert (leave(), toy_desk.effects, Outgoing.objects.count()) == ([], [], 0)


def test_a_note_is_kept_there_as_a_note_and_never_as_a_message(
    ticket: Ticket, toy_desk: ToyDesk, channel: Channel
) -> None:
    mirrored(channel)
    note = noted(ticket)
    leave()
    assert toy_desk.sent == []
    assert [(e.kind, e.data["text"], e.data["author_key"]) for e in toy_desk.effects] == [
        ("note", "a secret canary", "u-ana")
    ]
    row = Outgoing.objects.get()
    assert (row.kind, row.message, row.thread) == ("effect", None, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outgoing.objects.create(
            ticket=ticket, channel=channel, thread=note.thread, message=note, kind="reply",
            payload={"text": "x"}, idempotency_key="x", created_at=timezone.now(),
            not_before=timezone.now(),
        )  # fmt: skip


def test_notes_of_robots_of_restricted_tickets_and_from_there_do_not_leave(
    ticket: Ticket, toy_desk: ToyDesk, channel: Channel
) -> None:
    mirrored(channel)
    with by():
        tickets.add_note(ticket, body="by a rule", user=None)
    posts(said(BEA, "from there", internal=True))
    with by():
        tickets.restrict(ticket, Team.objects.create(key="legal", name="Legal"))
    noted(ticket, "restricted")
    noted(mailed(), "on a mail")
    assert (leave(), toy_desk.effects) == ([], [])


def test_our_note_comes_back_by_its_id_and_is_not_filed_twice(
    ticket: Ticket, channel: Channel
) -> None:
    mirrored(channel)
    note = noted(ticket)
    leave()
    assert posts(said("ana@example.com", "a secret canary", key="note-1", internal=True)) == (
        "ignored"
    )
    note.refresh_from_db()
    assert (note.external_id, Message.objects.filter(visibility="internal").count()) == (
        "note-1",
        1,
    )


@pytest.mark.parametrize("where", ["text", "refs"])
def test_our_note_comes_back_by_its_marker_before_we_know_its_id(
    ticket: Ticket, toy_desk: ToyDesk, channel: Channel, where: str
) -> None:
    mirrored(channel)
    note = noted(ticket)
    mark = note_marker(Outgoing.objects.get().idempotency_key)
    refs = [mark] if where == "refs" else []
    text = "a secret canary" if where == "refs" else f"a secret canary\n{mark}"
    posts(said("ana@example.com", text, key="n-77", internal=True, refs=refs))
    note.refresh_from_db()
    assert (note.external_id, Message.objects.filter(visibility="internal").count()) == ("n-77", 1)
    leave()
    assert toy_desk.done() == ["note"]


def test_a_note_that_only_quotes_our_marker_is_filed(ticket: Ticket, channel: Channel) -> None:
    mirrored(channel)
    noted(ticket)
    mark = note_marker(Outgoing.objects.get().idempotency_key)
    leave()
    assert posts(said(BEA, f"what is {mark}?", internal=True)) == "done"
    assert Message.objects.filter(visibility="internal").count() == 2


def test_what_may_be_ours_waits_until_we_know(ticket: Ticket, toy_desk: ToyDesk) -> None:
    """An echo without a marker that is faster than the answer to our own request."""
    with by():
        tickets.reply(ticket, body="Try again.", user=agent("ana"))
    Outgoing.objects.update(state="sending", attempts=1, lease_until=timezone.now())
    assert posts(said("ana@example.com", "Try again.", key="reply-1", own=True)) == "pending"
    assert Message.objects.count() == 2


def test_a_note_whose_sending_was_interrupted_is_looked_for_before_it_is_made_again(
    ticket: Ticket, toy_desk: ToyDesk, channel: Channel
) -> None:
    mirrored(channel)
    noted(ticket)
    toy_desk.after = [DeliveryError("gone after the write", uncertain=True)]
    leave(300)
    assert [(e.again, e.repeatable) for e in toy_desk.effects] == [(False, False), (True, False)]


# ------------------------------------------------------------------ what it costs


def test_where_no_channel_can_nothing_is_asked(channel: Channel) -> None:
    row = mailed()
    channel.delete()
    directory.forget()
    for name in ("ana", "cleo"):
        with CaptureQueriesContext(connection) as seen, by():
            tickets.assign(row, agent(name))
        assert [q["sql"] for q in seen if "inbox_thread" in q["sql"]] == []
