"""Socket Mode: stored before it is acknowledged, connected again when the connection ends."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection

from inbox.actions import listening
from inbox.channels.models import Delivery
from inbox.operations import draining
from inbox.tickets.models import Ticket
from integrations.slack import socket
from integrations.slack.tests.conftest import connected
from rig import slack_api
from rig.desk import agent
from rig.slack import TEAM, FakeSlack
from rig.slack_socket import SlackSocket, slack_socket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.service]


@pytest.fixture
def link(workspace: FakeSlack, settings: object) -> Iterator[SlackSocket]:
    """The desk, listening."""
    if connection.vendor != "postgresql":
        pytest.skip("threads need a server's database")
    with slack_socket() as made:
        hosts = (workspace.url, made.url.removesuffix("/link"))
        allowed = ",".join(url.partition("://")[2] for url in hosts)
        settings.OUTBOUND_ALLOW = allowed  # type: ignore[attr-defined]  # pytest-django's wrapper
        workspace.socket_url = made.url
        connected(workspace, app_token=slack_api.APP_TOKEN)
        over = threading.Event()
        threads = listening.start(over.is_set)
        assert len(threads) == 1
        yield made
        over.set()
        threads[0].join(10)


def test_events_and_commands_come_over_the_socket(link: SlackSocket, workspace: FakeSlack) -> None:
    agent("ana")
    place = workspace.room("help").id
    ts = workspace.say("U0ADA", place, "over the socket?")
    event = workspace.envelope(workspace.message_event(place, ts))
    link.hand("events_api", event)
    assert Delivery.objects.count() == 1
    link.hand("events_api", event)
    assert Delivery.objects.count() == 1
    assert draining.drain(timeout_seconds=20)[1]
    row = Ticket.objects.get()
    asked = {"team_id": TEAM, "user_id": "U0ANA", "command": "/desk", "channel_id": place}
    said = link.hand(
        "slash_commands", {**asked, "text": f"claim {row.pk}", "trigger_id": "1"}, answers=True
    )
    assert said["text"] == f"#{row.pk} is yours."
    pressed = {
        "type": "block_actions",
        "user": {"id": "U0ANA", "team_id": TEAM},
        "team": {"id": TEAM},
        "trigger_id": "2",
        "actions": [{"action_id": "desk_close", "value": str(row.pk)}],
    }
    link.hand("interactive", pressed)
    row.refresh_from_db()
    assert (row.status, row.owner and row.owner.username) == ("closed", "ana")


def test_a_connection_that_ends_is_made_again(link: SlackSocket, workspace: FakeSlack) -> None:
    link.wait(lambda: link.greeted == 1)
    link.drop()
    link.wait(lambda: link.greeted == 2)
    place = workspace.room("help").id
    ts = workspace.say("U0ADA", place, "still there?")
    link.hand("events_api", workspace.envelope(workspace.message_event(place, ts)))
    assert Delivery.objects.count() == 1


def test_greetings_are_no_requests() -> None:
    assert socket.request_of({"type": "hello"}) is None
    assert socket.request_of({"type": "new", "payload": {}}) is None
