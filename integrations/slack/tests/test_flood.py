"""Messages, edits, deletions and reactions in disorder, under kills: the fake's own truth remains."""

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from inbox.operations.tests.test_delivery_guarantees import settle
from inbox.tickets.models import Message, Reaction, Thread, Ticket
from integrations.slack.tests.conftest import connected
from rig import worker
from rig.slack import TEAM, FakeSlack, disorder

BEGIN = 1_780_000_000
STEP = 37.25  # seconds from one message to the next: some first messages are neighbours
EMOJI = ("eyes", "white_check_mark", "tada")


def story(fake: FakeSlack, count: int, dice: random.Random) -> list[dict[str, Any]]:
    """What happened in the workspace, told by its events; the fake keeps the truth."""
    rooms = [fake.room(name).id for name in ("help", "general", "contributing")]
    people = [fake.person(f"U{n:04d}", f"person{n}") for n in range(25)]
    roots: list[tuple[str, str]] = []
    events: list[dict[str, Any]] = []
    for n in range(count):
        ts = f"{BEGIN + n * STEP:.6f}"
        user, answers = dice.choice(people), bool(roots) and dice.random() < 0.6
        place, thread = dice.choice(roots[-12:]) if answers else (dice.choice(rooms), "")
        fake.say(user, place, f"message {n} of <@{user}>", thread=thread, ts=ts)
        events.append(fake.message_event(place, ts))
        if not answers:
            roots.append((place, ts))
        if dice.random() < 0.2:
            events += [
                fake.edit(place, ts, f"message {n}, edited {version}")
                for version in range(dice.randint(1, 3))
            ]
        if answers and dice.random() < 0.1:
            events.append(fake.delete(place, ts))
        if dice.random() < 0.3:
            who, emoji = dice.choice(people), dice.choice(EMOJI)
            states = (True, False, True)[: dice.randint(1, 3)]
            events += [fake.react(who, place, ts, emoji, added=added) for added in states]
        if dice.random() < 0.05:
            events.append({**fake.message_event(place, ts), "type": "app_mention"})
    return events


def groups(fake: FakeSlack) -> set[frozenset[str]]:
    """Threads that belong together: first messages of one person, two minutes apart at most."""
    found: set[frozenset[str]] = set()
    for room in fake.rooms.values():
        rows: dict[str, list[float]] = {}
        for post in sorted(room.posts.values(), key=lambda p: float(p.ts)):
            if not post.thread_ts:
                rows.setdefault(post.user, []).append(float(post.ts))
        for times in rows.values():
            group = [times[0]]
            for before, now in pairwise(times):
                if now - before > 120:
                    found.add(frozenset(f"{room.id}/{ts:.6f}" for ts in group))
                    group = []
                group.append(now)
            found.add(frozenset(f"{room.id}/{ts:.6f}" for ts in group))
    return found


def assert_truth(fake: FakeSlack) -> None:
    """Texts, deletions, reactions, threads and tickets are what the fake says they are."""
    wanted, ticks = {}, set()
    for room in fake.rooms.values():
        for post in room.posts.values():
            key = f"{TEAM}/{room.id}/{post.ts}"
            text = post.text.replace(f"<@{post.user}>", f"@{fake.people[post.user]['name']}")
            wanted[key] = ("" if post.deleted else text, post.deleted)
            for emoji, users in post.reactions.items():
                ticks |= {(key, emoji, user) for user in users}
    rows = Message.objects.values_list("external_id", "new_text", "deleted_at")
    found = {key: (text, deleted is not None) for key, text, deleted in rows}
    assert {
        key: (found.get(key), value) for key, value in wanted.items() if found.get(key) != value
    } == {}
    assert len(found) == len(wanted)
    active = Reaction.objects.filter(active=True)
    assert set(active.values_list("message_key", "emoji", "author__external_id")) == ticks
    by_ticket: dict[int, set[str]] = {}
    for number, key in Thread.objects.values_list("ticket_id", "thread_key"):
        by_ticket.setdefault(number, set()).add(key)
    assert {frozenset(keys) for keys in by_ticket.values()} == groups(fake)
    assert set(by_ticket) == set(
        Ticket.objects.exclude(status="merged").values_list("pk", flat=True)
    )


def _offer(fake: FakeSlack, body: dict[str, Any]) -> int:
    """As Slack does: some come with the mark of a retry, which says nothing of their worth."""
    named = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
    retried = int(body["event_id"][2:]) % 7 == 0
    return fake.post(body, headers=named if retried else {})[0]


def flood(env: dict[str, str], folder: Path, fake: FakeSlack, *, count: int, kills: int) -> None:
    """Offer everything shuffled, a fifth twice under other ids, while workers are killed."""
    dice = random.Random(count)
    events = story(fake, count, dice)
    allowed = {**env, "OUTBOUND_ALLOW": fake.url.removeprefix("http://")}
    connected(fake)
    site = worker.start_web(allowed, log=folder / "web.log")
    fake.hook = f"{site.url}/hooks/slack/main/"
    running = [worker.start_worker(allowed, log=folder / f"w{n}.log", name=f"w{n}") for n in (0, 1)]
    try:
        offers = [fake.envelope(event) for event in disorder(events, dice)]
        cut = len(offers) // (kills + 1) + 1
        with ThreadPoolExecutor(8) as pool:
            for n in range(kills + 1):
                part = offers[n * cut : (n + 1) * cut]
                answers = list(pool.map(partial(_offer, fake), part))
                assert set(answers) == {200}
                if n < kills:
                    running[n % 2].kill()
                    log = folder / f"r{n}.log"
                    running[n % 2] = worker.start_worker(allowed, log=log, name=f"r{n}")
        settle(15)
    finally:
        fake.hook = ""
        for process in [*running, site.process]:
            process.stop()
    assert_truth(fake)


@pytest.mark.service
@pytest.mark.slow
def test_disorder_and_kills_leave_the_truth(
    process_env: dict[str, str], tmp_path: Path, workspace: FakeSlack
) -> None:
    """L13, trust 33–36: the short form."""
    flood(process_env, tmp_path, workspace, count=120, kills=1)


@pytest.mark.service
@pytest.mark.soak
def test_two_thousand_messages_in_disorder_under_three_kills(
    process_env: dict[str, str], tmp_path: Path, workspace: FakeSlack
) -> None:
    """The promised form."""
    flood(process_env, tmp_path, workspace, count=2000, kills=3)
