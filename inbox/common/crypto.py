"""Secrets at rest and short signatures.

Stored credentials are encrypted with the keys of `FIELD_KEYS` (newest first; `id:key`, the key a
Fernet key). Without the variable a key file is made on first use, mode 600.
"""

import base64
import hashlib
import hmac
import os
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import models


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

    The key is derived from the oldest field key, so that adding a new key breaks no address that
    was already given to a customer.
    """
    master = list(key_ring().values())[-1]
    key = hashlib.sha256(b"switchboard-signature:" + purpose.encode() + b":" + master).digest()
    text = "\x1f".join(str(part) for part in parts)
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:length]


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
