"""Many at once on the same few tickets: nothing is lost, nobody waits for ever, all is told."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.sla.models import Clock
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.counts import counts_for
from inbox.tickets.errors import VerbError
from inbox.tickets.models import ENDED, LIVE, Message, Status, Ticket, TicketCount, TicketEvent
from rig import desk

pytestmark = [
    pytest.mark.service,
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
]
THREADS, TICKETS = 6, 5  # a process has eight connections; this thread takes one
CATEGORIES = ("Bug", "Question", "Docs")


class Day:
    """Agents who all work on the same few tickets at once."""

    def __init__(self, rounds: int, seed: int = 7) -> None:
        self.rounds, self.seed = rounds, seed
        self.users = [desk.agent(name) for name in ("ana", "bo", "cai")]
        self.numbers = [desk.ticket(channel=desk.mailbox()).pk for _ in range(TICKETS)]
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.notes: list[str] = []
        self.tags: list[str] = []
        self.waits: list[float] = []
        self.mutex = threading.Lock()

    def run(self) -> None:
        """Everybody at once; what a thread raises fails the test."""
        share = self.rounds // THREADS + 1
        with ThreadPoolExecutor(THREADS) as pool:
            for future in [pool.submit(self._work, n, share) for n in range(THREADS)]:
                future.result()

    def _work(self, n: int, share: int) -> None:
        dice = random.Random(self.seed * 1000 + n)
        try:
            for step in range(share):
                self._one(dice, f"{n}-{step}")
        finally:
            connection.close()

    def _one(self, dice: random.Random, mark: str) -> None:
        name = dice.choice(list(MOVES))
        user = dice.choice(self.users)
        one, two = dice.sample(self.numbers, 2)
        begun = time.monotonic()
        try:
            with pipeline.change(Actor.user(user)):
                MOVES[name](self, one, two, mark, user, dice)
        except VerbError as error:
            with self.mutex:
                self.refused[type(error).__name__] += 1
            return
        with self.mutex:
            self.done[name] += 1
            self.waits.append(time.monotonic() - begun)
            if name == "note":
                self.notes.append(mark)
            if name == "tag":
                self.tags.append(mark)


def row(number: int) -> Ticket:
    """As a page read it, without a lock."""
    return Ticket.objects.get(pk=number)


MOVES: dict[str, Callable[..., Any]] = {
    "note": lambda d, a, b, m, u, r: tickets.add_note(row(a), body=f"note {m}", user=u),
    "reply": lambda d, a, b, m, u, r: tickets.reply(
        row(a), body=f"reply {m}", user=u, then=r.choice(["none", "wait", "close"])
    ),
    "stale": lambda d, a, b, m, u, r: tickets.reply(
        row(a), body=f"stale {m}", user=u, last_seen_message=row(a).last_message_id
    ),
    "assign": lambda d, a, b, m, u, r: tickets.assign(row(a), r.choice([*d.users, None])),
    "category": lambda d, a, b, m, u, r: tickets.set_category(row(a), r.choice(CATEGORIES)),
    "tag": lambda d, a, b, m, u, r: tickets.add_tags(row(a), [m]),
    "close": lambda d, a, b, m, u, r: tickets.close(row(a)),
    "reopen": lambda d, a, b, m, u, r: tickets.reopen(row(a)),
    "hold": lambda d, a, b, m, u, r: tickets.hold(row(a), reason=m),
    "merge": lambda d, a, b, m, u, r: tickets.merge(row(a), into=row(b)),
    "unmerge": lambda d, a, b, m, u, r: tickets.unmerge(
        Ticket.objects.filter(status=Status.MERGED).order_by("?").first() or row(a)
    ),
    "trash": lambda d, a, b, m, u, r: tickets.trash(row(a)),
    "restore": lambda d, a, b, m, u, r: tickets.restore(row(a)),
}  # fmt: skip


def check(day: Day) -> None:
    """What everybody did is there, once, and every count and event says the same."""
    _nothing_lost(day)
    _tickets_agree_with_their_messages()
    _events_tell_how_each_ticket_came_to_stand()
    _counts_agree()


def _nothing_lost(day: Day) -> None:
    written = Message.objects.filter(new_text__startswith="note ").values_list(
        "new_text", flat=True
    )
    assert sorted(written) == sorted(f"note {mark}" for mark in day.notes)
    sent = Message.objects.filter(direction="out", visibility="public").count()
    assert sent == day.done["reply"] + day.done["stale"]
    assert Message.objects.count() == TICKETS + len(day.notes) + sent
    # a tag is on the ticket it was put on, or on one that this was merged into
    told = TicketEvent.objects.filter(kind=kinds.TAGGED).values_list("data", flat=True)
    assert {tag for data in told for tag in data["tags"]} == set(day.tags)
    held = set(Ticket.objects.values_list("tags__name", flat=True)) - {None}
    assert held == set(day.tags)


def _tickets_agree_with_their_messages() -> None:
    assert not Message.objects.exclude(thread__ticket=F("ticket")).exists()
    for found in Ticket.objects.annotate(n=Count("messages")):
        assert found.message_count == found.n, found
        newest = found.messages.order_by("-pk").values_list("pk", flat=True).first()
        assert found.last_message_id == newest, found
        assert (found.status == Status.MERGED) == (found.merged_into_id is not None)
        if found.status == Status.MERGED:
            assert found.n == 0, found
    live = Clock.objects.filter(state__in=["running", "paused"])
    assert not live.filter(ticket__status__in=ENDED).exists()


def _events_tell_how_each_ticket_came_to_stand() -> None:
    """Replaying the events of a ticket gives the ticket: none is missing, none is doubled."""
    for found in Ticket.objects.all():
        status, waiting_on, category, owner = "open", "us", "", None
        for event in found.events.order_by("pk"):
            if event.kind == kinds.STATUS:
                assert event.data["from"] == status, (found, event.pk)
                status, waiting_on = event.data["to"], event.data["waiting_on"]
            elif event.kind == kinds.CATEGORY:
                assert event.data["from"] == category, (found, event.pk)
                category = event.data["to"]
            elif event.kind == kinds.ASSIGNED:
                owner = event.data["to"]
        told = (status, waiting_on, category, owner)
        name = found.owner.username if found.owner else None
        assert told == (found.status, found.waiting_on, found.category, name), found


def _counts_agree() -> None:
    admin = User(username="root", role="admin")
    counted = {k: n for k, n in counts_for(admin).items() if n and k.startswith("status:")}
    real = Counter(f"status:{s}" for s in Ticket.objects.values_list("status", flat=True))
    assert counted == dict(real)
    owned = {k: n for k, n in counts_for(admin).items() if n and k.startswith("owner:")}
    of = Ticket.objects.filter(status__in=LIVE).values_list("owner_id", flat=True)
    assert owned == dict(Counter(f"owner:{pk or ''}" for pk in of))
    assert TicketCount.objects.exists()


def _run(rounds: int) -> Day:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite lets one writer in at a time: there is nothing to see")
    desk.policy()
    day = Day(rounds)
    day.run()
    check(day)
    return day


def test_a_hundred_changes_at_once_lose_nothing() -> None:
    day = _run(100)
    assert sum(day.done.values()) > 40, (day.done, day.refused)


@pytest.mark.soak
def test_a_thousand_changes_at_once_lose_nothing() -> None:
    day = _run(1000)
    waits = sorted(day.waits)
    figures = {
        "done": sum(day.done.values()),
        "refused": sum(day.refused.values()),
        "p50_ms": round(waits[len(waits) // 2] * 1000),
        "p99_ms": round(waits[int(len(waits) * 0.99)] * 1000),
        "worst_ms": round(waits[-1] * 1000),
    }
    print(json.dumps({"name": "together", **figures}))  # noqa: T201 - what the run is for
