"""Answers leave exactly once whatever Slack does: limits, errors, lost connections, dead workers."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels.contract import DeliveryError, OutboundEffect, OutboundMessage
from inbox.operations import draining
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message
from integrations.slack import effects, outbound
from integrations.slack.tests.conftest import asked, connected
from rig import slack, worker
from rig.desk import act, agent
from rig.slack import BOT_USER, FakeSlack
from rig.vendor import Answer

pytestmark = pytest.mark.django_db


def answers(fake: FakeSlack) -> Counter[str]:
    """What the desk has posted, by text."""
    rooms = fake.rooms.values()
    return Counter(p.text for room in rooms for p in room.posts.values() if p.user == BOT_USER)


def test_answer_of_a_person_carries_name_picture_and_marker(workspace: FakeSlack) -> None:
    """S68."""
    connected(workspace)
    row = asked(workspace, "help")
    act(tickets.reply, row, body="**Yes** <!channel>", user=agent("ana"), at=timezone.now())
    assert draining.drain(timeout_seconds=20)[1]
    (post,) = workspace.posted(workspace.room("help").id)
    assert post.text == "*Yes* &lt;!channel&gt;"
    assert post.extra["username"] == "Ana"
    sent = Outgoing.objects.get(kind="reply")
    assert post.extra["metadata"]["event_payload"]["outbox_id"] == sent.idempotency_key
    message = Message.objects.get(direction="out")
    assert message.external_id == f"{slack.TEAM}/{workspace.room('help').id}/{post.ts}"


def test_long_answer_is_several_posts_and_what_is_there_is_not_posted_again(
    workspace: FakeSlack,
) -> None:
    connected(workspace)
    row = asked(workspace, "help")
    body = "\n\n".join(f"paragraph {n} " + "x" * 700 for n in range(12))
    act(tickets.reply, row, body=body, user=agent("ana"), at=timezone.now())
    sent = Outgoing.objects.get(kind="reply")
    workspace.fail("chat.postMessage", times=1, answer=Answer(503, b""))
    draining.drain(timeout_seconds=40)
    posts = workspace.posted(workspace.room("help").id)
    assert "\n\n".join(post.text for post in posts) == body
    sent.refresh_from_db()
    assert sent.state == "sent"


@pytest.mark.parametrize(
    ("trouble", "state", "posts"),
    [
        ({"answer": Answer(429, {"ok": False}, {"Retry-After": "1"})}, "sent", 1),
        ({"answer": Answer(500, b"")}, "uncertain", 0),
        ({"drop": "after"}, "uncertain", 1),
        ({"drop": "before"}, "uncertain", 0),
        ({"answer": Answer(200, {"ok": False, "error": "is_archived"})}, "failed", 0),
        (
            {
                "answer": Answer(
                    200, {"ok": False, "error": "missing_scope", "needed": "chat:write"}
                )
            },
            "failed",
            0,
        ),
    ],
)
def test_trouble_is_told_apart(
    workspace: FakeSlack, trouble: dict[str, Any], state: str, posts: int
) -> None:
    connected(workspace)
    row = asked(workspace, "help")
    workspace.fail("chat.postMessage", **trouble)
    act(tickets.reply, row, body="Yes.", user=agent("ana"), at=timezone.now())
    sent = Outgoing.objects.get(kind="reply")
    if state == "uncertain":
        assert pipeline.deliver(sent.pk) == "uncertain"
        assert sum(answers(workspace).values()) == posts
    assert draining.drain(timeout_seconds=60)[1]
    sent.refresh_from_db()
    final = "sent" if state in ("uncertain", "sent") else "failed"
    assert (sent.state, sum(answers(workspace).values())) == (final, final == "sent")


def test_a_bot_that_is_not_in_the_channel_joins_once(workspace: FakeSlack) -> None:
    connected(workspace)
    row = asked(workspace, "help")
    workspace.room("help").is_member = False
    act(tickets.reply, row, body="Yes.", user=agent("ana"), at=timezone.now())
    assert draining.drain(timeout_seconds=20)[1]
    assert workspace.room("help").is_member
    assert answers(workspace) == {"Yes.": 1}


def test_effects_that_are_done_already_are_done(workspace: FakeSlack) -> None:
    channel = connected(workspace)
    ts = workspace.say("U0ADA", workspace.room("help").id, "hi")
    target = f"{slack.TEAM}/{workspace.room('help').id}/{ts}"
    for kind in ("react", "react", "unreact", "unreact"):
        wanted = OutboundEffect(
            kind=kind, idempotency_key="k", data={"target": target, "emoji": "white_check_mark"}
        )
        effects.effect(wanted, channel.config)
    assert workspace.room("help").posts[ts].reactions == {"white_check_mark": []}
    with pytest.raises(DeliveryError):
        effects.effect(OutboundEffect(kind="sing", idempotency_key="k", data={}), channel.config)


def test_closing_ticks_the_thread_and_reopening_takes_the_tick_off(workspace: FakeSlack) -> None:
    """S8, idempotent both ways."""
    connected(workspace)
    row = asked(workspace, "help")
    act(tickets.close, row, at=timezone.now())
    assert draining.drain(timeout_seconds=20)[1]
    (post,) = workspace.room("help").posts.values()
    assert post.reactions == {"white_check_mark": [BOT_USER]}
    act(tickets.reopen, row, at=timezone.now())
    assert draining.drain(timeout_seconds=20)[1]
    assert post.reactions == {"white_check_mark": []}


def test_nothing_is_looked_for_where_nothing_was_sent(workspace: FakeSlack) -> None:
    channel = connected(workspace)
    ts = workspace.say("U0ADA", workspace.room("help").id, "hi")
    message = OutboundMessage(
        idempotency_key="message:1",
        external_id="",
        thread_key=f"{workspace.room('help').id}/{ts}",
        text="Yes.",
        created_at=timezone.now(),
    )
    assert outbound.find_sent(message, channel.config) is None
    outbound.send(message, channel.config)
    found = outbound.find_sent(message, channel.config)
    assert found is not None
    assert found.external_id.endswith(workspace.posted(workspace.room("help").id)[0].ts)


# ------------------------------------------------------------------ many


def storm(env: dict[str, str], folder: Path, fake: FakeSlack, *, count: int, kills: int) -> None:
    """Many answers in a few channels under every kind of trouble, with workers killed."""
    connected(fake)
    rows = [asked(fake, f"room{n % 5}", n) for n in range(count)]
    ana = agent("ana")
    fake.paced = True
    for n, row in enumerate(rows):
        act(tickets.reply, row, body=f"answer {n}", user=ana, at=timezone.now())
    fake.fail("chat.postMessage", times=count // 20, answer=Answer(429, {}, {"Retry-After": "1"}))
    fake.fail("chat.postMessage", times=count // 20, answer=Answer(500, b""))
    fake.fail("chat.postMessage", times=count // 20, drop="after")
    fake.fail("chat.postMessage", times=count // 20, drop="before")
    allowed = {**env, "OUTBOUND_ALLOW": fake.url.removeprefix("http://")}
    for n in range(kills):
        process = worker.manage(allowed, "drain", log=folder / f"d{n}.log")
        with pytest.raises(Exception, match="timed out"):
            process.popen.wait(4 + n % 3)
        process.kill()
    lost = Outgoing.objects.filter(state__in=["sending", "uncertain"])
    lost.update(lease_until=timezone.now() - timedelta(seconds=1))
    last = worker.manage(allowed, "drain", "--timeout", "900", log=folder / "last.log")
    assert last.popen.wait(920) == 0
    assert answers(fake) == {f"answer {n}": 1 for n in range(count)}
    assert set(Outgoing.objects.values_list("state", flat=True)) == {"sent"}
    for room in fake.rooms.values():
        order = [int(p.text.split()[1]) for p in fake.posted(room.id)]
        assert order == sorted(order)


@pytest.mark.service
@pytest.mark.slow
def test_answers_leave_once_and_in_order(
    process_env: dict[str, str], tmp_path: Path, workspace: FakeSlack
) -> None:
    """The short form."""
    storm(process_env, tmp_path, workspace, count=20, kills=1)


@pytest.mark.service
@pytest.mark.soak
def test_two_hundred_answers_leave_once_and_in_order(
    process_env: dict[str, str], tmp_path: Path, workspace: FakeSlack
) -> None:
    """The promised form."""
    storm(process_env, tmp_path, workspace, count=200, kills=4)
