"""Who is where: the same contract for both stores, by a clock that the test turns."""

from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from inbox.common import live, presence
from inbox.common.live import Heard, Signal
from inbox.common.presence import OwnStore, RedisStore, Store
from rig import ports


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture(params=["own", pytest.param("redis", marks=pytest.mark.service)])
def store(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Store]:
    """Each of the stores."""
    if request.param == "own":
        yield OwnStore(clock)
        return
    if not settings.REDIS_URL:
        pytest.skip("needs Redis: make test")
    client = live.client()
    yield RedisStore(client, clock)
    client.delete(*(presence.PREFIX + name for name in ("a", "b")))


def test_nobody_is_there_before_somebody_comes(store: Store) -> None:
    assert store.at(["a", "b"]) == [{}, {}]
    assert store.drop("a", "ana") is None


def test_a_place_knows_who_is_there_and_what_is_said_of_them(store: Store) -> None:
    assert store.put("a", "ana", {"doing": "looking"}, 45) is None
    assert store.put("a", "bo", {"doing": "replying"}, 45) is None
    assert store.put("a", "ana", {"doing": "replying"}, 45) == {"doing": "looking"}
    assert store.at(["a", "b"]) == [{"ana": {"doing": "replying"}, "bo": {"doing": "replying"}}, {}]
    assert store.drop("a", "ana") == {"doing": "replying"}
    assert store.at(["a"]) == [{"bo": {"doing": "replying"}}]


def test_whoever_says_nothing_any_more_is_gone(store: Store, clock: Clock) -> None:
    store.put("a", "ana", {}, 45)
    store.put("a", "bo", {}, 8)
    clock.now += 30
    assert store.at(["a"]) == [{"ana": {}}]
    assert store.put("a", "bo", {}, 8) is None  # came again, it is not the old one
    store.put("a", "ana", {}, 45)
    clock.now += 44
    assert store.at(["a"]) == [{"ana": {}}]
    clock.now += 2
    assert store.at(["a"]) == [{}]
    assert store.drop("a", "ana") is None


def test_what_has_lapsed_takes_no_room() -> None:
    clock = Clock()
    store = OwnStore(clock)
    for number in range(presence.MOST_PLACES + 1):
        store.put(f"place {number}", "ana", {}, 45)
    clock.now += 60
    store.put("a", "bo", {}, 45)
    assert (list(store._places), store.at(["a"])) == (["a"], [{"bo": {}}])


@pytest.mark.service
def test_what_another_version_wrote_is_nobody() -> None:
    if not settings.REDIS_URL:
        pytest.skip("needs Redis: make test")
    client, store = live.client(), RedisStore(live.client(), Clock())
    try:
        for who, kept in (
            ("a", "not json"),
            ("b", "[1]"),
            ("c", '["soon", {}]'),
            ("d", "[9e9, 1]"),
        ):
            client.hset(presence.PREFIX + "b", who, kept)
        assert store.at(["b"]) == [{}]
        store.put("b", "ana", {}, 45)
        assert store.at(["b"]) == [{"ana": {}}]
        assert client.hkeys(presence.PREFIX + "b") == [b"ana"]
        assert 0 < client.ttl(presence.PREFIX + "b") <= presence.LONGEST_SECONDS
    finally:
        client.delete(presence.PREFIX + "b")


def test_without_redis_nobody_is_anywhere_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = redis.Redis(host="127.0.0.1", port=ports.free_port())
    store = RedisStore(client, Clock())
    assert store.put("a", "ana", {}, 45) is None
    # it is left alone for a while: pages do not wait for it
    monkeypatch.delattr(client, "connection_pool")
    assert store.at(["a", "b"]) == [{}, {}]
    assert store.drop("a", "ana") is None


def test_online_is_who_has_a_page_open(said: list[Heard]) -> None:
    presence.come(7, "one", "Ana")
    presence.come(7, "two", "Ana")
    presence.come(7, "one", "Ana")
    assert presence.is_online([7, 8]) == {7}
    presence.leave("desk:7", "one")
    presence.gone(7, "Ana")
    assert presence.is_online([8, 7]) == {7}
    presence.leave("desk:7", "two")
    presence.gone(7, "Ana")
    assert (presence.is_online([7, 8]), presence.is_online([])) == (set(), set())
    # said when it becomes true and when it ends, not with every page
    assert said == [Signal("online", data={"user": 7, "name": "Ana"})] * 2


def test_another_page_within_seconds_is_no_absence(said: list[Heard]) -> None:
    presence.come(7, "one", "Ana")
    presence.go(7, "one")
    assert presence.is_online([7]) == {7}
    presence.come(7, "two", "Ana")
    presence.gone(7, "Ana")
    assert [heard.data for heard in said if isinstance(heard, Signal)] == [
        {"user": 7, "name": "Ana"}
    ]
