"""Interviews: whoever was not invited after all is on no list."""

from datetime import timedelta

import pytest

from inbox.community import interviews, referring
from inbox.community.models import Referral
from inbox.community.records import Interview
from inbox.outbox import deciding
from inbox.outbox.models import Outgoing
from rig.desk import NOW, act, agent, ticket

pytestmark = pytest.mark.django_db


def test_an_invitation_that_was_taken_back_invited_nobody() -> None:
    row, ana = ticket(), agent("ana")
    begun = act(interviews.begin, row.asker.contact, about="Met them", held_at=None, user=ana)  # type: ignore[union-attr]  # it was just made
    act(interviews.invite, row, body="A talk?", about="WAL", user=ana, delay_seconds=10)
    assert Interview.objects.count() == 2
    act(deciding.undo, Outgoing.objects.get(), at=NOW + timedelta(seconds=5))
    assert Interview.objects.get() == begun


def test_a_product_call_puts_the_use_case_on_products_list_once() -> None:
    row, told, ana = ticket(), ticket(), agent("ana")
    act(interviews.invite, row, body="A talk?", about="WAL at a bank", user=ana)
    act(interviews.invite, ticket(), body="Your story?", about="WAL", user=ana, is_story=True)
    act(referring.refer, told, why="third company")
    act(interviews.invite, told, body="A talk?", about="WAL", user=ana)
    assert [(one.ticket_id, one.reason) for one in Referral.objects.order_by("pk")] == [
        (row.pk, "WAL at a bank"), (told.pk, "third company"),
    ]  # fmt: skip
