"""Merging and its way back: chains, what came along, what somebody changed since."""

import random
from collections import Counter

import pytest

from inbox.loop import services as loop
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Message, Status, Thread, Ticket
from rig import desk

pytestmark = pytest.mark.django_db
PAGE = "https://docs.example.com/slots"


def row(number: int) -> Ticket:
    return Ticket.objects.get(pk=number)


def stands(number: int) -> tuple[str, str, int]:
    found = row(number)
    return found.status, found.waiting_on, found.message_count


def test_the_middle_of_a_chain_is_no_hindrance() -> None:
    """A into B, B into C: A comes back alone, then B without A's."""
    a, b, c = (desk.ticket().pk for _ in range(3))
    desk.act(tickets.merge, row(a), into=row(b))
    desk.act(tickets.merge, row(b), into=row(c))
    assert stands(c) == ("open", "us", 3)
    desk.act(tickets.unmerge, row(a))
    assert (stands(a), stands(b)[0], stands(c)) == (("open", "us", 1), "merged", ("open", "us", 2))
    desk.act(tickets.unmerge, row(b))
    assert (stands(b), stands(c)) == (("open", "us", 1), ("open", "us", 1))


def test_both_stand_as_before_and_links_tags_and_owner_go_back() -> None:
    one, two = desk.ticket(), desk.ticket()
    desk.act(tickets.add_tags, one, ["wal", "urgent"])
    desk.act(tickets.add_tags, two, ["wal"])
    desk.act(tickets.assign, one, desk.agent("noor"))
    desk.act(loop.add_link, one, url=PAGE)
    desk.act(tickets.close, two, resolution="solved")
    desk.act(tickets.merge, one, into=two)
    assert stands(two.pk) == ("open", "us", 2)
    assert [link.url for link in row(two.pk).links.all()] == [PAGE]
    desk.act(tickets.unmerge, row(one.pk))
    found = row(two.pk)
    assert (found.status, found.resolution, found.owner, found.links.count()) == (
        "closed",
        "solved",
        None,
        0,
    )
    assert list(found.tags.values_list("name", flat=True)) == ["wal"]
    assert (stands(one.pk)[0], row(one.pk).links.count()) == ("open", 1)


def test_what_was_changed_since_stays() -> None:
    one, two, bo = desk.ticket(), desk.ticket(), desk.agent("bo")
    desk.act(tickets.assign, one, desk.agent("noor"))
    desk.act(tickets.merge, one, into=two)
    desk.act(tickets.assign, two, bo)
    desk.act(tickets.unmerge, row(one.pk))
    assert row(two.pk).owner == bo


def test_whoever_wrote_since_waits_for_us_when_the_merge_is_undone() -> None:
    one, two = desk.ticket(), desk.ticket()
    thread = one.threads.get()
    desk.act(tickets.wait, one)
    desk.act(tickets.merge, one, into=two)
    desk.act(tickets.unmerge, row(one.pk))
    assert stands(one.pk) == ("in_progress", "them", 1)
    desk.act(tickets.merge, row(one.pk), into=two)
    assert Thread.objects.get(pk=thread.pk).ticket_id == two.pk
    late = desk.act(
        tickets.add_message,
        row(two.pk),
        Thread.objects.get(pk=thread.pk),
        direction="in",
        visibility="public",
        role="asker",
        external_id="<late>",
        sent_at=desk.NOW,
        at=desk.NOW.replace(hour=11),
    )
    assert late.ticket_id == two.pk
    desk.act(tickets.unmerge, row(one.pk))
    assert stands(one.pk) == ("open", "us", 2)


def test_a_merged_ticket_is_written_on_and_opened_only_by_undoing() -> None:
    one, two = desk.ticket(), desk.ticket()
    desk.act(tickets.merge, one, into=two)
    for verb, given in (
        (tickets.reopen, {}),
        (tickets.add_note, {"body": "hello"}),
        (tickets.split, {"message_ids": [1]}),
    ):
        with pytest.raises(NotAllowed):
            desk.act(verb, row(one.pk), **given)
    with pytest.raises(VerbError):
        desk.act(tickets.merge, two, into=row(one.pk))


def test_whatever_is_merged_and_undone_every_message_stays_once_in_its_own_thread() -> None:
    """Forty random merges and ways back on six tickets, then everything undone."""
    dice = random.Random(11)
    numbers = [desk.ticket().pk for _ in range(6)]
    home = dict(Thread.objects.values_list("pk", "ticket_id"))
    all_of = Counter(Message.objects.values_list("external_id", flat=True))
    for _ in range(40):
        one, two = dice.sample(numbers, 2)
        try:
            if row(one).status == Status.MERGED:
                desk.act(tickets.unmerge, row(one))
            else:
                desk.act(tickets.merge, row(one), into=row(two))
        except VerbError:
            continue
        assert Counter(Message.objects.values_list("external_id", flat=True)) == all_of
    while left := list(Ticket.objects.filter(status=Status.MERGED)):
        desk.act(tickets.unmerge, left[0])
    assert dict(Thread.objects.values_list("pk", "ticket_id")) == home
    assert {stands(number)[2] for number in numbers} == {1}


def test_what_is_split_off_is_answered_in_the_conversation_it_came_from() -> None:
    """L10: every message keeps its route; the vendor knows nothing of our tickets."""
    one = desk.ticket()
    key = one.threads.get().thread_key
    message = desk.writes(one, desk.asker(), role="community", at=desk.NOW)
    fresh = desk.act(tickets.split, one, [message.pk])
    desk.act(tickets.reply, fresh, body="An answer", user=desk.agent("noor"))
    assert Outgoing.objects.get().payload["thread_key"] == key
    assert fresh.threads.get().thread_key != key
