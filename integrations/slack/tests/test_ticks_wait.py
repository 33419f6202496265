"""A tick waits as long as its closing can be taken back; what was taken back is never shown."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from inbox import pipeline
from inbox.bulk.models import BulkRun
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.tickets.models import Ticket
from integrations.slack.tests.conftest import asked, connected
from rig.desk import agent
from rig.slack import BOT_USER, FakeSlack

pytestmark = pytest.mark.django_db
TICKED = {"white_check_mark": [BOT_USER]}
BARE: dict[str, list[str]] = {"white_check_mark": []}


@pytest.fixture
def desk(db: None) -> Client:
    """Ana, signed in."""
    client = Client()
    client.force_login(agent("ana"))
    return client


def reactions(fake: FakeSlack) -> list[dict[str, list[str]]]:
    """What stands on each question."""
    return [post.reactions for post in fake.room("help").posts.values()]


def send_after(seconds: float) -> None:
    """Send what is due so much later."""
    at = timezone.now() + timedelta(seconds=seconds)
    for pk in sweep.due_outgoing(at):
        pipeline.deliver(pk, now=at)


def test_many_closed_at_once_are_ticked_once_that_cannot_be_undone(
    workspace: FakeSlack, desk: Client
) -> None:
    connected(workspace)
    rows = [asked(workspace, "help", n) for n in range(3)]
    form = {"ticket": [row.pk for row in rows], "do": "close:answered"}
    assert desk.post("/tickets/bulk/", form).status_code == 302
    assert set(Ticket.objects.values_list("status", flat=True)) == {"closed"}
    send_after(5)
    assert reactions(workspace) == [{}, {}, {}]
    send_after(11)
    assert reactions(workspace) == [TICKED] * 3


def test_a_closing_that_was_undone_in_time_was_never_seen_there(
    workspace: FakeSlack, desk: Client
) -> None:
    connected(workspace)
    rows = [asked(workspace, "help", n) for n in range(3)]
    desk.post("/tickets/bulk/", {"ticket": [row.pk for row in rows], "do": "close:answered"})
    desk.post(f"/undo/{BulkRun.objects.get().pk}/")
    assert set(Ticket.objects.values_list("status", flat=True)) == {"open"}
    assert not Outgoing.objects.exists()
    send_after(30)
    assert reactions(workspace) == [{}, {}, {}]


def test_what_is_ticked_already_loses_its_tick(workspace: FakeSlack, desk: Client) -> None:
    connected(workspace)
    row = asked(workspace, "help")
    desk.post("/tickets/bulk/", {"ticket": [row.pk], "do": "close:answered"})
    send_after(11)
    assert reactions(workspace) == [TICKED]
    desk.post(f"/undo/{BulkRun.objects.get().pk}/")
    send_after(11)
    assert reactions(workspace) == [BARE]


def test_closing_again_at_once_leaves_the_tick_where_it_is(
    workspace: FakeSlack, desk: Client
) -> None:
    connected(workspace)
    row = asked(workspace, "help")
    desk.post(f"/tickets/{row.pk}/close/", {"resolution": "answered"})
    send_after(11)
    sent = Outgoing.objects.count()
    desk.post(f"/tickets/{row.pk}/status/", {"status": "open"})
    desk.post(f"/tickets/{row.pk}/close/", {"resolution": "solved"})
    send_after(11)
    assert reactions(workspace) == [TICKED]
    assert Outgoing.objects.count() == sent
