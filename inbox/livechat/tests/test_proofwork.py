"""Under attack strangers work first; who is known is never asked, and one place stops nobody."""

from itertools import count
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.utils import timezone

from inbox.channels.models import Channel
from inbox.common.config import change_setting
from inbox.livechat.identity import proof
from inbox.livechat.models import Visitor
from inbox.livechat.proofwork import Work, has_worked
from inbox.livechat.tests.conftest import SECRET, SITE, Browser
from inbox.operations.connecting import connect

pytestmark = pytest.mark.django_db
BITS = 8


@pytest.fixture
def guarded(chat: Channel) -> Channel:
    """A channel that always asks, for little work."""
    change_setting("chat_proof_bits", BITS)
    connect("livechat", "docs", {"proof": "always"})
    return chat


def asked(browser: Browser) -> dict[str, Any]:
    """The challenge that a stranger gets."""
    refused = browser.begin()
    assert refused.status_code == 403
    assert refused.json()["type"] == "proof_required"
    found: dict[str, Any] = refused.json()["proof"]
    return found


def work(challenge: str, bits: int = BITS) -> dict[str, str]:
    """What a browser finds."""
    nonces = (str(n) for n in count())
    return {
        "challenge": challenge,
        "nonce": next(n for n in nonces if has_worked(Work(challenge, n), bits)),
    }


def idle(challenge: str) -> dict[str, str]:
    """A nonce that does not fit."""
    nonces = (str(n) for n in count())
    return {
        "challenge": challenge,
        "nonce": next(n for n in nonces if not has_worked(Work(challenge, n), BITS)),
    }


def test_a_stranger_works_and_is_let_in_once(guarded: Channel) -> None:
    browser = Browser()
    given = asked(browser)
    assert given["bits"] == BITS
    done = work(given["challenge"])
    assert browser.begin(proof=done).status_code == 200
    assert browser.say("hello").status_code == 201
    assert Browser().begin(proof=done).status_code == 403  # it was used


def test_who_has_a_token_or_a_proof_is_not_asked(chat: Channel) -> None:
    visitor = Browser()
    visitor.begin()
    connect("livechat", "docs", {"proof": "always"})
    assert visitor.begin().status_code == 200
    proven = {"user_id": "user-42", "user_hash": proof(SECRET, "user-42", "")}
    assert Browser().begin(**proven).status_code == 200
    assert Browser().begin(user_id="user-42", user_hash="0" * 64).status_code == 401
    assert Browser(token="forged").begin().status_code == 403


def test_forged_stale_and_foreign_challenges_are_asked_again(guarded: Channel) -> None:
    connect("livechat", "blog", {"site_name": "Blog", "origins": SITE, "proof": "always"})
    good = asked(Browser())["challenge"]
    until, bits, rest = good.split(".", 2)
    assert bits == str(BITS)
    wrong = [
        idle(good),
        work(f"{until}.1.{rest}", 1),  # less work than was asked for
        work(f"{int(until) + 999}.{bits}.{rest}"),
        work(good[:-1] + ("a" if good[-1] != "a" else "b")),
        work(asked(Browser(key="blog"))["challenge"]),
        {"challenge": "", "nonce": ""},
        {"challenge": "é" * 50, "nonce": "\ud800"},
        {},
    ]
    for tried in wrong:
        assert Browser().begin(proof=tried).status_code == 403
    with time_machine.travel(timezone.now().timestamp() + 121):
        assert Browser().begin(proof=work(good)).status_code == 403
    odd: Any
    for odd in ([], "x", {"nonce": 5}, {"challenge": "x" * 300}, {"challenge": "x", "bits": 0}):
        assert Browser().begin(proof=odd).status_code in (400, 413)
    assert not Visitor.objects.exists()


def test_many_addresses_at_once_make_strangers_work(chat: Channel, window: None) -> None:
    change_setting("chat_strangers_per_channel_minute", 10)
    change_setting("chat_proof_bits", BITS)
    known = Browser()
    known.begin()
    flood = [Browser(address=f"203.0.113.{n}") for n in range(30)]
    codes = [one.begin().status_code for one in flood]
    assert codes == [200] * 9 + [403] * 21
    assert known.begin().status_code == 200
    late = Browser(address="198.51.100.7")
    assert late.begin(proof=work(asked(late)["challenge"])).status_code == 200
    with time_machine.travel(timezone.now().timestamp() + 180):
        assert Browser(address="198.51.100.8").begin().status_code == 200


def test_a_flood_from_one_address_makes_nobody_else_work(chat: Channel, window: None) -> None:
    change_setting("chat_strangers_per_channel_minute", 10)
    codes = [Browser(address="203.0.113.9").begin().status_code for _ in range(50)]
    assert codes == [200] * 5 + [429] * 45
    other = Browser(address="198.51.100.7")
    assert other.begin().status_code == 200
    assert other.say("I am served").status_code == 201


def test_asking_for_challenges_has_a_limit(guarded: Channel, window: None) -> None:
    change_setting("chat_proofs_per_address_hour", 3)
    codes = [Browser().begin().status_code for _ in range(4)]
    assert codes == [403, 403, 403, 429]


def test_a_cache_that_is_away_lets_nobody_use_a_proof_twice(
    guarded: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError

    done = work(asked(Browser())["challenge"])
    for name in ("add", "incr", "get"):
        monkeypatch.setattr(type(caches["default"]), name, away)
    assert Browser().begin(proof=done).status_code == 200
    assert Browser().begin(proof=done).status_code == 403


def test_off_is_off(chat: Channel, window: None) -> None:
    change_setting("chat_strangers_per_channel_minute", 1)
    connect("livechat", "docs", {"proof": "off"})
    assert [Browser(address=f"203.0.113.{n}").begin().status_code for n in range(5)] == [200] * 5
