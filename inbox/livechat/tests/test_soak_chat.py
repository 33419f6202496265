"""Hundreds of open widgets and tens of desks, while web, worker and Redis are killed.

`SOAK_CHAT_SECONDS` is the length, `SOAK_CHAT_RATE` how many lines visitors write a second. The
figures go to the output as one JSON line; what is asserted is that nothing is lost, doubled or out
of order, and that memory stays flat.
"""

import asyncio
import json
import os
import random
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from inbox.channels.models import Delivery
from inbox.common.config import change_setting
from inbox.livechat.models import Conversation
from inbox.operations.connecting import connect
from inbox.tickets.models import Direction, Message, Ticket, TicketEvent
from rig import gauge, ports, worker
from rig import redis as redis_rig
from rig.chatload import Desk, Load, Widget
from rig.desk import agent
from rig.processes import Process
from rig.redis import Redis
from rig.wire import Pair

pytestmark = [pytest.mark.service, pytest.mark.soak]
SECONDS = float(os.environ.get("SOAK_CHAT_SECONDS", "600"))
RATE = float(os.environ.get("SOAK_CHAT_RATE", "6"))
WIDGETS = int(os.environ.get("SOAK_CHAT_WIDGETS", "500"))
DESKS = int(os.environ.get("SOAK_CHAT_DESKS", "50"))
EVERY = 3  # of that many lines one is answered
IDLE_SECONDS = 32  # two heartbeats of every stream
GROWTH = 1.10
SETTLE_SECONDS = 120  # without anything new; a killed worker's rows are leased for a minute


@dataclass
class Plant:
    """Two web processes, a worker of four, a scheduler, and the Redis between them."""

    env: dict[str, str]
    folder: Path
    redis: Redis
    ports: tuple[int, int]
    running: dict[str, Process] = field(default_factory=dict)
    starts: int = 0
    disturbed: list[tuple[str, float, float]] = field(default_factory=list)
    zero: float = field(default_factory=time.monotonic)

    def start(self, name: str) -> None:
        """Start one of them and wait until it works."""
        self.starts += 1
        log = self.folder / f"{name}{self.starts}.log"
        if name == "worker":
            self.running[name] = worker.start_worker(
                self.env, log=log, concurrency=4, name=f"w{self.starts}"
            )
        elif name == "scheduler":
            self.running[name] = worker.start_scheduler(self.env, log=log)
        else:
            port = self.ports[("web", "web2").index(name)]
            self.running[name] = worker.start_web(self.env, log=log, port=port).process

    def kill(self, name: str) -> None:
        """End it with SIGKILL and start it again."""
        begun = time.monotonic()
        if name == "redis":
            self.redis.stop()
            time.sleep(1)
            self.redis.start()
        else:
            self.running[name].kill()
            self.start(name)
        self.disturbed.append((name, begun, time.monotonic()))

    def pids(self) -> dict[str, int]:
        """Of everything that is ours."""
        return {name: process.pid for name, process in self.running.items()}


@pytest.fixture
def plant(process_env: dict[str, str], tmp_path: Path) -> Iterator[Plant]:
    """The production layout, on this test's database and a Redis that may be killed."""
    with redis_rig.redis() as server:
        # the pool of production, not the small one that many tests share
        env = {**process_env, "REDIS_URL": server.url(), "DATABASE_POOL": "8"}
        both = (ports.free_port(), ports.free_port())
        found = Plant(env, tmp_path, server, both)
        try:
            for name in ("web", "web2", "worker", "scheduler"):
                found.start(name)
            yield found
        finally:
            for process in found.running.values():
                process.stop()


def prepared(plant: Plant) -> Load:
    """The channel, who is signed in, and everybody's page, not yet open.

    Limits stay as they are shipped: every visitor comes from an address of their own. An answer
    leaves at once (`undo_seconds`), so that what is measured is ours.
    """
    site = {"site_name": "Docs", "origins": "https://docs.example.com"}
    connect("livechat", "docs", {**site, "proof": "off"})  # five hundred strangers at once
    change_setting("undo_seconds", 0)
    pair = Pair(plant.ports)
    desks = [Desk(pair, n, _cookie(f"agent{n}")) for n in range(DESKS)]
    return Load([Widget("docs", pair, n) for n in range(WIDGETS)], desks, random.Random(5))


def _cookie(name: str) -> str:
    client = Client()
    client.force_login(agent(name, role="agent"))
    cookie = settings.SESSION_COOKIE_NAME
    return f"{cookie}={client.cookies[cookie].value}"


# ------------------------------------------------------------------ the run


