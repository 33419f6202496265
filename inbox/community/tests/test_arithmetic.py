"""Adding up: what each deed brings, by kind, age and cap; said as it is reckoned."""

from datetime import timedelta

import pytest

from inbox.community.arithmetic import Scheme, reckon
from rig.desk import NOW

SCHEME = Scheme(
    points={"answered": 5, "merged": 8, "asked": 1},
    most={"asked": 5},
    ages=((90, 100), (365, 50)),
    levels={"asking": 1, "helping": 8, "regular": 30},
)


def told(**numbers: int) -> list[tuple[str, object]]:
    return [(kind, NOW) for kind, n in numbers.items() for _ in range(n)]


def of(deeds: list[tuple[str, object]]) -> tuple[str, str]:
    found = reckon(deeds, now=NOW, scheme=SCHEME)  # type: ignore[arg-type]  # the moments are NOW
    return found.words, found.level


@pytest.mark.parametrize(
    ("deeds", "words", "level"),
    [
        (told(), "nothing so far = 0", "new"),
        (told(asked=1), "1 question × 1 = 1", "asking"),
        (told(answered=3, merged=2), "3 answers × 5 + 2 merged PRs × 8 = 31", "regular"),
        (told(asked=40), "40 questions × 1 (at most 5 more) = 5", "asking"),
    ],
)
def test_the_sum_is_said_with_its_parts(
    deeds: list[tuple[str, object]], words: str, level: str
) -> None:
    assert of(deeds) == (words, level)


@pytest.mark.parametrize(("days", "score"), [(0, 5), (89, 5), (90, 2.5), (364, 2.5), (365, 0)])
def test_a_deed_counts_half_after_ninety_days_and_nothing_after_a_year(
    days: int, score: float
) -> None:
    at = NOW - timedelta(days=days)
    assert reckon([("answered", at)], now=NOW, scheme=SCHEME).score == score


def test_older_deeds_are_a_part_of_their_own() -> None:
    deeds = [("answered", NOW), ("answered", NOW - timedelta(days=100))]
    found = reckon(deeds, now=NOW, scheme=SCHEME)
    assert found.words == "1 answer × 5 + 1 older answer × 2.5 = 7.5"


def test_the_cap_holds_over_all_ages() -> None:
    deeds = [("asked", NOW)] * 4 + [("asked", NOW - timedelta(days=100))] * 9
    assert reckon(deeds, now=NOW, scheme=SCHEME).score == 5
