"""Blocked senders: what they write is spam before anybody or anything hears of it."""

import pytest

from inbox import pipeline
from inbox.common.work import Actor
from inbox.guard import services as guard
from inbox.guard.models import Block
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import PRESET, arrive
from inbox.notify.models import Notice
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity
from inbox.routing.models import RuleTrace
from inbox.sla.models import Clock
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Ticket
from rig import desk

pytestmark = pytest.mark.django_db


def mail(sender: str, n: int, *, answers: int = 0) -> bytes:
    ref = f"In-Reply-To: <{answers}@pest.example>\r\n" if answers else ""
    return (
        f"From: {sender}\r\nTo: support@example.com\r\nSubject: Invoice attached\r\n"
        f"Message-ID: <{n}@pest.example>\r\n{ref}\r\nPlease pay.\r\n"
    ).encode()


def block(kind: str, value: str) -> Block:
    return desk.act(guard.block, kind, value, by=None)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("address", "Bad@Mail.Pest.example"),
        ("domain", "pest.example"),
        ("domain", "mail.pest.example"),
    ],
)
def test_blocked_mail_is_filed_as_spam_silently(kind: str, value: str) -> None:
    """L21: kept, and nothing follows: no rule, clock, owner, notice or answer."""
    load(PRESET.read_text())
    block(kind, value)
    arrive(mail("bad@mail.pest.example", 1))
    row = Ticket.objects.get()
    assert (row.status, row.message_count, row.owner) == ("spam", 1, None)
    for model in (RuleTrace, Clock, Notice, Outgoing):
        assert not model._default_manager.exists(), model
    assert Block.objects.get().hits == 1
    arrive(mail("bad@mail.pest.example", 2, answers=1))
    row.refresh_from_db()
    assert (row.status, row.message_count) == ("spam", 2)


def test_others_are_heard_and_what_was_unblocked_is_again() -> None:
    load(PRESET.read_text())
    entry = block("domain", "pest.example")
    arrive(mail("good@notpest.example", 1))
    assert Ticket.objects.get().status == "open"
    desk.act(guard.unblock, entry)
    arrive(mail("bad@pest.example", 2))
    assert set(Ticket.objects.values_list("status", flat=True)) == {"open"}


def test_an_open_ticket_of_somebody_blocked_since_goes_to_spam_with_their_next_word() -> None:
    load(PRESET.read_text())
    arrive(mail("bad@pest.example", 1))
    block("address", "bad@pest.example")
    arrive(mail("bad@pest.example", 2, answers=1))
    assert Ticket.objects.get().status == "spam"
    assert not Clock.objects.filter(state__in=["running", "paused"]).exists()


def test_nobody_blocks_one_of_us_or_the_domain_of_everybody() -> None:
    who = Identity.objects.get(pk=desk.asker("mate").pk)
    who.user = desk.agent("mate")
    who.save()
    row = desk.ticket(who=who)
    with pytest.raises(VerbError, match="one of us"), pipeline.change(Actor.system("test")):
        guard.block_sender(row, by=None)
    with pytest.raises(VerbError, match="Too many people"):
        block("domain", "gmail.com")
    assert not Block.objects.exists()
