"""The team's side of a bridged chat: the card in the fake Slack, and what is said under it."""

import json

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels.models import Channel, Fetch
from inbox.livechat.tests.conftest import Browser
from inbox.operations import fetching
from inbox.outbox.models import Outgoing
from integrations.slack.tests.conftest import connected, deliver, workspace
from rig.desk import agent
from rig.slack import FakeSlack
from rig.slack_api import Post, Room

__all__ = ["Browser", "workspace"]


@pytest.fixture
def room(workspace: FakeSlack, chat: Channel) -> Room:
    """#support, where chats are bridged to; Ana is on the team."""
    agent("ana")
    workspace.paced = False
    connected(workspace, watch="#help", bridge_channel="#support")
    return workspace.room("support")


def flush(*, rounds: int = 60) -> None:
    """Everything that leaves, leaves; spacing and retries are not waited for."""
    for _ in range(rounds):
        waiting = Outgoing.objects.exclude(state__in=["sent", "failed", "held"])
        waiting.update(not_before=timezone.now())
        ready = list(waiting.order_by("pk").values_list("pk", flat=True))
        if not ready:
            return
        for pk in ready:
            pipeline.deliver(pk)


def card_of(fake: FakeSlack, room: Room) -> Post:
    """The one card of the chat."""
    (card,) = (post for post in fake.posted(room.id) if not post.thread_ts)
    return card


def lines(fake: FakeSlack, room: Room) -> list[tuple[str, str]]:
    """(name, text) of what stands under the card."""
    card = card_of(fake, room)
    return [(post.extra.get("username", ""), post.text) for post in fake.posted(room.id, card.ts)]


def say(fake: FakeSlack, room: Room, who: str, text: str) -> str:
    """Somebody answers under the card."""
    card = card_of(fake, room)
    ts = fake.say(who, room.id, text, thread=card.ts)
    deliver(fake.envelope(fake.message_event(room.id, ts)))
    return ts


def react(
    fake: FakeSlack, room: Room, who: str, ts: str, emoji: str, *, added: bool = True
) -> None:
    """Somebody puts an emoji on a post, or takes it off."""
    deliver(fake.envelope(fake.react(who, room.id, ts, emoji, added=added)))


def edit(fake: FakeSlack, room: Room, ts: str, text: str) -> None:
    """Somebody changes what they said."""
    deliver(fake.envelope(fake.edit(room.id, ts, text)))


def shown(card: Post) -> str:
    """Everything that a card says."""
    return json.dumps(card.extra["blocks"], ensure_ascii=False)


def fetch_files() -> None:
    """Files that are still at Slack are fetched."""
    for pk in Fetch.objects.filter(state="pending").values_list("pk", flat=True):
        fetching.fetch(pk, now=timezone.now())


def whispers(fake: FakeSlack) -> list[tuple[str, str]]:
    """(to whom, what) of the hints that only one person sees."""
    return [(row["user"], row["text"]) for row in fake.whispers]
