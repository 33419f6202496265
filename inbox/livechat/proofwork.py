"""Under attack a stranger's browser works before it gets a token: it costs them, not us.

A challenge is signed, for one channel, two minutes and one use; nothing is kept until it is
solved. The answer is a nonce for which SHA-256(challenge ":" nonce) begins with `bits` zero bits.
Whoever has a token, or is proven by the site's server, is never asked.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from inbox.channels.models import Channel
from inbox.common.config import setting
from inbox.common.crypto import signature
from inbox.livechat.limits import is_busy, is_first, look, spend

VALID_SECONDS = 120
OFF, AUTO, ALWAYS = "off", "auto", "always"


@dataclass(frozen=True)
class Work:
    """A challenge and what a browser has found for it."""

    challenge: str = ""
    nonce: str = ""


class ProofRequired(Exception):
    """A stranger has to work first."""

    def __init__(self, challenge: str, bits: int) -> None:
        super().__init__("a proof of work is required")
        self.challenge, self.bits = challenge, bits


def admit(channel: Channel, work: Work, *, address: str, now: datetime) -> None:
    """Let a stranger in, or raise `ProofRequired` or `TooMany`.

    An address that has had its share is refused first: a flood from one place counts for nothing
    and makes nobody else work.
    """
    here = f"{channel.pk}:{address}"
    look("chat_visitors_per_address_hour", here)
    if _is_asked(channel) and not _is_solved(channel, work, now):
        spend("chat_proofs_per_address_hour", here)
        bits = int(setting("chat_proof_bits"))
        raise ProofRequired(challenge_for(channel, bits, now), bits)
    spend("chat_visitors_per_address_hour", here)


def _is_asked(channel: Channel) -> bool:
    busy = is_busy("chat_strangers_per_channel_minute", channel.pk)
    mode = channel.settings.get("proof") or AUTO
    return mode == ALWAYS or (mode == AUTO and busy)


def challenge_for(channel: Channel, bits: int, now: datetime) -> str:
    """`until.bits.random.mac`."""
    until = int(now.timestamp()) + VALID_SECONDS
    said = f"{until}.{bits}.{secrets.token_hex(8)}"
    return f"{said}.{_mac(channel, said)}"


def _is_solved(channel: Channel, work: Work, now: datetime) -> bool:
    said, _, mac = work.challenge.rpartition(".")
    if not hmac.compare_digest(_mac(channel, said).encode(), mac.encode("utf-8", "replace")):
        return False
    until, bits, _ = said.split(".")  # ours: we have signed it
    if int(until) < now.timestamp() or not has_worked(work, int(bits)):
        return False
    return is_first(f"proof:{mac}", seconds=VALID_SECONDS)


def has_worked(work: Work, bits: int) -> bool:
    """Whether the nonce fits; one hash."""
    digest = sha256(f"{work.challenge}:{work.nonce}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest) >> (256 - bits) == 0


def _mac(channel: Channel, said: str) -> str:
    return signature("chat-proof", channel.pk, said, length=26)
