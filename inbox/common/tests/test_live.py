"""The hub: changes and signals reach every listener, in one process and over Redis."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from redis import RedisError

from inbox.common import live
from inbox.common.live import RELOAD, Change, Heard, Hub, Signal, packed, unpacked
from rig.redis import Redis

CHANGE = Change(5, 42, ["opened"], None)
TYPING = Signal("typing", 42, 3, {"name": "Ana"})


@pytest.fixture(params=["own", pytest.param("redis", marks=pytest.mark.service)])
def hub(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The hub of a process without and with Redis."""
    if request.param == "redis" and not settings.REDIS_URL:
        pytest.skip("needs Redis: make test")
    with monkeypatch.context() as patch:
        if request.param == "own":
            patch.setattr(settings, "REDIS_URL", "")
        live.hub.cache_clear()
        yield live.hub()
    live.hub.cache_clear()


def hear(hub: Hub, wanted: int, say: Callable[[], None]) -> list[Heard]:
    """What a stream hears of ticket 42 while something is said again and again.

    Another process is heard only once its line stands, so it is said until it is.
    """
    found: list[Heard] = []

    async def listen() -> None:
        ear = hub.listen(wants=lambda heard: heard.ticket == 42)
        first = asyncio.ensure_future(anext(ear))
        await asyncio.sleep(0)
        over = threading.Event()
        talk = asyncio.ensure_future(asyncio.to_thread(_until, over, say))
        while len(found) < wanted:
            heard = await asyncio.wait_for(first, 30)
            first = asyncio.ensure_future(anext(ear))
            if heard is not None:
                found.append(heard)
        over.set()
        first.cancel()
        await talk

    asyncio.run(listen())
    return found


def _until(over: threading.Event, say: Callable[[], None]) -> None:
    while not over.wait(0.05):
        say()


def test_changes_and_signals_arrive_in_order(hub: Hub) -> None:
    def say() -> None:
        live.publish(5, 42, ["opened"], None)
        live.publish(6, 41, ["opened"], None)
        live.signal("typing", ticket=42, restricted_team=3, name="Ana")

    assert hear(hub, 4, say) == [CHANGE, TYPING, CHANGE, TYPING]
    assert hub.listeners == 0


def test_what_nobody_understands_is_passed_over(hub: Hub) -> None:
    def say() -> None:
        live.publish(5, 42, ["opened"], None)
        if settings.REDIS_URL:
            for payload in ("", "x", "[]", "null", '{"event_id": 1}', '{"signal": 2}', b"\xff"):
                live.client().publish(live.TOPIC, payload)
        live.signal("typing", ticket=42, restricted_team=3, name="Ana")

    assert hear(hub, 2, say) == [CHANGE, TYPING]


@pytest.mark.parametrize("heard", [CHANGE, TYPING, Signal("online")])
def test_another_process_reads_what_was_meant(heard: Heard) -> None:
    assert unpacked(packed(heard)) == heard
    # a newer version says more
    assert unpacked(json.dumps({**json.loads(packed(heard)), "more": 1})) == heard


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "nonsense",
        "[" * 100_000,
        "[]",
        "7",
        "{}",
        '{"event_id": 1, "ticket": 2, "kinds": ["a"]}',
        '{"event_id": "1", "ticket": 2, "kinds": ["a"], "restricted_team": null}',
        '{"event_id": 1, "ticket": 2, "kinds": [["a"]], "restricted_team": null}',
        '{"name": "typing", "ticket": 2, "restricted_team": "x", "data": {}}',
        '{"name": "typing", "ticket": 2, "restricted_team": null, "data": []}',
    ],
)
def test_another_versions_words_are_nothing(payload: str) -> None:
    assert unpacked(payload) is None


def test_a_slow_listener_is_told_to_reload() -> None:
    hub = Hub()

    async def sleep_over_it() -> list[Heard | None]:
        ear = hub.listen()
        first = asyncio.ensure_future(anext(ear))
        await asyncio.sleep(0)
        hub.publish(Signal("first"))
        await first
        for number in range(live.LONGEST_QUEUE):
            hub.publish(Signal("typing", number))
        hub.publish(CHANGE)
        await asyncio.sleep(0)
        heard = [await anext(ear)]
        hub.publish(TYPING)
        return [*heard, await anext(ear)]

    assert asyncio.run(sleep_over_it()) == [Change(5, 0, [RELOAD], None), TYPING]


@pytest.mark.service
def test_after_redis_was_away_everybody_reloads(redis_server: Redis) -> None:
    hub = Hub()

    async def heard_on_a_new_line() -> Heard | None:
        first = asyncio.ensure_future(anext(hub.listen()))
        await asyncio.sleep(0)
        line = asyncio.ensure_future(asyncio.to_thread(live.bring_in, hub, redis_server.url()))
        found = await asyncio.wait_for(first, 30)
        redis_server.stop()
        with pytest.raises(RedisError):
            await line
        redis_server.start()
        return found

    again = Change(0, 0, [RELOAD], None)
    assert [asyncio.run(heard_on_a_new_line()) for _ in range(2)] == [again, again]