async def run(plant: Plant, load: Load, figures: dict[str, Any]) -> gauge.Watch:
    """Open, measure at rest, talk while things are killed, wait until all has arrived."""
    await warm(load)
    webs = [plant.running["web"].pid, plant.running["web2"].pid]
    before, used = sum(map(gauge.resident_mb, webs)), sum(map(gauge.cpu_seconds, webs))
    await load.open()
    await asyncio.sleep(5)
    hundreds = len(load.pages()) / 100
    opened, begun = sum(map(gauge.cpu_seconds, webs)), time.monotonic()
    figures["cpu_ms_to_open_a_stream"] = round((opened - used) * 10 / hundreds, 1)
    await asyncio.sleep(IDLE_SECONDS)
    share = (sum(map(gauge.cpu_seconds, webs)) - opened) / (time.monotonic() - begun)
    grown = sum(map(gauge.resident_mb, webs)) - before
    figures["mb_per_100_streams"] = round(grown / hundreds, 2)
    figures["cpu_percent_per_100_idle_streams"] = round(share * 100 / hundreds, 2)
    memory = gauge.Watch(plant.pids)
    watching = asyncio.create_task(watch(memory))
    killing = asyncio.create_task(disturb(plant))
    await load.talk(SECONDS, lines_per_second=RATE, every=EVERY)
    await killing
    behind, begun = load.missing(), time.monotonic()
    assert await load.settle(SETTLE_SECONDS), f"{load.missing()} words never arrived"
    figures["behind_at_the_end"] = behind
    figures["seconds_to_catch_up"] = round(time.monotonic() - begun, 1)
    watching.cancel()
    figures["resumed"] = sum(page.resumed - 1 for page in load.pages())
    await load.close()
    return memory


async def warm(load: Load) -> None:
    """What a process loads at its first requests is no stream's memory."""
    for n in range(20):
        desk = load.desks[n % len(load.desks)]
        await desk.page("GET", "/queue/")
        await Widget("docs", desk.pair, 20_000 + n).begin()


async def watch(memory: gauge.Watch) -> None:
    """Sample memory until told to stop."""
    while True:
        await asyncio.to_thread(memory.sample)
        await asyncio.sleep(max(1, SECONDS / 120))


async def disturb(plant: Plant) -> None:
    """In the first third, so that memory can be compared in the other two."""
    begun = time.monotonic()
    for share, name in ((0.05, "web"), (0.12, "redis"), (0.19, "worker"), (0.26, "web2")):
        await asyncio.sleep(max(0, begun + share * SECONDS - time.monotonic()))
        await asyncio.to_thread(plant.kill, name)


# ------------------------------------------------------------------ what must be true


def check_widget(widget: Widget) -> int:
    """Exactly once, in order, and nothing of anybody else. Gives how many lines came side by side.

    A line may be filed beside the one before it; a page puts them by the moment they were said.
    """
    ids = [entry["id"] for entry, _ in widget.shown]
    assert ids == sorted(set(ids)), f"visitor {widget.number}: the stream repeats or goes back"
    rows = [entry for entry, _ in widget.shown if entry["kind"] == "message"]
    by_time = sorted(rows, key=lambda entry: entry["at"])
    said = [word.key for word in widget.said]
    mine = [entry["client_id"] for entry in by_time if entry["mine"]]
    assert mine == said, f"visitor {widget.number}: {len(mine)} of {len(said)} lines"
    streamed = [entry["client_id"] for entry in rows if entry["mine"]]
    return sum(a != b for a, b in zip(streamed, said, strict=True))


def check_tickets(load: Load) -> dict[str, int]:
    """The ticket holds what both sides said, once each. Gives the ticket of each visitor's line."""
    spoken = [widget for widget in load.widgets if widget.said]
    assert Ticket.objects.count() == len(spoken)
    assert not Delivery.objects.exclude(state="done").exists()
    kept: dict[int, list[tuple[str, str]]] = {}
    rows = Message.objects.filter(visibility="public").order_by("sent_at", "pk")
    for ticket, direction, line, text in rows.values_list(
        "ticket", "direction", "external_id", "new_text"
    ):
        name = line.partition(":")[2] if direction == Direction.IN else text
        kept.setdefault(ticket, []).append((str(direction), name))
    home = {name: ticket for ticket, found in kept.items() for _, name in found}
    answers = {word.key: ticket for desk in load.desks for ticket, word in desk.answers}
    for widget in spoken:
        ticket = home[widget.said[0].key]
        shown = sorted((e for e, _ in widget.shown), key=lambda entry: entry["at"])
        on_page = [
            (Direction.IN, e["client_id"]) if e["mine"] else (Direction.OUT, e["text"])
            for e in shown
            if e["kind"] == "message"
        ]
        assert sorted(on_page) == sorted(kept[ticket]), f"ticket {ticket}"
    given = sorted(name for found in kept.values() for way, name in found if way == Direction.OUT)
    assert given == sorted(answers), "every answer once"
    assert all(home[name] == ticket for name, ticket in answers.items())
    return home


def check_desks(load: Load, clock: Callable[[Any], float]) -> int:
    """Every desk heard of every change, or was told to load again after it. Gives how many."""
    last: dict[tuple[int, Any], int] = {}
    for pk, ticket, at in TicketEvent.objects.order_by("pk").values_list("pk", "ticket", "at"):
        last[ticket, at] = pk  # one change has one time
    lost = [
        (desk.number, ticket, pk)
        for desk in load.desks
        for (ticket, at), pk in last.items()
        if clock(at) > desk.begun and not _heard(desk, ticket, pk, clock(at))
    ]
    assert lost == [], f"{len(lost)} changes that a desk never heard of: {lost[:5]}"
    return len(last)


