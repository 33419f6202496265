"""A history from another desk: own times and statuses, everything once, nothing outward."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import Role, User
from inbox.channels.contract import DeliveryError, InboundBatch
from inbox.channels.models import Channel, Fetch
from inbox.common.work import Actor
from inbox.history import services as history
from inbox.history import undoing
from inbox.history.models import ImportRun
from inbox.history.tests.toy import NOEMI, START, a_file, asker, desk, old_ticket, paged, said
from inbox.operations import draining, importing
from inbox.outbox.models import Outgoing
from inbox.people.models import Contact, ContactNote, Identity
from inbox.reports import checking
from inbox.reports import services as reports
from inbox.reports.models import ReportFact
from inbox.search.models import SearchDoc
from inbox.sla.models import Clock
from inbox.tickets import counts
from inbox.tickets import services as tickets
from inbox.tickets.models import Attachment, Message, Ticket, TicketEvent
from rig import desk as house

pytestmark = pytest.mark.django_db


@pytest.fixture
def noemi() -> User:
    return house.agent("noemi")


@pytest.fixture
def channel() -> Iterator[Channel]:
    with desk(paged([()])):
        yield Channel.objects.create(kind="toydesk", key="old")


def bring(channel: Channel, page: Any) -> dict[str, Any]:
    with desk(page):
        return importing.bring(channel.key)


def test_a_ticket_comes_with_its_own_times_status_and_people(noemi: User, channel: Channel) -> None:
    bring(channel, paged([(old_ticket(7),)]))
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.status, ticket.resolution) == ("Stops 7", "closed", "solved")
    assert ticket.created_at == START + timedelta(hours=7)
    assert ticket.closed_at == ticket.created_at + timedelta(days=2)
    assert ticket.owner == noemi
    assert ticket.asker is not None
    assert ticket.asker.name == "Asker 7"
    assert [tag.name for tag in ticket.tags.all()] == ["connector"]
    rows = ticket.messages.order_by("sent_at").values_list("role", "direction", "visibility")
    assert list(rows) == [
        ("asker", "in", "public"),
        ("team", "out", "internal"),
        ("team", "out", "public"),
    ]
    assert ticket.message_count == 3
    assert ticket.last_message_id == ticket.messages.get(external_id="t7-3").pk
    assert Identity.objects.get(external_id="a1").user == noemi


def test_events_tell_what_happened_when_it_happened(noemi: User, channel: Channel) -> None:
    bring(channel, paged([(old_ticket(0),)]))
    rows = TicketEvent.objects.order_by("pk").values_list("kind", "at")
    at = [(moment - START) // timedelta(hours=1) for _, moment in rows]
    assert [kind for kind, _ in rows] == [
        *("opened", "message_in", "note", "message_out"),
        *("tagged", "assigned", "status", "closed"),
    ]
    assert at == [0, 0, 1, 2, 48, 48, 48, 48]


@pytest.mark.parametrize(
    ("status", "waiting_on", "lane"),
    [("open", "us", "us"), ("in_progress", "them", "wait"), ("on_hold", "", "wait")],
)
def test_what_is_open_there_is_open_here(
    status: str, waiting_on: str, lane: str, channel: Channel
) -> None:
    bring(channel, paged([(old_ticket(1, status=status, closed_at=None),)]))
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.waiting_on, ticket.lane) == (status, waiting_on, lane)
    assert bool(ticket.hold_reason) == (status == "on_hold")
    assert counts.counts_for(User(is_superuser=True, role=Role.ADMIN))[f"status:{status}"] == 1


def test_nothing_is_routed_promised_or_sent(noemi: User, channel: Channel) -> None:
    house.policy()
    bring(channel, paged([(old_ticket(1, status="open", closed_at=None),)]))
    assert not Outgoing.objects.exists()
    assert not Clock.objects.exists()


def test_who_has_no_account_is_named_in_the_events(channel: Channel) -> None:
    bring(channel, paged([(old_ticket(1),)]))
    assert Ticket.objects.get().owner is None
    event = TicketEvent.objects.get(kind="assigned")
    assert event.data["to"] == "noemi@example.com, who has no account here"


def test_the_same_page_twice_changes_nothing(noemi: User, channel: Channel) -> None:
    page = tuple(old_ticket(n) for n in range(20))
    first = bring(channel, paged([page]))
    before = (Ticket.objects.count(), Message.objects.count(), TicketEvent.objects.count())
    again = bring_again(channel, paged([page]))
    assert (first["messages"], again["messages"]) == (60, 60)
    after = (Ticket.objects.count(), Message.objects.count(), TicketEvent.objects.count())
    assert before == after == (20, 60, 20 * 8)


def bring_again(channel: Channel, page: Any) -> dict[str, Any]:
    ImportRun.objects.update(cursor={}, state="stopped")
    return bring(channel, page)


def test_a_ticket_that_comes_again_brings_only_what_is_new(noemi: User, channel: Channel) -> None:
    bring(channel, paged([(old_ticket(3, status="open", closed_at=None),)]))
    old = old_ticket(3)
    more = said("t3-4", asker(3), START + timedelta(hours=30), "Works now")
    batch = InboundBatch(messages=(*old.batch.messages, more), historic=True)
    bring_again(channel, paged([(replace(old, batch=batch),)]))
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.message_count) == ("closed", 4)
    assert counts.counts_for(User(is_superuser=True, role=Role.ADMIN))["status:open"] == 0


def test_what_somebody_worked_on_here_keeps_its_state(noemi: User, channel: Channel) -> None:
    bring(channel, paged([(old_ticket(3, status="open", closed_at=None),)]))
    ticket = Ticket.objects.get()
    with pipeline.change(Actor.user(noemi)):
        tickets.hold(tickets.lock(ticket.pk), reason="waits for the release")
    bring_again(channel, paged([(old_ticket(3),)]))
    ticket.refresh_from_db()
    assert ticket.status == "on_hold"


def test_figures_and_search_know_what_came(noemi: User, channel: Channel) -> None:
    bring(channel, paged([tuple(old_ticket(n) for n in range(3))]))
    reports.renew(now=timezone.now())
    solved = ReportFact.objects.filter(kind="solved")
    assert [fact.at for fact in solved.order_by("at")] == [
        START + timedelta(hours=n, days=2) for n in range(3)
    ]
    firsts = ReportFact.objects.filter(kind="first", label="team", person=noemi.pk)
    assert firsts.count() == 3
    assert SearchDoc.objects.filter(message=None).count() == 3
    assert SearchDoc.objects.exclude(message=None).count() == 9


def test_files_are_fetched_later(channel: Channel) -> None:
    first = said("f1", asker(1), START, "see file", files=(a_file(),))
    bring(channel, paged([(old_ticket(1, messages=(first,)),)]))
    assert Attachment.objects.get().is_missing
    assert Fetch.objects.get().url == "https://desk.example.com/log.txt"


def test_a_poison_ticket_is_a_problem_and_the_others_come(channel: Channel) -> None:
    bad = old_ticket(5, closed_at="never")
    found = bring(channel, paged([(old_ticket(4), bad, old_ticket(6))]))
    assert (found["state"], found["taken"], found["problems"]) == ("done", 2, 1)
    assert sorted(Ticket.objects.values_list("subject", flat=True)) == ["Stops 4", "Stops 6"]


def test_a_vendor_that_refuses_is_asked_again_later(channel: Channel) -> None:
    calls = []

    def page(config: Any, cursor: Any) -> Any:
        calls.append(cursor)
        if len(calls) == 1:
            raise DeliveryError("too many requests", retry_after_seconds=1)
        return paged([(old_ticket(1),)])(config, cursor)

    with desk(page):
        history.begin(channel, by=None, now=timezone.now())
        assert draining.drain(timeout_seconds=20)[1]
    run = ImportRun.objects.get()
    assert (run.state, run.taken, run.error) == ("done", 1, "")


def test_what_is_refused_for_good_waits_for_somebody(channel: Channel) -> None:
    def page(config: Any, cursor: Any) -> Any:
        raise DeliveryError("the token may not read exports", permanent=True)

    found = bring(channel, page)
    assert (found["state"], found["error"]) == ("failed", "the token may not read exports")


def test_a_run_that_was_stopped_files_nothing_more(channel: Channel) -> None:
    pages = [(old_ticket(n),) for n in range(3)]

    def page(config: Any, cursor: Any) -> Any:
        if cursor.get("at") == 1:
            history.stop(ImportRun.objects.get())
        return paged(pages)(config, cursor)

    assert bring(channel, page)["state"] == "stopped"
    assert Ticket.objects.count() == 1
    assert bring(channel, paged(pages))["state"] == "done"
    assert Ticket.objects.count() == 3


def test_two_names_of_one_ticket_in_a_page_are_one(channel: Channel) -> None:
    early = old_ticket(1, status="open", closed_at=None)
    bring(channel, paged([(early, old_ticket(1))]))
    assert Ticket.objects.get().status == "closed"


def test_the_asker_need_not_have_written_first(channel: Channel) -> None:
    first = said("x1", NOEMI, START, "I write for Ben, who called")
    bring(channel, paged([(old_ticket(1, messages=(first,), asker=asker(9)),)]))
    ticket = Ticket.objects.get()
    assert ticket.asker is not None
    assert ticket.asker.name == "Asker 9"
    assert ticket.messages.get().role == "team"


def test_a_run_is_taken_back_but_for_what_somebody_worked_on(noemi: User, channel: Channel) -> None:
    bring(channel, paged([tuple(old_ticket(n) for n in range(5))]))
    reports.renew(now=timezone.now())
    worked = Ticket.objects.get(subject="Stops 3")
    with pipeline.change(Actor.user(noemi)):
        tickets.reopen(tickets.lock(worked.pk), why="it stops again")
    assert undoing.begin(ImportRun.objects.get())
    assert draining.drain(timeout_seconds=20)[1]
    run = ImportRun.objects.get()
    assert run.state == "undone"
    assert list(run.items.values_list("ticket", "kept")) == [(worked.pk, True)]
    assert list(Ticket.objects.all()) == [worked]
    assert Message.objects.count() == 3
    figures = counts.counts_for(User(is_superuser=True, role=Role.ADMIN))
    assert (figures.get("status:closed", 0), figures["status:open"]) == (0, 1)
    assert ReportFact.objects.filter(kind="in").count() == 1
    assert not [wrong for _, wrong in checking.check() if wrong]


def test_people_whom_something_else_names_stay_when_a_run_is_taken_back(
    noemi: User, channel: Channel
) -> None:
    """Of the askers: a note stands on one, and another one was known before the run."""
    bring(channel, paged([tuple(old_ticket(n) for n in range(4))]))
    noted, known = Identity.objects.filter(external_id__in=["u0", "u1"]).order_by("external_id")
    contact = noted.contact
    ContactNote.objects.create(contact=contact, by=noemi, text="calls often", at=timezone.now())
    ever = ImportRun.objects.get().started_at - timedelta(days=1)
    Identity.objects.filter(pk=known.pk).update(created_at=ever)
    undoing.begin(ImportRun.objects.get())
    draining.drain(timeout_seconds=20)
    left = Identity.objects.order_by("external_id").values_list("external_id", flat=True)
    assert list(left) == ["a1", "u0", "u1"]
    assert Contact.objects.count() == 3


def test_what_was_taken_back_can_come_again(noemi: User, channel: Channel) -> None:
    page = paged([tuple(old_ticket(n) for n in range(5))])
    bring(channel, page)
    undoing.begin(ImportRun.objects.get())
    draining.drain(timeout_seconds=20)
    assert not Ticket.objects.exists()
    # an account of the team stays linked; everybody else is nobody again
    assert list(Identity.objects.values_list("external_id", flat=True)) == ["a1"]
    assert Contact.objects.count() == 1
    assert bring(channel, page)["state"] == "done"
    assert Ticket.objects.count() == 5
