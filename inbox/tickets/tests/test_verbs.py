"""What verbs do, and what the database itself refuses."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.channels.models import Channel
from inbox.common.work import Actor, OutsideChange
from inbox.loop import services as loop
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.people.models import Contact, Identity
from inbox.tickets import queries
from inbox.tickets import services as tickets
from inbox.tickets.counts import counts_for, fold
from inbox.tickets.errors import NotAllowed, StaleReply, VerbError
from inbox.tickets.models import Message, Ticket, TicketEvent

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    """An agent."""
    return User.objects.create(username="ana", first_name="Ana")


def make(n: int = 1, messages: int = 1) -> Ticket:
    """A ticket with messages of one asker."""
    channel, _ = Channel.objects.get_or_create(
        kind="email", key="support", defaults={"settings": {"address": "support@example.com"}}
    )
    contact = Contact.objects.create(name=f"Mira {n}")
    address = f"mira{n}@example.org"
    asker = Identity.objects.create(
        contact=contact, kind="email", realm="mail", external_id=address
    )
    with pipeline.change(Actor.system("test"), now=NOW):
        ticket, thread = tickets.open_ticket(
            subject=f"Question {n}", channel=channel, asker=asker, thread_key=f"<{n}>", at=NOW
        )
        for m in range(messages):
            tickets.add_message(
                ticket,
                thread,
                direction="in",
                visibility="public",
                role="asker",
                external_id=f"<{n}.{m}>",
                sent_at=NOW + timedelta(minutes=m),
                author=asker,
                author_label=contact.name,
                new_text=f"text {n} {m}",
            )
    return ticket


def act(verb: object, *args: object, now: datetime = NOW, **kwargs: object) -> object:
    """One verb in a change of its own."""
    with pipeline.change(Actor.system("test"), now=now):
        return verb(*args, **kwargs)  # type: ignore[operator]  # any verb


def test_verb_outside_a_change_is_refused() -> None:
    ticket = make()
    with pytest.raises(OutsideChange):
        tickets.close(ticket)


def test_hold_needs_a_reason_in_the_verb_and_in_the_database() -> None:
    """S65."""
    ticket = make()
    with pytest.raises(VerbError):
        act(tickets.hold, ticket, reason="  ")
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(status="on_hold", hold_reason="")
    act(tickets.hold, ticket, reason="waiting for the call")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.hold_reason) == ("on_hold", "waiting for the call")


def test_became_issue_needs_a_link_and_moved_to_dm_a_note() -> None:
    """S9, S61, S71: in the verb and in the database."""
    ticket = make()
    with pytest.raises(VerbError):
        act(tickets.close, ticket, resolution="became_issue")
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(status="closed", resolution="became_issue")
    with pytest.raises(VerbError):
        act(tickets.close, ticket, resolution="moved_to_dm")
    act(loop.add_link, ticket, url="https://github.example.com/a/b/issues/7")
    act(tickets.close, ticket, resolution="became_issue")
    ticket.refresh_from_db()
    assert (ticket.status, ticket.resolution) == ("closed", "became_issue")
    assert ticket.links.get().kind == "github_issue"


def test_no_op_records_nothing() -> None:
    ticket = make()
    act(tickets.set_category, ticket, "Question")
    before = ticket.events.count()
    act(tickets.set_category, ticket, "Question")
    act(tickets.set_priority, ticket, "normal")
    assert ticket.events.count() == before


def test_merge_and_unmerge_keep_every_message_and_later_replies_follow() -> None:
    """L10: the multiset of messages is kept, and the way back too."""
    one, two = make(1, messages=2), make(2)
    everything = Counter(Message.objects.values_list("external_id", flat=True))
    act(tickets.merge, one, into=two)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.status, one.merged_into, two.message_count) == ("merged", two, 3)
    assert Counter(Message.objects.values_list("external_id", flat=True)) == everything
    with pytest.raises(NotAllowed):
        act(tickets.close, one)
    act(tickets.unmerge, one)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.status, one.merged_into, one.message_count, two.message_count) == (
        "open",
        None,
        2,
        1,
    )
    assert Counter(Message.objects.values_list("external_id", flat=True)) == everything


def test_split_takes_messages_out() -> None:
    """L4, L10."""
    ticket = make(1, messages=3)
    second = ticket.messages.order_by("sent_at")[1]
    fresh = act(tickets.split, ticket, [second.pk])
    assert isinstance(fresh, Ticket)
    ticket.refresh_from_db()
    assert (ticket.message_count, list(fresh.messages.all())) == (2, [second])
    with pytest.raises(VerbError):
        act(tickets.split, fresh, [second.pk])


def test_snooze_wakes_by_itself_and_a_reply_wakes_in_its_mode() -> None:
    """L14: visible until when, waking writes an event."""
    ticket = make()
    act(tickets.snooze, ticket, until=NOW + timedelta(hours=2))
    sweep.tick(now=NOW)  # the asker is new: the clock counts what they do
    assert sweep.tick(now=NOW + timedelta(hours=1)) == 0
    assert sweep.tick(now=NOW + timedelta(hours=3)) == 1
    assert sweep.tick(now=NOW + timedelta(hours=4)) == 0
    ticket.refresh_from_db()
    assert ticket.snoozed_until is None
    assert list(
        ticket.events.filter(kind__in=["snoozed", "woken"]).values_list("kind", flat=True)
    ) == [
        "snoozed",
        "woken",
    ]


def test_reply_to_a_stale_view_is_refused(ana: User) -> None:
    """L11: a send carries the last message seen."""
    ticket = make(1, messages=2)
    first = ticket.messages.earliest("sent_at")
    with pytest.raises(StaleReply):
        act(tickets.reply, ticket, body="Hello", user=ana, last_seen_message=first.pk)
    assert Outgoing.objects.count() == 0


def test_internal_note_never_leaves(ana: User) -> None:
    """Invariant 4: neither by the verb nor past the database."""
    ticket = make()
    note = act(tickets.add_note, ticket, body="secret canary", user=ana)
    assert isinstance(note, Message)
    assert Outgoing.objects.count() == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Outgoing.objects.create(
            ticket=ticket,
            channel=ticket.channel,
            message=note,
            kind="reply",
            payload={},
            idempotency_key="x",
            not_before=NOW,
            created_at=NOW,
        )


def test_queued_row_is_immutable(ana: User) -> None:
    """Invariant 8."""
    ticket = make()
    act(tickets.reply, ticket, body="Hello", user=ana)
    row = Outgoing.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Outgoing.objects.filter(pk=row.pk).update(payload={"to": ["eve@evil.example"]})


def test_spam_is_never_answered(ana: User) -> None:
    """L21."""
    ticket = make()
    act(tickets.mark_spam, ticket)
    with pytest.raises(NotAllowed):
        act(tickets.reply, ticket, body="Hello", user=ana)


def test_restricted_ticket_is_seen_by_its_team_and_admins_only(ana: User) -> None:
    """Three personas: a member of the team, another agent, an admin."""
    team = Team.objects.create(key="security", name="Security", restricted=True)
    member = User.objects.create(username="ilse")
    member.teams.add(team)
    admin = User.objects.create(username="root", is_superuser=True)
    ticket = make()
    act(tickets.restrict, ticket, team)
    assert [list(queries.visible_to(user)) for user in (member, ana, admin)] == [
        [ticket],
        [],
        [ticket],
    ]


def test_counts_follow_every_change_and_folding_loses_nothing(ana: User) -> None:
    """No page counts tickets: the deltas do."""
    one, two = make(1), make(2)
    act(tickets.assign, one, ana)
    act(tickets.set_category, one, "Question")
    act(tickets.close, two)
    newest = TicketEvent.objects.latest("pk").pk
    wanted = {"status:open": 1, "status:closed": 1, "category:Question": 1, f"owner:{ana.pk}": 1}
    wanted[f"channel:{one.channel_id}"] = 1
    wanted["newest_event"] = newest
    for _ in range(2):
        assert {key: n for key, n in counts_for(ana).items() if n} == wanted
        fold()


def test_trash_is_restored_to_the_status_it_had() -> None:
    """S28."""
    ticket = make()
    act(tickets.wait, ticket)
    act(tickets.trash, ticket)
    act(tickets.restore, ticket)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.waiting_on) == ("in_progress", "them")
