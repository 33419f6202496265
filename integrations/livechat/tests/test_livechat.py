"""Live chat as a channel: signed bodies alone, one line is one message."""

import base64
import json
from dataclasses import replace

import pytest
import time_machine

from inbox.channels import registry
from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    ConfigError,
    MalformedBody,
    OutboundMessage,
    RawRequest,
)
from inbox.channels.testing import ChannelContract
from integrations.livechat import inbound, outbound

SECRET = "an identity secret of a site"
CONFIG = ChannelConfig(
    kind="livechat",
    key="docs",
    settings={"site_name": "Docs", "origins": "https://example.com"},
    secrets={"identity_secret": SECRET},
)
LINE = {
    "conversation": "c0ffee",
    "line": "line-0001",
    "visitor": {"id": "anon-1", "name": "Ada", "email": "ada@example.org", "verified": False},
    "text": "How do I *drop* a slot?",
    "at": "2026-11-18T10:00:00+00:00",
    "page": "https://example.com/start",
}


def signed(**changes: object) -> RawRequest:
    body = json.dumps({**LINE, **changes}).encode()
    return RawRequest(headers={inbound.SIGNATURE: inbound.sign(body, SECRET)}, body=body)


class TestLiveChat(ChannelContract):
    """Lines of a visitor, with and without a file."""

    config = CONFIG
    signature_headers = (inbound.SIGNATURE,)

    def samples(self) -> list[RawRequest]:
        """A line, and a line with a file."""
        file = {"name": "log.txt", "type": "text/plain", "base64": base64.b64encode(b"x").decode()}
        return [signed(), signed(line="line-0002", file=file)]


def test_a_line_is_read_whole() -> None:
    (message,) = inbound.parse(signed(), CONFIG, None).messages
    assert (message.thread_key, message.message_key) == ("c0ffee", "c0ffee:line-0001")
    assert (message.author.external_id, message.author.name) == ("anon-1", "Ada")
    assert message.author.verified is False
    assert message.author.email == ""  # a claim never names an account
    assert message.text == "How do I *drop* a slot?"
    assert message.permalink == "https://example.com/start"


@pytest.mark.parametrize(
    "changes",
    [
        {"conversation": "../x"},
        {"line": "a" * 65},
        {"visitor": None},
        {"at": "yesterday"},
        {"at": "2026-11-18T10:00:00"},
        {"file": {"base64": "***"}},
    ],
)
def test_what_is_no_line_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(MalformedBody):
        inbound.parse(signed(**changes), CONFIG, None)


def test_another_sites_signature_is_refused() -> None:
    other = replace(CONFIG, secrets={"identity_secret": "of another site altogether"})
    with pytest.raises(BadSignature):
        inbound.verify(signed(), other)


@pytest.mark.parametrize(
    ("until", "counts"), [("2026-11-20", False), ("2026-11-21", True), ("", False), ("soon", False)]
)
def test_the_secret_before_counts_until_its_day_is_over(until: str, counts: bool) -> None:
    both = replace(
        CONFIG,
        settings={**CONFIG.settings, "identity_previous_until": until},
        secrets={"identity_secret": "another one of this site", "identity_secret_previous": SECRET},
    )
    with time_machine.travel("2026-11-21T23:00:00Z"):
        if counts:
            inbound.verify(signed(), both)
            return
        with pytest.raises(BadSignature):
            inbound.verify(signed(), both)


def test_rules_get_what_was_said_before_the_first_line() -> None:
    (message,) = inbound.parse(
        signed(topic="Billing", referrer="https://x.example/"), CONFIG, None
    ).messages
    assert message.facts == {
        "page": "https://example.com/start",
        "referrer": "https://x.example/",
        "topic": "Billing",
        "purpose": "",
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"origins": "example.com"},
        {"origins": "https://example.com/path"},
        {"origins": "https://*"},
        {"origins": "https://a.example; script-src *"},
        {"purpose": "sales"},
        {"invite_url": "javascript:alert(1)"},
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, str]) -> None:
    kind = registry.get("livechat")
    with pytest.raises(ConfigError):
        kind.validate(replace(CONFIG, settings=settings))
    kind.validate(CONFIG)


def test_sending_twice_is_one_message() -> None:
    message = OutboundMessage(
        idempotency_key="message:7", external_id="", thread_key="c0ffee", text="Hi"
    )
    assert outbound.send(message, CONFIG) == outbound.send(message, CONFIG)
