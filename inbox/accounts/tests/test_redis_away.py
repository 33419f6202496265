"""Redis stops: the limits of signing in go on in each process, and the doors stay open."""

from collections.abc import Iterator

import pytest
import redis
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from inbox.accounts.models import ApiToken
from inbox.accounts.tests.conftest import PASSWORD, is_signed_in, sign_in, with_password
from inbox.common.caching import SteadyCache
from inbox.common.config import change_setting
from inbox.livechat.limits import TooMany, spend
from rig.redis import Redis

pytestmark = [pytest.mark.django_db, pytest.mark.service]


@pytest.fixture(autouse=True)
def server(redis_server: Redis, settings: Settings) -> Iterator[Redis]:
    """The desk's cache is this Redis, which the test may stop."""
    plain = {"socket_timeout": 1, "socket_connect_timeout": 0.3}
    kind = "inbox.common.caching.SteadyCache"
    location = redis_server.url()
    settings.CACHES = {"default": {"BACKEND": kind, "LOCATION": location, "OPTIONS": plain}}
    SteadyCache.rest_until = 0.0
    cache.clear()
    yield redis_server
    SteadyCache.rest_until = 0.0
    if redis_server.process is None:
        redis_server.start()


def wrong(name: str) -> int:
    """One wrong password."""
    return Client().post("/login/", {"login": name, "password": "wrong"}).status_code


def test_whoever_knows_the_password_signs_in_while_redis_is_away(server: Redis) -> None:
    with_password("ana")
    server.stop()
    assert is_signed_in(sign_in("ana"))


def test_the_eleventh_wrong_password_is_refused_while_redis_is_away(server: Redis) -> None:
    with_password("ana")
    with_password("ben")
    server.stop()
    assert [wrong("ana") for _ in range(11)] == [200] * 10 + [429]
    assert not is_signed_in(sign_in("ana", PASSWORD))
    assert is_signed_in(sign_in("ben"))


def test_redis_goes_in_the_middle_and_comes_back(server: Redis) -> None:
    """What was counted there is not known here: at worst a second round of tries is had."""
    with_password("ana")
    assert [wrong("ana") for _ in range(9)] == [200] * 9
    server.stop()
    assert [wrong("ana") for _ in range(11)] == [200] * 10 + [429]
    server.start()
    SteadyCache.rest_until = 0.0  # five seconds later
    assert [wrong("ana") for _ in range(11)] == [200] * 10 + [429]


def test_other_limits_go_on_too(server: Redis, settings: Settings) -> None:
    settings.API_RATE_PER_MINUTE = 3
    _, text = ApiToken.issue(with_password("ana"))
    ask = Client(headers={"authorization": f"Bearer {text}"})
    server.stop()
    assert [ask.get("/api/v1/tickets/").status_code for _ in range(4)] == [200, 200, 200, 429]
    change_setting("chat_ratings_per_hour", 2)
    spend("chat_ratings_per_hour", "one")
    spend("chat_ratings_per_hour", "one")
    with pytest.raises(TooMany):
        spend("chat_ratings_per_hour", "one")


def test_what_promises_that_nothing_is_left_does_not_pretend(server: Redis) -> None:
    cache.set("key", "words of somebody")
    assert cache.get("key") == "words of somebody"
    server.stop()
    assert cache.get("key") is None
    with pytest.raises(redis.RedisError):
        cache.clear()
