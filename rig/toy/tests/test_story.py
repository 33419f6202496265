"""From a line at Toybox to an answer in the same talk, closed on both sides; and its troubles."""

from typing import Any

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels.models import Delivery
from inbox.operations import draining
from inbox.outbox import effects
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig.desk import act, agent
from rig.toy.desk import connected, post
from rig.toy.fake import FakeToybox, event
from rig.vendor import Answer

pytestmark = pytest.mark.django_db


def drained() -> None:
    assert draining.drain(timeout_seconds=60)[1]


def asked(toybox: FakeToybox) -> Ticket:
    assert post(toybox, toybox.ask("mira", "Does it float?")) == 200
    drained()
    return Ticket.objects.get()


def test_a_line_is_answered_in_its_talk_and_closed_on_both_sides(toybox: FakeToybox) -> None:
    connected(toybox)
    row = asked(toybox)
    talk = toybox.talks["k1"]
    assert (row.subject, row.status) == ("Does it float?", "open")
    act(tickets.reply, row, body="Yes, it does.", user=agent("ana"), at=timezone.now())
    drained()
    assert [line["text"] for line in talk.lines] == ["Does it float?", "Yes, it does."]
    echo = event("line.created", id=talk.lines[1]["id"], talk=talk.id)
    assert (post(toybox, echo), post(toybox, echo)) == (200, 200)
    drained()
    assert Message.objects.count() == 2
    assert post(toybox, toybox.write(talk, "mira", "Thank you!")) == 200
    assert post(toybox, toybox.close(talk, "mira")) == 200
    drained()
    row.refresh_from_db()
    assert (row.status, row.message_count, Ticket.objects.count()) == ("closed", 3, 1)


def test_closing_here_closes_there(toybox: FakeToybox) -> None:
    connected(toybox)
    row = asked(toybox)
    act(tickets.close, row, at=timezone.now())
    row.refresh_from_db()
    act(effects.stand_there, row, closed=True, at=timezone.now())
    drained()
    assert toybox.talks["k1"].closed
    act(tickets.reopen, row, at=timezone.now())
    drained()
    assert not toybox.talks["k1"].closed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        ({"answer": Answer(429, {}, {"Retry-After": "1"})}, "sent"),
        ({"answer": Answer(500)}, "sent"),
        ({"drop": "before"}, "sent"),
        ({"drop": "after"}, "sent"),
        ({"answer": Answer(422, {"error": "no"})}, "failed"),
    ],
)
def test_an_answer_stands_there_once_whatever_happens(
    toybox: FakeToybox, trouble: dict[str, Any], state: str
) -> None:
    connected(toybox)
    row = asked(toybox)
    toybox.fail("/lines", **trouble)
    act(tickets.reply, row, body="Yes.", user=agent("ana"), at=timezone.now())
    drained()
    said = [line["text"] for line in toybox.talks["k1"].lines[1:]]
    assert (Outgoing.objects.get().state, said) == (state, ["Yes."] * (state == "sent"))


def test_a_line_that_cannot_be_asked_for_is_tried_again(toybox: FakeToybox) -> None:
    connected(toybox)
    toybox.fail("/lines", answer=Answer(503))
    assert post(toybox, toybox.ask("mira", "Does it float?")) == 200
    delivery = Delivery.objects.get()
    assert pipeline.process_delivery(delivery.pk) == "pending"
    Delivery.objects.update(not_before=None)
    drained()
    assert Ticket.objects.get().subject == "Does it float?"


def test_a_forged_webhook_is_refused(toybox: FakeToybox) -> None:
    connected(toybox)
    body = toybox.ask("mira", "Does it float?")
    toybox.signing_secret = "of somebody else"
    assert post(toybox, body) == 401
    assert not Delivery.objects.exists()
