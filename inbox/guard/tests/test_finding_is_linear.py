"""The time of a search is that of the text, whatever a stranger writes into it.

No clock: the patterns are taken apart and their worst case is counted, and the calls of our own
functions are counted over hostile texts. `make bench` prints the milliseconds.
"""

import re
import sys
from re import _constants as op  # type: ignore[attr-defined]  # the only way to see the parts
from re import _parser as parser  # type: ignore[attr-defined]  # the only way to see the parts
from types import FrameType
from typing import Any, Final

import pytest

from inbox.guard.finding import assignments, find, plausible, shapes

ENDLESS: Final = 10**6
# from one place in the text: how often a character behind it may be looked at
STEPS_FROM_A_MARK: Final = 9_000
SEARCHED: Final = {
    **{f"{shape.kind} {shape.mark}": shape.pattern for shape in shapes.SHAPES},
    **{f"{name.kind} {name.stem}": name.pattern for name in assignments.NAMES},
}
JUDGING: Final = {
    f"{module.__name__} {name}": value
    for module in (plausible, assignments, shapes)
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
}

SIZE: Final = 5_000
CALLS_FOR_A_CHARACTER: Final = 4
UNITS: Final = (
    *("a", "0", "A", "=", '"', "-", ".", ":", "/", "\n", "\\", "\\n", "%20", "İ", "x:x@", "$1{"),
    *("eyJ", "eyJaaaaaaaa.", "://a:", "://a:aaa", "a://b:c@", "pw:a1b2c3d4e5 ", "-Aa1b2c3" * 3),
    *("-----BEGIN PRIVATE " + "KEY-----", "-----BEGIN " + "A " * 15, 'key="a1B2c3D4e5f6G7h8" '),
    *(shape.mark + end for shape in shapes.SHAPES for end in ("", "aB3dE6gH9k")),
    *(name.stem + end for name in assignments.NAMES for end in ("", "=a1b2c3 ")),
)


def longest(items: Any) -> tuple[int, int]:
    """Characters that can be read, and ways to read them again after a failure."""
    length, ways = 0, 1
    for code, value in items:
        more, again = 1, 1
        if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, inside = value
            inner, inner_ways = longest(inside)
            most = min(int(most), ENDLESS)
            more = inner * most
            if code is not op.POSSESSIVE_REPEAT:
                assert inner_ways == 1 or most == 1, "a repetition is repeated"
                again = (most - least + 1) * inner_ways
        elif code is op.BRANCH:
            found = [longest(branch) for branch in value[1]]
            more, again = max(f[0] for f in found), sum(f[1] for f in found)
        elif code in (op.SUBPATTERN, op.ASSERT, op.ASSERT_NOT):
            more, again = longest(value[-1])
            again = again if code is op.SUBPATTERN else 1
        elif code is op.ATOMIC_GROUP:
            more, again = longest(value)[0], 1
        elif code in (op.AT, op.GROUPREF):
            more = 0
        length, ways = length + more, ways * again
    return length, ways


@pytest.mark.parametrize("name", SEARCHED)
def test_no_pattern_reads_on_without_end(name: str) -> None:
    length, ways = longest(parser.parse(SEARCHED[name].pattern, SEARCHED[name].flags))
    if name == "jwt eyJ":  # as far as the run goes; a run begins once
        assert (length > ENDLESS, ways) == (True, 8)
        return
    assert length <= STEPS_FROM_A_MARK


@pytest.mark.parametrize("name", JUDGING)
def test_no_repetition_is_repeated_in_what_judges_a_value(name: str) -> None:
    longest(parser.parse(JUDGING[name].pattern, JUDGING[name].flags))


def calls_for(text: str) -> int:
    """Python's own count of the calls while a text is searched."""
    count = 0

    def counted(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        find(text)
    finally:
        sys.setprofile(before)
    return count


def test_four_times_the_text_is_at_most_four_times_the_work() -> None:
    for unit in UNITS:
        once = (unit * (SIZE // len(unit) + 1))[:SIZE]
        work = calls_for(once * 4)
        assert work <= 4 * calls_for(once) + 200, unit
        assert work <= 4 * SIZE * CALLS_FOR_A_CHARACTER, unit
