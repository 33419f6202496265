"""Signed reply tokens: `<ticket number>-<16 base32 characters>` over ticket and recipient (L1).

80 bits that nobody can guess; they stand in the plus part of our address, or in the subject.
"""

import hmac

from inbox.common import crypto


def token_for(ticket_number: int, recipient: str) -> str:
    """The token that lets answers of this recipient join this ticket."""
    return f"{ticket_number}-{crypto.signature('reply', ticket_number, recipient.lower())}"


def number_of(token: str) -> int | None:
    """The ticket that a token claims; nothing is proven yet."""
    number, _, mac = token.partition("-")
    plain = number.isascii() and number.isdigit() and len(number) <= 15 and bool(mac)
    return int(number) if plain else None


def is_for(token: str, number: int, recipient: str) -> bool:
    """Whether this is the recipient's own token; compared in constant time."""
    wanted = token_for(number, recipient).encode()
    return hmac.compare_digest(wanted, token.lower().encode("utf-8", "replace"))
