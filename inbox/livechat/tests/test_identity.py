"""Who a site's server has signed: by a hash or a token, by one of two secrets, and nobody else."""

import base64
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Channel
from inbox.livechat import identity
from inbox.livechat.identity import WrongProof, proof
from inbox.livechat.models import Conversation, Visitor
from inbox.livechat.tests.conftest import SECRET, Browser
from inbox.operations.connecting import connect
from rig.desk import agent

pytestmark = pytest.mark.django_db
VECTORS = json.loads((Path(__file__).parents[3] / "rig" / "vectors.json").read_text("utf-8"))
NEW_SECRET = "another identity secret of a site"
ADA = {"user_id": "user-42", "email": "ada@example.org"}


def part(value: Any) -> str:
    """A part of a token."""
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def jwt(
    claims: dict[str, Any] | None = None,
    *,
    secret: str = SECRET,
    header: Any = None,
    body: Any = None,
    **more: Any,
) -> str:
    """A token as a site's server makes it, or wrong in one way."""
    now = int(timezone.now().timestamp())
    said = {**(ADA if claims is None else claims), "aud": "docs", "iat": now, "exp": now + 600}
    said = {name: value for name, value in {**said, **more}.items() if value is not None}
    given = {"alg": "HS256", "typ": "JWT"} if header is None else header
    signed = f"{part(given)}.{part(said if body is None else body)}"
    mac = hmac.digest(secret.encode(), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def test_published_vectors() -> None:
    by_id, by_mail, token = (VECTORS[f"user-{n}"] for n in ("hash-id", "hash-email", "jwt"))
    assert proof(by_id["secret"], "user-42", "ada@example.org") == by_id["expected"]
    assert proof(by_mail["secret"], "", "Ada@example.org") == by_mail["expected"]
    with time_machine.travel(1_700_000_100, tick=False):
        found = identity.by_jwt(
            [token["secret"]], token["expected"], audience="w_8Jk2", now=timezone.now()
        )
    assert (found.user_id, found.email) == ("user-42", "ada@example.org")


def test_a_signed_token_proves_the_person_and_the_address(chat: Channel) -> None:
    laptop, phone = Browser(), Browser()
    assert laptop.begin(user_jwt=jwt(name="Ada")).json()["email"] == "ada@example.org"
    laptop.say("from the laptop")
    phone.begin(user_id="user-42", user_hash=proof(SECRET, "user-42", ""))  # the same person
    assert [row["text"] for row in phone.read()] == ["from the laptop"]
    visitor, row = Visitor.objects.get(), Conversation.objects.get()
    assert (visitor.verified, visitor.name) == (True, "Ada")
    assert visitor.confirmed_email == "ada@example.org"
    assert row.email_confirmed_at is not None


def test_an_address_beside_a_hash_of_the_id_stays_a_claim(chat: Channel) -> None:
    browser = Browser()
    browser.begin(
        user_id="user-42", email="eve@evil.example", user_hash=proof(SECRET, "user-42", "")
    )
    row = Conversation.objects.get()
    assert (row.email, row.email_confirmed_at) == ("eve@evil.example", None)
    assert Visitor.objects.get().confirmed_email == ""


def test_an_address_that_was_signed_is_confirmed_until_another_is_claimed(chat: Channel) -> None:
    browser = Browser()
    browser.begin(email="Ada@example.org", user_hash=proof(SECRET, "", "ada@example.org"))
    assert Conversation.objects.get().email_confirmed_at is not None
    browser.begin(email="eve@evil.example")
    assert Conversation.objects.get().email_confirmed_at is None
    browser.begin(email="ada@example.org")  # known to be theirs, however it is written
    assert Conversation.objects.get().email_confirmed_at is not None


NOW = 1_700_000_000
WRONG: dict[str, dict[str, Any]] = {
    "another secret": {"secret": "x" * 32},
    "no algorithm": {"header": {"alg": "none"}},
    "another algorithm": {"header": {"alg": "HS512"}},
    "algorithm in other letters": {"header": {"alg": "hs256"}},
    "a key of its own": {"header": {"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}}},
    "a key elsewhere": {"header": {"alg": "HS256", "jku": "https://evil.example/"}},
    "critical extension": {"header": {"alg": "HS256", "crit": ["exp"]}},
    "header no object": {"header": ["HS256"]},
    "algorithm twice": {"header": '{"alg": "none", "alg": "HS256"}'},
    "another type": {"header": {"alg": "HS256", "typ": "JWE"}},
    "another site": {"aud": "blog"},
    "many sites": {"aud": ["docs", "blog"]},
    "no site": {"aud": None},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "over": {"iat": NOW - 700, "exp": NOW - 1},
    "not begun": {"iat": NOW + 600, "exp": NOW + 1200},
    "valid for too long": {"exp": NOW + 3601},
    "ends before it begins": {"iat": NOW, "exp": NOW - 5},
    "end is a text": {"exp": str(NOW + 600)},
    "end is true": {"exp": True},
    "end is a fraction": {"exp": NOW + 600.5},
    "nobody": {"claims": {}},
    "id is a number": {"user_id": 42},
    "id with a NUL": {"user_id": "user\x00"},
    "half a surrogate pair": {"user_id": "\ud83d"},
    "no address": {"email": "ada"},
    "body no object": {"body": [1]},
    "NaN": {"body": '{"user_id": "user-42", "aud": "docs", "iat": NaN, "exp": 1}'},
    "claims twice": {
        "body": f'{{"user_id": "u", "aud": "blog", "aud": "docs", "iat": {NOW}, "exp": {NOW + 60}}}'
    },
}


@pytest.mark.parametrize("how", WRONG)
def test_forged_and_stale_tokens_prove_nobody(how: str) -> None:
    with time_machine.travel(NOW, tick=False), pytest.raises(WrongProof):
        identity.by_jwt([SECRET], jwt(**WRONG[how]), audience="docs", now=timezone.now())


def test_the_token_that_the_wrong_ones_differ_from_is_right() -> None:
    with time_machine.travel(NOW, tick=False):
        good = jwt(iat=NOW, exp=NOW + 3600)
        assert identity.by_jwt([SECRET], good, audience="docs", now=timezone.now()).user_id
        for bad in (good + "=", good[:-1], good + ".x", f" {good}", "", "..", "é.é.é", "a." * 3000):
            with pytest.raises(WrongProof):
                identity.by_jwt([SECRET], bad, audience="docs", now=timezone.now())


def test_a_wrong_token_over_http_is_401_and_makes_nobody(chat: Channel) -> None:
    for token in (jwt(secret="x" * 32), jwt(aud="blog"), "nonsense"):
        assert Browser().begin(user_jwt=token).status_code == 401
    assert Browser().begin(user_jwt="x" * 5000).status_code == 413
    assert not Visitor.objects.exists()


def test_a_changed_secret_and_the_one_before_it_both_count(chat: Channel) -> None:
    connect("livechat", "docs", {"identity_secret": NEW_SECRET})
    for secret in (SECRET, NEW_SECRET):
        assert Browser().begin(user_jwt=jwt(secret=secret)).status_code == 200
        assert Browser().begin(user_id="u", user_hash=proof(secret, "u", "")).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert Browser().begin(user_jwt=jwt(secret=SECRET)).status_code == 401
        assert Browser().begin(user_jwt=jwt(secret=NEW_SECRET)).status_code == 200
    connect("livechat", "docs", {"identity_secret": ""})
    for secret in (SECRET, NEW_SECRET):
        assert Browser().begin(user_jwt=jwt(secret=secret)).status_code == 401


def test_the_settings_page_keeps_the_secret_before_and_ends_it(chat: Channel) -> None:
    desk = Client()
    desk.force_login(agent("boss", role="admin"))
    address = "/channels/livechat/docs/"
    form = {"site_name": "Docs", "identity_secret": NEW_SECRET, "identity_previous_until": ""}
    shown = desk.post(address, form, follow=True).content.decode()
    assert SECRET not in shown
    assert NEW_SECRET not in shown
    chat.refresh_from_db()
    assert chat.secrets["identity_secret_previous"] == SECRET
    assert chat.settings["identity_previous_until"] in shown
    old = {"user_id": "u", "user_hash": proof(SECRET, "u", "")}
    assert Browser().begin(**old).status_code == 200
    desk.post(address, {"site_name": "Docs", "identity_previous_until": ""})
    assert Browser().begin(**old).status_code == 401
    refused = desk.post(address, {"identity_previous_until": "soon"})
    assert refused.status_code == 422


def test_wrong_guesses_lock_out_the_guesser_alone(chat: Channel, window: None) -> None:
    guesser, ada = Browser(address="203.0.113.9"), Browser(address="198.51.100.7")
    wrong = {"user_id": "user-42", "user_hash": "0" * 64}
    codes = [guesser.begin(**wrong).status_code for _ in range(61)]
    assert codes == [401] * 60 + [429]
    assert ada.begin(user_id="user-42", user_hash=proof(SECRET, "user-42", "")).status_code == 200
