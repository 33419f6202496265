"""Keys are exchanged, and the old one can be thrown away."""

import json
from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from inbox.channels.models import Channel, Delivery, Lookup
from inbox.common import crypto
from inbox.common.models import SigningKey
from inbox.operations import rotating
from inbox.operations.connecting import connect
from inbox.privacy import keys
from inbox.tickets.tokens import token_for

pytestmark = pytest.mark.django_db
OLD, NEW = (f"{name}:{Fernet.generate_key().decode()}" for name in ("k1", "k2"))


@pytest.fixture
def ring(settings: Settings) -> Iterator[Settings]:
    """A ring of one key."""
    _use(settings, OLD)
    yield settings
    crypto.key_ring.cache_clear()
    crypto.sign_with(None)


def _use(settings: Settings, *pairs: str) -> None:
    settings.FIELD_KEYS = ",".join(pairs)
    crypto.key_ring.cache_clear()
    crypto.sign_with(None)


def _channel() -> Channel:
    given = {"address": "s@example.com", "imap_url": "imaps://u:secret@mail.example.com/INBOX"}
    connect("email", "support", given)
    return Channel.objects.get(key="support")


def _stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secrets_text FROM inbox_channel")
        return str(cursor.fetchone()[0])


def test_after_a_rotation_the_old_key_can_be_removed(
    ring: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Secrets in columns, secrets inside JSON, and reply addresses that customers have."""
    before, token = _channel().secrets, token_for(7, "mira@example.org")
    totp = {"secret": crypto.encrypt("seed"), "said": "k9:gAAAAno-token-of-ours", "n": 3}
    Lookup.objects.create(kind="x", key="y", data=totp, fetched_at="2026-11-18T10:00Z")
    assert _stored().startswith("k1:")
    _use(ring, NEW, OLD)
    call_command("rotate_keys")
    said = json.loads(capsys.readouterr().out)
    assert said == {
        "inbox.channel.secrets_text": {"renewed": 1},
        "inbox.lookup.data": {"renewed": 1},
    }
    _use(ring, NEW)
    assert (_stored()[:3], Channel.objects.get().secrets) == ("k2:", before)
    assert crypto.decrypt(Lookup.objects.get().data["secret"]) == "seed"
    assert token_for(7, "mira@example.org") == token


def test_a_second_rotation_finds_nothing_to_do(ring: Settings) -> None:
    _channel()
    _use(ring, NEW, OLD)
    call_command("rotate_keys")
    stored = _stored()
    call_command("rotate_keys")
    assert (_stored(), SigningKey.objects.count()) == (stored, 1)


def test_an_interrupted_rotation_goes_on(ring: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        connect("livechat", f"s{n}", {"site_name": "x", "identity_secret": "a secret of a site"})
    _use(ring, NEW, OLD)
    monkeypatch.setattr(keys, "AT_ONCE", 2)
    column = Channel._meta.get_field("secrets_text")
    next(keys.rotate(Channel, column))  # the first batch, then nothing
    assert _count("k2:%") == 2
    call_command("rotate_keys")
    assert (_count("k2:%"), _count("k1:%")) == (5, 0)


def _count(like: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inbox_channel WHERE secrets_text LIKE %s", [like])
        return int(cursor.fetchone()[0])


def test_a_secret_that_no_key_opens_is_said_and_left(
    ring: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    _channel()
    _use(ring, NEW)
    with pytest.raises(SystemExit):
        call_command("rotate_keys")
    assert json.loads(capsys.readouterr().out) == {"inbox.channel.secrets_text": {"unreadable": 1}}
    assert _stored().startswith("k1:")


PLAIN = [
    b"\x00\xff 100 % of it, with a \\ and a '",
    b"Subject: caf\xe9\r\n\r\nthe token is k1:gAAAAAB, and k1 is a name",
]


def test_what_was_stored_plain_is_sealed_once_and_read_as_it_was(ring: Settings) -> None:
    """On the suite's database: bytes that are no text, a quoted token, JSON with nothing in it."""
    channel, now = _channel(), timezone.now()
    completed: list[dict[str, str]] = [{"who": "mira"}, {}]
    for number, (body, known) in enumerate(zip(PLAIN, completed, strict=True)):
        row = Delivery.objects.create(channel=channel, dedupe_key=str(number), received_at=now)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE inbox_delivery SET body = %s, completed = %s WHERE id = %s",
                [body, json.dumps(known), row.pk],
            )
    Delivery.objects.create(channel=channel, dedupe_key="sealed", body=b"new", received_at=now)
    _use(ring, NEW, OLD)
    done = rotating.rotate()
    assert done["inbox.delivery.body"] == {"renewed": 1, "sealed": 2}
    assert done["inbox.delivery.completed"] == {"sealed": 2}
    assert {word for counts in rotating.rotate().values() for word in counts} == {"kept"}
    rows = Delivery.objects.order_by("pk")
    assert [bytes(row.body) for row in rows] == [*PLAIN, b"new"]
    assert [row.completed for row in rows] == [*completed, None]
    with connection.cursor() as cursor:
        cursor.execute("SELECT body, completed FROM inbox_delivery ORDER BY id")
        stored = cursor.fetchall()
    assert [bytes(body)[:9] for body, _ in stored] == [b"k2:gAAAAA"] * 3
    assert [str(known)[:9] for _, known in stored] == ['{"sealed"', '{"sealed"', "None"]
