"""Find and mask: the two things that the rest of the product asks for."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from inbox.guard.finding import assignments, shapes
from inbox.guard.finding.kinds import LABELS

# what stands behind is not looked at; larger files are refused or cut long before
LIMIT: Final = 5_000_000
# a text inside a text: what reads `\n` there is the end of a word
_ESCAPED: Final = re.compile(r"\\[nrt]")


class Span(NamedTuple):
    """A secret at `text[start:end]`; `kind` is a key of `LABELS`."""

    start: int
    end: int
    kind: str


def find(text: str) -> tuple[Span, ...]:
    """The secrets among the first `LIMIT` characters, in order, none over another."""
    text = _ESCAPED.sub("  ", text[:LIMIT])
    found = [hit for shape in shapes.SHAPES for hit in shape.spans(text)]
    found += shapes.private_keys(text)
    return _apart(found + list(assignments.spans(text)))


def masked(text: str, spans: Iterable[Span]) -> str:
    """The text with a mark where each secret was. `spans` come from `find(text)`."""
    parts: list[str] = []
    done = 0
    for span in spans:
        parts += text[done : span.start], f"[secret removed: {LABELS[span.kind]}]"
        done = span.end
    return "".join([*parts, text[done:]])


def _apart(found: list[tuple[int, int, str]]) -> tuple[Span, ...]:
    """What overlaps becomes one span under the name of the first found (vendors come first)."""
    ranked = sorted((start, end, rank) for rank, (start, end, _) in enumerate(found))
    joined: list[tuple[int, int, int]] = []
    for start, end, rank in ranked:
        if joined and start < joined[-1][1]:
            before = joined.pop()
            start, end, rank = before[0], max(end, before[1]), min(rank, before[2])
        joined.append((start, end, rank))
    return tuple(Span(start, end, found[rank][2]) for start, end, rank in joined)
