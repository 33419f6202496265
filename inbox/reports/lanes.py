"""Counts that stand side by side in one whole number, 32 bits each. Pure.

Two such numbers added are all their counts added, so a hundred spreads are put together as fast
as a hundred numbers. A count never falls below nothing, so none borrows from its neighbour.
"""

import struct
import zlib
from collections import Counter

LANE = 32
BYTES = LANE // 8


def lane(place: int, n: int = 1) -> int:
    """A number with one count in it; a negative one takes away."""
    return n << (LANE * place)


def packed(lanes: int) -> bytes:
    """As it is stored: most lanes are empty, so it is small. Raises when a count is negative."""
    return (
        zlib.compress(lanes.to_bytes((lanes.bit_length() + 7) // 8, "little"), 1) if lanes else b""
    )


def unpacked(stored: bytes) -> int:
    """What was stored."""
    return int.from_bytes(zlib.decompress(stored), "little") if stored else 0


def counts(lanes: int) -> Counter[int]:
    """Each lane with something in it."""
    size = -(-lanes.bit_length() // LANE)
    values = struct.unpack(f"<{size}I", lanes.to_bytes(size * BYTES, "little"))
    return Counter({place: n for place, n in enumerate(values) if n})


def between(lanes: int, begin: int, end: int) -> int:
    """How many stand from one lane up to another."""
    return counts((lanes & ((1 << (LANE * end)) - 1)) >> (LANE * begin)).total()
