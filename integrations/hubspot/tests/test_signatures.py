"""What every channel must do, and HubSpot's signatures against its vectors."""

import base64
import hmac
import json
import time
from hashlib import sha256
from pathlib import Path

import pytest
from django.test import Client

from inbox.channels.contract import BadSignature, ChannelConfig, RawRequest
from inbox.channels.models import Delivery
from inbox.channels.testing import ChannelContract
from integrations.hubspot import signing
from integrations.hubspot.tests.conftest import config_of, connected
from rig import hubspot
from rig.hubspot import FakeHubSpot, signed

VECTORS = json.loads((Path(hubspot.__file__).parent / "vectors.json").read_text())
URL = "https://desk.example.org/hooks/hubspot/main/"


class TestContract(ChannelContract):
    """What every channel must do."""

    signature_headers = ("x-hubspot-signature-v3", "x-hubspot-request-timestamp")

    @pytest.fixture(autouse=True)
    def _connected(self, portal: FakeHubSpot) -> None:
        self.config = config_of(portal)
        portal.inbox.start("V-501", "My sync hangs")
        thread = portal.inbox.start("V-502", "Hello", channel="1000")
        portal.inbox.say(thread, "V-502", "Anybody?")
        events = portal.take()
        batches = [events[:2], events[2:4], events[4:]]
        self.raw = [request(json.dumps(batch).encode()) for batch in batches]

    def samples(self) -> list[RawRequest]:
        """A mail, a chat, and a line of a chat that goes on."""
        return self.raw


def request(body: bytes, url: str = URL, *, at: float | None = None) -> RawRequest:
    return RawRequest(headers=signed(body, url, at=at), body=body, url=url)


def config(webhook_url: str = "", **settings: str) -> ChannelConfig:
    return ChannelConfig(
        kind="hubspot",
        key="main",
        webhook_url=webhook_url,
        settings=settings,
        secrets={"client_secret": hubspot.SECRET},
    )


@pytest.mark.parametrize("name", ["hubspot-v3", "hubspot-v3-encoded"])
def test_vectors_hold(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vector = VECTORS[name]
    monkeypatch.setattr(time, "time", lambda: int(vector["timestamp"]) / 1000 + 200)
    raw = RawRequest(
        headers={
            "content-type": "application/json",
            "x-hubspot-signature-v3": vector["expected"],
            "x-hubspot-request-timestamp": vector["timestamp"],
        },
        body=vector["body"].encode(),
        method=vector["method"],
        url=vector["uri"],
    )
    signing.verify(raw, config())
    # behind a proxy Django sees another host: what HubSpot signed is the public address
    inside = RawRequest(
        **{**vars(raw), "url": raw.url.replace("desk.example.org", "10.0.0.5:8000")}
    )
    signing.verify(inside, config("https://desk.example.org/hooks/hubspot/"))
    with pytest.raises(BadSignature):
        signing.verify(inside, config())


def test_escapes_are_decoded_as_documented_and_others_are_not() -> None:
    query = "a=%3a%3A%2f%2F%3F%40%21%24%27%28%29%2A%2C%3B&b=%20%25%C3%A9&c=%3G%"
    raw = RawRequest(headers={}, body=b"", url=f"{URL}?{query}")
    wanted = f"{URL}?a=:://?@!$'()*,;&b=%20%25%C3%A9&c=%3G%"
    assert signing.signed_url(raw, config()) == wanted


@pytest.mark.parametrize("away", [-301, 301, -90_000, 10**9])
def test_time_that_is_too_far_away_is_refused(away: int) -> None:
    with pytest.raises(BadSignature):
        signing.verify(request(b"[]", at=time.time() + away), config())


@pytest.mark.parametrize("away", [-290, 0, 290])
def test_five_minutes_are_allowed(away: int) -> None:
    signing.verify(request(b"[]", at=time.time() + away), config())


@pytest.mark.parametrize("stamp", ["", "-1", "1e9", "٣٣٣", "9" * 5000, "1700000000000 ", "nan"])
def test_timestamps_that_are_no_numbers_are_refused(stamp: str) -> None:
    source = b"POST" + URL.encode() + b"[]" + stamp.encode()
    mark = base64.b64encode(hmac.new(hubspot.SECRET.encode(), source, sha256).digest()).decode()
    headers = {"x-hubspot-signature-v3": mark, "x-hubspot-request-timestamp": stamp}
    raw = RawRequest(headers={**headers, "content-type": "application/json"}, body=b"[]", url=URL)
    with pytest.raises(BadSignature):
        signing.verify(raw, config())


def test_other_methods_bodies_and_addresses_are_refused() -> None:
    raw = request(b"[]")
    for change in ({"method": "PUT"}, {"body": b"[ ]"}, {"url": URL + "?x"}):
        with pytest.raises(BadSignature):
            signing.verify(RawRequest(**{**vars(raw), **change}), config())


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_older_signatures_are_taken_only_where_they_are_allowed(version: str) -> None:
    body = b"[]"
    signed_text = hubspot.SECRET.encode() + (b"POST" + URL.encode() if version == "v2" else b"")
    mark = sha256(signed_text + body).hexdigest()
    headers = {"x-hubspot-signature": mark, "x-hubspot-signature-version": version}
    raw = RawRequest(headers={**headers, "content-type": "application/json"}, body=body, url=URL)
    with pytest.raises(BadSignature):
        signing.verify(raw, config())
    signing.verify(raw, config(legacy_signatures="yes"))
    for change in ({"body": b"[1]"}, {"headers": {**raw.headers, "x-hubspot-signature": ""}}):
        with pytest.raises(BadSignature):
            signing.verify(RawRequest(**{**vars(raw), **change}), config(legacy_signatures="yes"))


@pytest.mark.parametrize("name", ["hubspot-v1-documented", "hubspot-v2-documented"])
def test_documented_examples_of_older_signatures_hold(name: str) -> None:
    vector = VECTORS[name]
    secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
    text = vector["signed"].removeprefix(secret)
    is_get = text.startswith("GET")
    raw = RawRequest(
        headers={
            "content-type": "application/json",
            "x-hubspot-signature": vector["expected"],
            "x-hubspot-signature-version": "v2" if is_get else "v1",
        },
        body=b"" if is_get else text.encode(),
        method="GET" if is_get else "POST",
        url=text.removeprefix("GET") if is_get else URL,
    )
    old = ChannelConfig(
        kind="hubspot",
        key="main",
        settings={"legacy_signatures": "yes"},
        secrets={"client_secret": secret},
    )
    signing.verify(raw, old)


@pytest.mark.django_db
def test_door_takes_what_is_signed_over_the_public_address(portal: FakeHubSpot) -> None:
    channel = connected(portal)
    portal.inbox.start("V-501", "My sync hangs")
    body = json.dumps(portal.take()).encode()
    right = signed(body, channel.config.webhook_url)
    wrong = signed(body, "http://testserver/hooks/hubspot/main/")
    post = {"path": channel.webhook_path, "data": body, "content_type": "application/json"}
    for headers, status in ((wrong, 401), (right, 200), (right, 200)):
        given = {name: value for name, value in headers.items() if name != "content-type"}
        assert Client().post(**post, headers=given).status_code == status  # type: ignore[arg-type]  # one mapping for all
    assert Delivery.objects.count() == 1
