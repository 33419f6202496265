"""What deeds add up to: so many points each, less with age, some kinds only up to a sum."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

# one, several; the older ones are said to be so
WORDS: Mapping[str, tuple[str, str]] = {
    "answered": ("answer", "answers"),
    "credited": ("solution", "solutions"),
    "merged": ("merged PR", "merged PRs"),
    "proposed": ("PR", "PRs"),
    "reported": ("issue", "issues"),
    "asked": ("question", "questions"),
    "event": ("event", "events"),
    "elsewhere": ("activity elsewhere", "activities elsewhere"),
}
LOWEST = "new"


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """How it is counted, as the settings say it."""

    points: Mapping[str, float]
    most: Mapping[str, float]  # all that one kind can bring
    ages: tuple[tuple[int, float], ...]  # (up to days, per cent), the youngest first
    levels: Mapping[str, float]  # from which sum on


@dataclass(frozen=True, kw_only=True)
class Part:
    """The deeds of one kind and age: `n` of them, `each` points."""

    kind: str
    n: int
    each: float
    points: float
    is_older: bool = False

    @property
    def words(self) -> str:
        """`3 answers × 5`; with what is left of it where a kind is capped."""
        name = WORDS[self.kind][self.n != 1]
        said = f"{self.n} {'older ' if self.is_older else ''}{name} × {self.each:g}"
        capped = self.points < round(self.n * self.each, 2)
        return f"{said} (at most {self.points:g} more)" if capped else said

    def as_data(self) -> dict[str, Any]:
        """For the row that keeps it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Sum:
    """What came out, and how."""

    parts: tuple[Part, ...]
    score: float
    level: str

    @property
    def words(self) -> str:
        """`3 answers × 5 + 2 merged PRs × 8 = 31`."""
        if not self.parts:
            return "nothing so far = 0"
        return f"{' + '.join(part.words for part in self.parts)} = {self.score:g}"


def reckon(deeds: Iterable[tuple[str, datetime]], *, now: datetime, scheme: Scheme) -> Sum:
    """Add up (kind, moment) of everything somebody did."""
    counted: Counter[tuple[str, int]] = Counter()
    for kind, at in deeds:
        band = next((n for n, (days, _) in enumerate(scheme.ages) if (now - at).days < days), None)
        if band is not None and scheme.points.get(kind):
            counted[kind, band] += 1
    parts = [
        part
        for kind in WORDS
        for part in _of_kind(kind, [counted[kind, n] for n in range(len(scheme.ages))], scheme)
    ]
    score = round(sum(part.points for part in parts), 2)
    return Sum(parts=tuple(parts), score=score, level=level_of(score, scheme))


def _of_kind(kind: str, numbers: list[int], scheme: Scheme) -> Iterable[Part]:
    left = scheme.most.get(kind, float("inf"))
    for band, n in enumerate(numbers):
        each = round(scheme.points.get(kind, 0) * scheme.ages[band][1] / 100, 2)
        points = min(round(n * each, 2), left)
        left -= points
        if n and each:
            yield Part(kind=kind, n=n, each=each, points=points, is_older=band > 0)


def level_of(score: float, scheme: Scheme) -> str:
    """The highest level whose sum is reached."""
    reached = [(least, name) for name, least in scheme.levels.items() if score >= least]
    return max(reached)[1] if reached else LOWEST
