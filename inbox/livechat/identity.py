"""Who a site's server says its visitor is: a hash or a token, signed with the channel's secret.

Two secrets may count at once: the channel's own, and the one before it until a day that is set
when the secret is changed, so that a site can change its side in peace. Pure.
"""

import base64
import binascii
import hmac
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

LONGEST = timedelta(hours=1)
SKEW = timedelta(minutes=1)  # between the site's clock and ours
MOST_TOKEN = 4096
MOST_ID, MOST_EMAIL, MOST_NAME = 200, 250, 120
ADDRESS = re.compile(r"^[^@\s<>,;]{1,64}@[^@\s<>,;]{1,180}\.[^@\s<>,;]{2,24}$")


class WrongProof(Exception):
    """The site's signature of who this is does not fit."""


@dataclass(frozen=True, kw_only=True)
class Proven:
    """Whom the site's server has signed. The address is proven only where it was signed too."""

    user_id: str = ""
    email: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """The visitor's key in the channel: the same person on every device."""
        kind, subject = ("id", self.user_id) if self.user_id else ("mail", self.email.lower())
        return f"{kind}-{sha256(subject.encode()).hexdigest()[:40]}"


def proof(secret: str, user_id: str, email: str) -> str:
    """Hex HMAC-SHA256 of the user's id, else of the address in lower case."""
    return hmac.new(secret.encode(), (user_id or email.lower()).encode(), sha256).hexdigest()


def by_hash(secrets: list[str], *, user_id: str, email: str, given: str) -> Proven:
    """Raises `WrongProof`. A hash of the id says nothing about the address beside it."""
    sent = given.encode("utf-8", "replace")
    right = [hmac.compare_digest(proof(s, user_id, email).encode(), sent) for s in secrets]
    if not any(right) or not (user_id or email):
        raise WrongProof
    return Proven(user_id=user_id) if user_id else Proven(email=email)


# ------------------------------------------------------------------ JWT, HS256 alone


def by_jwt(secrets: list[str], token: str, *, audience: str, now: datetime) -> Proven:
    """Raises `WrongProof`: also when it is too old, too long valid or for another site."""
    try:
        head, body, mac = token[: MOST_TOKEN + 1].split(".")
        signed, given = f"{head}.{body}".encode("ascii"), _bytes(mac)
        header, claims = _object(head), _object(body)
    except (ValueError, RecursionError):
        raise WrongProof from None
    # the algorithm is ours to choose: a token never names one, or a key, that we would follow
    plain = set(header) <= {"alg", "typ", "kid"} and header.get("typ", "JWT") == "JWT"
    right = [hmac.compare_digest(hmac.digest(s.encode(), signed, "sha256"), given) for s in secrets]
    if len(token) > MOST_TOKEN or not plain or header.get("alg") != "HS256" or not any(right):
        raise WrongProof
    if claims.get("aud") != audience or not _is_now(claims, now):
        raise WrongProof
    return _proven(claims)


def _is_now(claims: dict[str, Any], now: datetime) -> bool:
    begun, over = claims.get("iat"), claims.get("exp")
    if type(begun) is not int or type(over) is not int:  # True is an int, too
        return False
    moment = now.timestamp()
    lasts = 0 < over - begun <= LONGEST.total_seconds()
    return lasts and begun <= moment + SKEW.total_seconds() and moment < over


def _proven(claims: dict[str, Any]) -> Proven:
    texts = {}
    for name, most in (("user_id", MOST_ID), ("email", MOST_EMAIL), ("name", MOST_NAME)):
        value = claims.get(name, "")
        if not isinstance(value, str) or len(value) > most or not _is_plain(value):
            raise WrongProof
        texts[name] = value.strip()
    email = texts["email"]
    if not (texts["user_id"] or email) or (email and not ADDRESS.match(email)):
        raise WrongProof
    return Proven(**texts)


def _is_plain(text: str) -> bool:
    """No control characters, no halves of surrogate pairs: no database keeps them."""
    return not any(unicodedata.category(char) in ("Cc", "Cs") for char in text)


def _bytes(part: str) -> bytes:
    """Base64 without padding, in its one spelling. Raises `ValueError`."""
    try:
        found = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(part) from error
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != part:
        raise ValueError(part)
    return found


def _object(part: str) -> dict[str, Any]:
    found = json.loads(_bytes(part), parse_constant=_refuse, object_pairs_hook=_once)
    if not isinstance(found, dict):
        raise ValueError(part)
    return found


def _refuse(name: str) -> None:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
