"""Secrets that are known by their own shape: one row per vendor's mark.

A pattern begins with its literal, so that a text without it costs one search in C; the look
behind comes after the literal for the same reason. Repetitions are bounded or possessive over
a class that the look behind forbids before the mark: no character is read more than a few times.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from inbox.guard.finding import marks
from inbox.guard.finding.plausible import is_random, is_varied

Hit = tuple[int, int, str]


_LEAD: Final = 61


@dataclass(frozen=True)
class Shape:
    """What a vendor's secrets look like. Without its `mark` a text is not searched further."""

    kind: str
    mark: str
    pattern: re.Pattern[str]
    good: Callable[[str], bool] = is_varied
    lead: re.Pattern[str] | None = None

    def spans(self, text: str) -> Iterator[Hit]:
        """Where it stands; a placeholder of the same shape is left alone."""
        if self.mark not in text:
            return
        for match in self.pattern.finditer(text):
            start, end = match.span(match.lastindex or 0)
            if self.lead:
                led = self.lead.search(text[max(0, start - _LEAD) : start])
                if not led:
                    continue
                start -= len(led[0])
            if self.good(text[start:end]):
                yield start, end, self.kind


def _marked(kind: str, mark: str, body: str, good: Callable[[str], bool] = is_varied) -> Shape:
    """A literal, not in the middle of a word (an escape such as `%20` ends one), a body."""
    literal = re.escape(mark)
    begins = rf"(?:(?<![A-Za-z0-9]{literal})|(?<=%[0-9A-F][0-9A-F]{literal}))"
    return Shape(kind, mark, re.compile(f"{literal}{begins}{body}(?![A-Za-z0-9])"), good)


def _long(kind: str, mark: str, pattern: str, lead: str = "") -> Shape:
    """A pattern behind a literal; the last group, if there is one, is the secret."""
    before = re.compile(lead) if lead else None
    return Shape(kind, mark, re.compile(re.escape(mark) + pattern), lead=before)


_RUN: Final = r"[A-Za-z0-9_\-]"
# where a run begins, or behind an escape, so that no run is read twice
_ONCE: Final = rf"(?:(?<!{_RUN}eyJ)|(?<=%[0-9A-F][0-9A-F]eyJ))"

SHAPES: Final = (
    *(_marked(kind, mark, body) for kind, mark, body in marks.STRICT),
    *(_marked(kind, mark, body, is_random) for kind, mark, body in marks.LOOSE),
    *(_long(*row) for row in marks.LONG),
    *(_long(*row) for row in marks.MIDDLE),
    _long("jwt", "eyJ", rf"{_ONCE}{_RUN}{{8,}}+\.{_RUN}{{8,}}+(?:\.{_RUN}*+){{0,3}}"),
)

_FENCE: Final = re.compile(r"-----(?:(BEGIN)|END) [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_ARMOUR: Final = re.compile(
    r"(?:\s*+(?:Proc-Type|DEK-Info):[^\n]*+){0,2}+(?:\s*+[A-Za-z0-9+/=]{16,}+)*+(?:\s*+[\w+/]++=++)?+"
)
_LEAST_BODY: Final = 64


def private_keys(text: str) -> Iterator[Hit]:
    """From fence to fence. A key cut off, even to its first line, is still somebody's key."""
    if "PRIVATE KEY" not in text:
        return
    begin = None
    for fence in _FENCE.finditer(text):
        if begin is not None and not fence[1]:
            if fence.start() - begin.end() >= _LEAST_BODY:
                yield begin.start(), fence.end(), "private_key"
            begin = None
            continue
        if begin is not None:
            yield _cut_off(text, begin)
        begin = fence if fence[1] else None
    if begin is not None:
        yield _cut_off(text, begin)


def _cut_off(text: str, begin: re.Match[str]) -> Hit:
    body = _ARMOUR.match(text, begin.end())
    return begin.start(), body.end() if body else begin.end(), "private_key"
