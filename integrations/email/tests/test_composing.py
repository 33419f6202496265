"""Mails that we build: whatever text comes in, only the intended headers and recipients go out."""

import smtplib
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import compat32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.channels.contract import ChannelConfig, DeliveryError, OutboundMessage
from integrations.email.composing import compose

CONFIG = ChannelConfig(
    kind="email",
    key="support",
    settings={"address": "support@example.com"},
    installation="desk.example.com",
)
AT = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
NAMES = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "X-Desk-Outbox",
    "MIME-Version",
    "Content-Type",
]


def outbound(**fields: object) -> OutboundMessage:
    plain = {"idempotency_key": "message:1", "external_id": "<desk.1@example.com>", "thread_key": "", "text": "Hi",
             "to": ("mira@example.org",), "created_at": AT}  # fmt: skip
    return OutboundMessage(**{**plain, **fields})  # type: ignore[arg-type]  # made of a dict


@given(st.text(max_size=300), st.text(max_size=100), st.text(max_size=200))
def test_no_text_ever_adds_a_header(subject: str, name: str, quoted: str) -> None:
    """Trust 18: also on interpreters whose own header classes let a line break through."""
    raw, _, to = compose(
        outbound(subject=subject, author_name=name, quote_text=quoted, quote_from=name), CONFIG
    )
    assert list(message_from_bytes(raw, policy=compat32).keys()) == NAMES
    assert to == ["mira@example.org"]
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("subject", [
    "=?utf-8?q?a=0d=0aBcc:_x=40evil.test?=", "a\r\nBcc: x@evil.test", "a\nBcc: x@evil.test",
    "a\u2028Bcc: x@evil.test", "a\x85Bcc: x@evil.test", "a\x00b",
])  # fmt: skip
def test_header_injection_stays_text(subject: str) -> None:
    raw, _, to = compose(outbound(subject=subject), CONFIG)
    parsed = message_from_bytes(raw, policy=compat32)
    assert (parsed["Bcc"], to) == (None, ["mira@example.org"])


@pytest.mark.parametrize("address", [
    "a@b.test, c@evil.test", "<a@b.test>", "a@b.test\r\nBcc: x@evil.test", "a b@c.test", "", "@b.test", "a@", "a@-b.test",
])  # fmt: skip
def test_anything_but_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(DeliveryError) as error:
        compose(outbound(to=(address,)), CONFIG)
    assert error.value.permanent


def test_automatic_mail_says_so_and_has_an_empty_sender() -> None:
    """RFC 3834 and L8."""
    raw, sender, _ = compose(outbound(automatic="auto-replied"), CONFIG)
    parsed = message_from_bytes(raw, policy=compat32)
    found = {
        name: parsed[name]
        for name in ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "X-Desk-Loop")
    }
    assert found == {
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
        "Precedence": "auto_reply",
        "X-Desk-Loop": "desk.example.com",
    }
    assert sender == ""


def test_second_try_is_the_same_mail_byte_for_byte() -> None:
    assert compose(outbound(), CONFIG) == compose(outbound(), CONFIG)


def test_references_keep_the_first_and_the_newest() -> None:
    ids = tuple(f"<{n}@x.test>" for n in range(40))
    raw, _, _ = compose(outbound(references=ids, in_reply_to=ids[-1]), CONFIG)
    found = message_from_bytes(raw, policy=compat32)["References"].split()
    assert (len(found), found[0], found[-1]) == (20, "<0@x.test>", "<39@x.test>")


def test_dots_at_line_starts_survive() -> None:
    assert smtplib._quote_periods(b".a\r\n..b") == b"..a\r\n...b"  # type: ignore[attr-defined]  # used by outbound
