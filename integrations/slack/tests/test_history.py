"""What was missed while the desk was away, and what is asked of Slack for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox.operations import draining, polling
from inbox.sla.models import Clock
from inbox.tickets.models import Attachment, Message, Reaction, Ticket
from integrations.slack import client, history
from integrations.slack.tests.conftest import asked, connected, deliver
from rig.desk import policy
from rig.slack import FakeSlack

pytestmark = pytest.mark.django_db


def missed(fake: FakeSlack, *, threads: int, count: int, since: datetime) -> None:
    """Threads with answers, over two hours, that nobody told the desk of."""
    for n in range(count):
        at = since.timestamp() + 7200 * (n + 1) / (count + 1)
        ts, thread = f"{at:.6f}", n % threads
        place = fake.room(("help", "general")[thread % 2]).id
        roots = sorted(
            (p.ts for p in fake.rooms[place].posts.values() if not p.thread_ts), key=float
        )
        mine = roots[thread // 2] if n >= threads else ""
        fake.say(
            f"U{thread:04d}" if not mine else "U0HELP", place, f"missed {n}", thread=mine, ts=ts
        )


def backfill(fake: FakeSlack, *, threads: int, count: int, **more: Any) -> None:
    for n in range(threads):
        fake.person(f"U{n:04d}", f"person{n}")
    channel = connected(fake)
    channel.policy = policy(first_response_amount=4, first_response_unit="hours")
    channel.save()
    since = timezone.now() - timedelta(hours=2)
    missed(fake, threads=threads, count=count, since=since)
    polling.poll_now("main", now=timezone.now(), since=since)
    assert draining.drain(timeout_seconds=600)[1]
    wanted = {p.ts: p.text for room in fake.rooms.values() for p in room.posts.values()}
    rows = Message.objects.values_list("external_id", "new_text")
    assert {key.rpartition("/")[2]: text for key, text in rows} == wanted
    assert Ticket.objects.count() == threads
    for clock in Clock.objects.filter(metric="first_response"):
        first = clock.ticket.messages.order_by("sent_at")[0]
        assert clock.started_at == first.sent_at
        assert clock.due_at == first.sent_at + timedelta(hours=4)


def test_backfill_restores_threads_and_their_clocks(workspace: FakeSlack) -> None:
    """Trust S12: as if they had come in time."""
    backfill(workspace, threads=8, count=60)


@pytest.mark.soak
def test_two_hours_offline_are_restored_inside_the_limits(workspace: FakeSlack) -> None:
    """500 messages in 60 threads, with Slack's tiers kept by the fake."""
    workspace.tiers = True
    backfill(workspace, threads=60, count=500)


def test_backfill_twice_changes_nothing_and_knows_what_came_by_itself(workspace: FakeSlack) -> None:
    connected(workspace)
    asked(workspace, "help")
    place = workspace.room("help").id
    (ts,) = workspace.rooms[place].posts
    workspace.react("U0HELP", place, ts, "tada")
    since = timezone.now() - timedelta(hours=1)
    for _ in range(2):
        polling.poll_now("main", now=timezone.now(), since=since)
        assert draining.drain(timeout_seconds=30)[1]
    assert Message.objects.count() == 1
    assert Reaction.objects.get().emoji == "tada"


def test_without_a_since_nothing_is_asked(workspace: FakeSlack) -> None:
    channel = connected(workspace)
    before = len(workspace.calls)
    assert history.backfill(channel.config, {}, lambda _: None) == {}
    assert len(workspace.calls) == before


def test_parent_that_came_before_us_is_fetched(workspace: FakeSlack) -> None:
    """Trust 37."""
    connected(workspace)
    place = workspace.room("help").id
    root = workspace.say("U0ADA", place, "an old question", ts="1700000000.000100")
    answer = workspace.say("U0HELP", place, "an answer", thread=root)
    deliver(workspace.envelope(workspace.message_event(place, answer)))
    row = Ticket.objects.get()
    assert (row.subject, row.asker and row.asker.name) == ("an old question", "ada")
    assert row.created_at == datetime.fromtimestamp(1700000000, UTC).replace(microsecond=100)
    assert list(row.messages.order_by("sent_at").values_list("role", flat=True)) == [
        "asker",
        "community",
    ]


def test_characters_that_no_database_keeps_are_left_out(workspace: FakeSlack) -> None:
    connected(workspace)
    place = workspace.room("help").id
    ts = workspace.say("U0ADA", place, "a\x00b \ud800 c \U0001f600")
    deliver(workspace.envelope(workspace.message_event(place, ts)))
    assert Message.objects.get().new_text == "ab ? c \U0001f600"


def test_files_are_fetched_with_the_token_and_only_from_slack(workspace: FakeSlack) -> None:
    """Trust 41."""
    channel = connected(workspace)
    place = workspace.room("help").id
    workspace.files["log.txt"] = b"a log"
    listed = [
        {
            "id": "F1",
            "name": "log.txt",
            "mimetype": "text/plain",
            "size": 5,
            "url_private": f"{workspace.url}/files/log.txt",
        },
        {
            "id": "F2",
            "name": "evil.txt",
            "mimetype": "text/plain",
            "size": 5,
            "url_private": "https://evil.example.org/x",
        },
    ]
    ts = workspace.say("U0ADA", place, "see it", files=listed)
    deliver(workspace.envelope(workspace.message_event(place, ts)))
    assert draining.drain(timeout_seconds=60)[1]
    rows = {a.filename: (a.is_missing, a.size, a.missing_reason) for a in Attachment.objects.all()}
    assert rows == {
        "log.txt": (False, 5, ""),
        "evil.txt": (True, 5, "the file lies on a host that is not Slack's"),
    }
    assert [c for c in workspace.calls if "evil" in c.path] == []
    assert channel.kind == "slack"


def test_channels_are_found_by_name_over_pages(workspace: FakeSlack) -> None:
    channel = connected(workspace)
    for n in range(450):
        workspace.room(f"room{n}")
    assert client.channel_id(channel.config, "#room449") == workspace.room("room449").id
    with pytest.raises(client.SlackError, match="there is no Slack channel #nowhere"):
        client.channel_id(channel.config, "nowhere")
