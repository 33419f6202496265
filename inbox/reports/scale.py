"""The scale on which durations are counted: sums of days still know their percentiles. Pure.

Up to an hour a mark stands at every minute, above it marks are 5 % apart. A duration counts at
its nearest mark: it is off by half a minute at most up to an hour, by 2.5 % above.
"""

from collections.abc import Mapping
from math import ceil, log

FINE = 60
RATIO = 1.05
HIGHEST = 350  # about 190 years


def bucket_of(seconds: float) -> int:
    """The mark nearest to a duration."""
    minutes = max(seconds, 0) / 60
    if minutes <= FINE:
        return round(minutes)
    return min(FINE + round(log(minutes / FINE, RATIO)), HIGHEST)


def minutes_at(bucket: int) -> float:
    """The duration at a mark, in minutes."""
    return float(bucket) if bucket <= FINE else FINE * RATIO ** (bucket - FINE)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """Minutes within which that share of all lies (nearest rank); None when there are none."""
    total = sum(counts.values())
    rank, seen = ceil(share * total), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if counts[bucket] and seen >= max(rank, 1):
            return minutes_at(bucket)
    return None
