"""Secrets at rest and short signatures.

Stored credentials are encrypted with the keys of `FIELD_KEYS` (newest first; `id:key`, the key a
Fernet key). Without the variable a key file is made on first use, mode 600.
"""

import base64
import hashlib
import hmac
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import connection, models


class UnknownKey(ValueError):
    """A stored secret was encrypted with a key that the key ring does not hold."""


@cache
def key_ring() -> dict[str, bytes]:
    """Key id → Fernet key, newest first."""
    given = settings.FIELD_KEYS or _key_file(Path(settings.DATA_DIR) / "field.keys")
    pairs = (part.strip().partition(":") for part in given.split(",") if part.strip())
    return {name: key.encode() for name, _, key in pairs}


def _key_file(path: Path) -> str:
    """The key file's text, made on first use. Two first uses at once agree on one file."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(f"k1:{Fernet.generate_key().decode()}")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def encrypt(text: str) -> str:
    """`<key id>:<token>` with the newest key."""
    key_id, key = next(iter(key_ring().items()))
    return f"{key_id}:{Fernet(key).encrypt(text.encode()).decode()}"


def decrypt(stored: str) -> str:
    """The text of `encrypt`. Raises `UnknownKey` when no key of the ring opens it."""
    key_id, _, token = stored.partition(":")
    key = key_ring().get(key_id)
    if key is None:
        raise UnknownKey(f"no key {key_id!r} in the key ring")
    try:
        return Fernet(key).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise UnknownKey(f"key {key_id!r} does not open this value") from error


def signature(purpose: str, *parts: object, length: int = 16) -> str:
    """Base32 of HMAC-SHA256 over the parts, lower case, 5 bits a character.

    The key is derived from the first field key that there ever was, so that neither adding a key
    nor taking the old one away breaks an address that was already given to a customer.
    """
    master = signing_key()
    key = hashlib.sha256(b"switchboard-signature:" + purpose.encode() + b":" + master).digest()
    text = "\x1f".join(str(part) for part in parts)
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:length]


class _Signing:
    """What this process signs with, once it has asked."""

    key: bytes | None = None


def oldest_key() -> bytes:
    """The field key that signs while nothing has been rotated."""
    return list(key_ring().values())[-1]


def signing_key() -> bytes:
    """What short signatures are made with: what `rotate_keys` has kept, else the oldest key."""
    if _Signing.key is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT key FROM inbox_signingkey ORDER BY id LIMIT 1")
            row = cursor.fetchone()
        _Signing.key = decrypt(row[0]).encode() if row else oldest_key()
    return _Signing.key


def sign_with(key: bytes | None) -> None:
    """Sign with this key from now on in this process; None asks the database at the next use."""
    _Signing.key = key


def digest_of(token: str) -> str:
    """How tokens that we hand out are kept: SHA-256, hex."""
    return hashlib.sha256(token.encode()).hexdigest()


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Text that only the key ring can read; empty text stays empty."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way to the database."""
        return encrypt(value) if value else ""

    def from_db_value(self, value: str | None, *_: object) -> str:
        """Decrypt on the way back."""
        return decrypt(value) if value else ""


class EncryptedBytesField(models.BinaryField):  # type: ignore[type-arg]  # as above
    """Bytes that only the key ring can read; none stay none. What was stored plain is read so."""

    SEALED = re.compile(rb"([\w.-]+):gAAAA")

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way to the database."""
        if not value:
            return value
        key_id, key = next(iter(key_ring().items()))
        return key_id.encode() + b":" + Fernet(key).encrypt(bytes(value))

    def from_db_value(self, value: Any, *_: object) -> bytes | None:
        """Decrypt on the way back. Raises `UnknownKey` when no key of the ring opens it."""
        return unsealed(value)


def unsealed(value: Any) -> bytes | None:
    """The bytes of an `EncryptedBytesField`. Raises `UnknownKey`."""
    stored = None if value is None else bytes(value)
    found = EncryptedBytesField.SEALED.match(stored or b"")
    if stored is None or found is None:
        return stored
    key = key_ring().get(found[1].decode())
    if key is None:
        raise UnknownKey(f"no key {found[1].decode()!r} in the key ring")
    try:
        return Fernet(key).decrypt(stored[len(found[1]) + 1 :])
    except InvalidToken as error:
        raise UnknownKey(f"key {found[1].decode()!r} does not open this value") from error


class EncryptedJSONField(models.JSONField):
    """JSON that only the key ring can read. What was stored plain is read so."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way to the database."""
        return value if value is None else {"sealed": encrypt(json.dumps(value))}

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Decrypt on the way back."""
        read = super().from_db_value(value, expression, connection)
        if isinstance(read, dict) and set(read) == {"sealed"}:
            return json.loads(decrypt(read["sealed"]))
        return read