def _heard(desk: Desk, ticket: int, event: int, at: float) -> bool:
    ids = sorted(number for number, _ in desk.heard.get(ticket, []))
    if bisect_left(ids, event) < len(ids):
        return True
    return any(moment > at for moment in desk.reloads)


# ------------------------------------------------------------------ figures


def latencies(
    plant: Plant, load: Load, home: dict[str, int], clock: Callable[[Any], float]
) -> dict[str, Any]:
    """Three ways a word goes, at rest (away from kills) and over all."""
    said = {word.key: word.begun for one in load.widgets for word in one.said}
    answered = {word.key: word.begun for desk in load.desks for _, word in desk.answers}
    own: dict[str, float] = {}
    back: dict[str, float] = {}
    for widget in load.widgets:
        for entry, at in widget.shown:
            if entry.get("client_id"):
                own[entry["client_id"]] = at - said[entry["client_id"]]
            elif entry.get("text") in answered:
                back[entry["text"]] = at - answered[entry["text"]]
    desks = {
        key: [at - said[key] for at in _at_desks(load, home[key], event, clock(filed))]
        for key, (event, filed) in _events().items()
    }
    begun = {**said, **answered}
    quiet = {key for key, at in begun.items() if not _near(plant, at)}
    ways = {"to_own_stream": own, "to_widget": back}
    found: dict[str, Any] = {}
    for name, way in ways.items():
        found[name] = gauge.spread([t for key, t in way.items() if key in quiet])
        found[f"{name}_with_kills"] = gauge.spread(list(way.values()))
    found["to_desks"] = gauge.spread([t for key in desks if key in quiet for t in desks[key]])
    found["to_desks_with_kills"] = gauge.spread([t for times in desks.values() for t in times])
    found["slowest"] = [
        f"{name} {seconds:.1f} s at {said.get(key, answered.get(key, 0)) - plant.zero:.0f} s"
        for name, way in ways.items()
        for seconds, key in sorted(((t, k) for k, t in way.items() if k in quiet), reverse=True)[:5]
    ]
    return found


def _at_desks(load: Load, ticket: int, event: int, filed: float) -> list[float]:
    """When each desk heard of an event or a later one of its ticket, or was told to load again."""
    heard = [
        [at for number, at in desk.heard.get(ticket, ()) if number >= event]
        + [at for at in desk.reloads if at > filed]
        for desk in load.desks
    ]
    return [min(times) for times in heard if times]


def _events() -> dict[str, tuple[int, Any]]:
    """The event of each visitor's line, and its time."""
    lines = dict(Message.objects.filter(direction="in").values_list("pk", "external_id"))
    rows = TicketEvent.objects.filter(kind="message_in").values_list("pk", "at", "data")
    return {lines[data["message"]].partition(":")[2]: (pk, at) for pk, at, data in rows}


def _near(plant: Plant, at: float) -> bool:
    """Whether something was just killed: until a minute's lease is over, for a worker."""
    after = {"worker": 75.0}
    return any(
        begun - 2 <= at <= end + after.get(name, 15.0) for name, begun, end in plant.disturbed
    )


def test_everybody_hears_everything_once_while_things_are_killed(
    plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    """Issue 6, must show 2."""
    load = prepared(plant)
    figures: dict[str, Any] = {
        "seconds": SECONDS,
        "widgets": WIDGETS,
        "desks": DESKS,
        "lines_per_s": RATE,
    }
    skew = time.monotonic() - time.time()

    def clock(at: Any) -> float:
        return float(at.timestamp()) + skew

    memory = asyncio.run(run(plant, load, figures))
    beside = sum(check_widget(widget) for widget in load.widgets)
    home = check_tickets(load)
    heard = check_desks(load, clock)
    assert Conversation.objects.filter(thread=None).count() == 20 + sum(
        not widget.said for widget in load.widgets
    )
    figures |= {"lines": load.said, "answers": sum(len(desk.answers) for desk in load.desks)}
    figures |= {"side_by_side": beside, "changes_each_desk_heard": heard}
    figures |= latencies(plant, load, home, clock)
    pages = [seconds for desk in load.desks for seconds in desk.pages]
    figures["queue_page"] = gauge.spread(pages)
    figures["cpu_percent_in_last_third"] = memory.busy(SECONDS * 2 / 3, SECONDS)
    thirds = memory.thirds(SECONDS)
    figures["mb_second_and_last_third"] = {
        name: [round(mb, 1) for mb in both] for name, both in thirds.items()
    }
    with capsys.disabled():
        print(json.dumps({"name": "chat_soak", **figures}))  # noqa: T201 - what the run is for
    grown = {name: both for name, both in thirds.items() if both[1] > both[0] * GROWTH}
    assert grown == {} or SECONDS < 300, grown
