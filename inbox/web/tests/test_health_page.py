"""The health page and the banner: what is unplugged, since when, and what to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from inbox.channels import directory, registry
from inbox.channels.contract import Capability
from inbox.channels.health import WELL, ill
from inbox.channels.models import Channel, Delivery
from inbox.common.models import Heartbeat
from inbox.operations import beating, health
from inbox.outbox.models import Outgoing
from inbox.tasks import sweep_overdue
from inbox.tickets import services as tickets
from inbox.webhooks.models import Webhook
from rig.desk import act, agent, mailbox, ticket

pytestmark = pytest.mark.django_db


def client_of(role: str) -> Client:
    client = Client()
    client.force_login(agent("ana", role=role))
    return client


def delivered(channel: Channel, key: str, **fields: Any) -> Delivery:
    """Something that came in."""
    values = {"body": b"x", "state": "done", "received_at": timezone.now(), **fields}
    return Delivery.objects.create(channel=channel, dedupe_key=key, **values)


def break_it(channel: Channel, text: str) -> None:
    Channel.objects.filter(pk=channel.pk).update(**ill(text))
    directory.forget()


@pytest.mark.parametrize(("role", "status"), [("agent", 200), ("light", 404), ("viewer", 404)])
def test_agents_and_admins_read_it(role: str, status: int) -> None:
    assert client_of(role).get("/health/").status_code == status


def test_an_unplugged_channel_is_said_everywhere_until_it_works() -> None:
    channel, other = mailbox(), mailbox("jobs")
    row, elsewhere = ticket(channel=channel), ticket(channel=other)
    boss = client_of("admin")
    paths = ("/queue/", f"/tickets/{row.pk}/", "/health/")
    for path in paths:
        assert "is unplugged" not in boss.get(path).content.decode()
    break_it(channel, "the password is refused")
    for path in paths:
        page = boss.get(path).content.decode()
        assert "email/support is unplugged since <time" in page
        assert "The password is refused." in page
        assert 'href="/channels/email/support/">Plug in again' in page
    assert "is unplugged" not in boss.get(f"/tickets/{elsewhere.pk}/").content.decode()
    Channel.objects.update(**WELL)
    directory.forget()
    assert "is unplugged" not in boss.get("/queue/").content.decode()


def test_it_is_unplugged_since_the_first_failure() -> None:
    channel = mailbox()
    break_it(channel, "first")
    channel.refresh_from_db()
    since = channel.health_since
    assert since is not None
    break_it(channel, "second")
    channel.refresh_from_db()
    assert (channel.health_since, channel.health_text) == (since, "second")


def test_what_waits_and_what_failed_is_counted_by_channel() -> None:
    now = timezone.now()
    channel = mailbox()
    early = now - timedelta(minutes=20)
    delivered(channel, "1", state="pending", received_at=early)
    delivered(channel, "2", state="pending")
    delivered(channel, "3", state="failed")
    delivered(channel, "4", state="failed", received_at=now - timedelta(days=2))
    row = ticket(channel=channel)
    act(tickets.reply, row, body="Hello", user=agent("ana"), at=early)
    Outgoing.objects.update(error="Slow down please")
    (line,) = health.lines(now)
    assert (line.coming.n, line.leaving.n, line.failed, line.oldest) == (2, 1, 1, early)
    assert (line.state, line.says) == ("slow", "2 of what has come in waits.")
    Delivery.objects.filter(state="pending").delete()
    (line,) = health.lines(now)
    assert line.says == "1 of what should leave waits. Last answer: Slow down please."


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "quiet"),
        ({"last_in_at": "now"}, "ok"),
        ({"active": False}, "off"),
        ({"active": False, "health": "error"}, "unplugged"),
        ({"last_in_at": "now", "next_poll_at": "late"}, "slow"),
    ],
)
def test_a_channel_is_judged(values: dict[str, Any], state: str) -> None:
    now = timezone.now()
    words = {"now": now, "late": now - timedelta(minutes=6)}
    mailbox(**{name: words.get(value, value) for name, value in values.items()})
    assert [line.state for line in health.lines(now)] == [state]


def test_a_connection_that_brings_no_messages_is_not_called_quiet() -> None:
    """A job board, a calendar of duties: nobody could write to it."""
    silent = [k for k in registry.all_kinds().values() if Capability.REPLY not in k.capabilities]
    assert silent
    for kind in silent:
        Channel.objects.create(kind=kind.kind, key="main")
    directory.forget()
    assert {(line.state, line.do) for line in health.lines(timezone.now())} == {("ok", "")}


def test_worker_and_scheduler_are_seen_by_their_beats() -> None:
    now = timezone.now()
    assert health.processes(now)[0].state == "unplugged"
    sweep_overdue()
    engine = health.processes(timezone.now())[0]
    assert (engine.state, engine.says.split(",")[0]) == ("ok", "1 worker at work")
    late = timezone.now() + timedelta(minutes=2)
    assert health.processes(late)[0].state == "unplugged"
    beating.forget(now=now + timedelta(days=2))
    assert Heartbeat.objects.count() == 0


def test_a_stopped_webhook_is_said() -> None:
    Webhook.objects.create(
        label="x", url="https://example.com/", stopped_because="gone", state="off"
    )
    said = health.processes(timezone.now())[-1]
    assert (said.name, said.says) == ("Webhooks", "One webhook was stopped.")


@pytest.mark.parametrize("count", [1, 12])
def test_it_costs_the_same_with_any_number_of_channels(
    count: int, django_assert_num_queries: Any
) -> None:
    for n in range(count):
        delivered(mailbox(f"box{n}"), "1", state="pending")
    boss = client_of("admin")
    boss.get("/health/")
    with django_assert_num_queries(15):
        page = boss.get("/health/").content.decode()
    assert page.count("1 in") == count


def test_nothing_connected_says_what_to_do() -> None:
    assert "Plug in your first channel" in client_of("admin").get("/health/").content.decode()
