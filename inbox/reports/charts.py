"""Geometry of the drawings: x in per cent, y in pixels, so they stretch and text does not. Pure.

Everything a template needs is a number or a word here; it only writes attributes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

PROMISE_AT = 72.0
OVER_AT = 97.9
UNPROMISED = 0.8  # the longest row without an SLA ends before its line
ROW, TOP, BOTTOM = 44, 30, 36
LINE_TOP, LINE_HEIGHT, LINE_FOOT = 16.0, 186.0, 236
LABELS = 12


@dataclass(frozen=True, kw_only=True)
class FuseRow:
    """One channel or person: where half and nine of ten stand on the way to the promise."""

    name: str
    says: str
    icon: str
    y: int
    median: float
    p90: float
    cord_end: float
    median_words: str
    p90_words: str
    anchor: str
    is_over: bool

    @property
    def text_y(self) -> int:
        """The words stand over the marks."""
        return self.y - 11

    @property
    def median_anchor(self) -> str:
        """At the left end the words begin at the mark, so that they are not cut."""
        return "start" if self.median < 5 else "middle"

    @property
    def words_fit(self) -> bool:
        """Whether both words have room beside each other."""
        return self.p90 - self.median >= 12

    @property
    def words_fit_phones(self) -> bool:
        """Whether they have room on a phone too."""
        return self.p90 - self.median >= 24


@dataclass(frozen=True, kw_only=True)
class Fuses:
    """The drawing of first responses."""

    rows: Sequence[FuseRow]
    has_promise: bool

    @property
    def height(self) -> int:
        """The drawing's height."""
        return len(self.rows) * ROW + BOTTOM

    @property
    def foot(self) -> int:
        """Where the words under the drawing stand."""
        return self.height - 6

    @property
    def line_end(self) -> int:
        """Where the line of the promise ends."""
        return self.height - 24


@dataclass(frozen=True)
class FuseValue:
    """What a row shows; minutes."""

    name: str
    icon: str
    median: float
    p90: float
    promised: float | None
    median_words: str
    p90_words: str
    says: str


def fuses(values: Sequence[FuseValue]) -> Fuses:
    """Each row on the scale of its own promise; without one on the longest row's."""
    longest = max((value.p90 for value in values), default=0) or 1
    rows = []
    for n, value in enumerate(values):
        scale = value.promised or longest / UNPROMISED
        median, p90 = (min(PROMISE_AT * v / scale, OVER_AT) for v in (value.median, value.p90))
        over = value.promised is not None and value.p90 > value.promised
        rows.append(
            FuseRow(
                name=value.name,
                says=value.says,
                icon=value.icon,
                y=TOP + n * ROW,
                median=round(median, 1),
                p90=round(p90, 1),
                cord_end=round(min(p90, PROMISE_AT) if over else p90, 1),
                median_words=value.median_words,
                p90_words=f"{value.p90_words}, over" if over else value.p90_words,
                anchor="end" if p90 > 88 else "middle",
                is_over=over,
            )
        )
    return Fuses(rows=rows, has_promise=any(value.promised for value in values))


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One point of a line."""

    x: float
    y: float
    words: str = ""
    is_miss: bool = False
    falls: bool = False

    @property
    def words_y(self) -> float:
        """Under a miss and at the foot of a fall, else over the point."""
        return round(self.y + 19 if self.is_miss or self.falls else self.y - 10, 1)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line and its marks."""

    dots: Sequence[Dot]
    style: str = ""
    marked: bool = True

    @property
    def points(self) -> str:
        """As a polyline wants them."""
        return " ".join(f"{dot.x:.2f},{dot.y:.1f}" for dot in self.dots)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """A drawing of lines over periods."""

    lines: Sequence[Line]
    grid: Sequence[tuple[float, str]]
    ticks: Sequence[tuple[float, str]]
    goal_y: float | None = None
    goal: int | None = None
    height: int = LINE_FOOT

    @property
    def goal_words_y(self) -> float:
        """The goal's name stands under its line."""
        return round((self.goal_y or 0) + 14, 1)


def _x(n: int, of: int) -> float:
    return round(8 + 88 * n / (of - 1), 2) if of > 1 else 52.0


def _ticks(labels: Sequence[str]) -> list[tuple[float, str]]:
    every = ceil(len(labels) / LABELS)
    return [(_x(n, len(labels)), label) for n, label in enumerate(labels) if n % every == 0]


def percents(
    values: Sequence[int | None],
    labels: Sequence[str],
    goal: int,
    *,
    beside: Sequence[int | None] = (),
) -> Lines:
    """Per cent per period with a goal; periods without a value have no point.

    `beside` is a second line without marks.
    """
    known = [value for value in (*values, *beside) if value is not None]
    low = min(80, max(0, (min([*known, goal]) - 1) // 10 * 10))

    def y(value: float) -> float:
        return round(LINE_TOP + (100 - value) / (100 - low) * LINE_HEIGHT, 1)

    last = max((n for n, value in enumerate(values) if value is not None), default=-1)
    few = len(values) <= LABELS + 4
    dots = [
        Dot(
            x=_x(n, len(values)),
            y=y(value),
            words=f"{value}" if (few and value < goal) or n == last else "",
            is_miss=value < goal,
            falls=n > 0 and (values[n - 1] or 0) > value,
        )
        for n, value in enumerate(values)
        if value is not None
    ]
    step = 10 if 100 - low <= 40 else 20 if 100 - low <= 60 else 25
    grid = [(y(value), f"{value}") for value in range(100, low - 1, -step)]
    other = [
        Dot(x=_x(n, len(beside)), y=y(value)) for n, value in enumerate(beside) if value is not None
    ]
    lines = [Line(dots=dots)]
    if other:
        # a single point is no line: it needs its mark to be seen
        lines.insert(0, Line(dots=other, style="out", marked=len(other) == 1))
    return Lines(lines=lines, grid=grid, ticks=_ticks(labels), goal_y=y(goal), goal=goal)


def counts(lines: Mapping[str, Sequence[int]], labels: Sequence[str]) -> Lines:
    """Numbers per period; the key of each line is its style."""
    top = nice(max((value for line in lines.values() for value in line), default=0))

    def y(value: float) -> float:
        return round(LINE_TOP + (top - value) / top * LINE_HEIGHT, 1)

    return Lines(
        lines=[
            Line(
                style=style,
                marked=style == "in",
                dots=[Dot(x=_x(n, len(line)), y=y(value)) for n, value in enumerate(line)],
            )
            for style, line in lines.items()
        ],
        grid=[(y(value), f"{value}") for value in (0, top // 2, top)],
        ticks=_ticks(labels),
    )


def nice(value: int) -> int:
    """The next round number that is even, so that its half is whole."""
    size = 1
    while True:
        for factor in (2, 4, 6, 10):
            if factor * size >= value:
                return factor * size
        size *= 10


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar: solid for people, hatched for rules."""

    name: str
    solid: float
    hatched: float
    number: str
    beside: str = ""
    icon: str = ""
    gap: float = 0

    @property
    def hatched_at(self) -> float:
        """The hatched part begins after the solid one."""
        return round(self.solid + (0.6 if self.solid else 0), 1)


def bars(rows: Sequence[tuple[str, float, float, str, str, str]]) -> list[Bar]:
    """From (name, by people, by rules, number, beside it, icon); the longest is the measure."""
    longest = max((solid + hatched for _, solid, hatched, *_ in rows), default=0) or 1
    room = 99.4 if any(solid and hatched for _, solid, hatched, *_ in rows) else 100.0
    return [
        Bar(
            name=name,
            solid=round(room * solid / longest, 1),
            hatched=round(room * hatched / longest, 1),
            number=number,
            beside=beside,
            icon=icon,
        )
        for name, solid, hatched, number, beside, icon in rows
    ]


HEAT_LEFT, HEAT_STEP, HEAT_ROW = 7.0, 3.875, 26
SIDES = (4, 8, 12, 15, 18, 21)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Square:
    """One hour of the week; its size and its tone say the same."""

    x: float
    y: float
    level: int
    side: int
    words: str

    @property
    def corner(self) -> float:
        """Where the square begins, seen from its middle."""
        return -self.side / 2


@dataclass(frozen=True, kw_only=True)
class Heat:
    """A week of hours."""

    squares: Sequence[Square]
    names: Sequence[tuple[float, str]] = tuple(
        (17.0 + HEAT_ROW * n, name) for n, name in enumerate(DAYS)
    )
    ticks: Sequence[tuple[float, str]] = tuple(
        (round(HEAT_LEFT + HEAT_STEP * hour, 2), f"{hour}:00") for hour in range(0, 24, 3)
    )
    frames: Sequence[tuple[float, float, float, float]] = field(default_factory=tuple)


def heat(counts_: Mapping[tuple[int, int], int], open_hours: frozenset[tuple[int, int]]) -> Heat:
    """Squares for every hour, frames around the hours in which somebody is there."""
    most = max(counts_.values(), default=0) or 1
    squares = []
    for weekday in range(7):
        for hour in range(24):
            n = counts_.get((weekday, hour), 0)
            level = ceil(5 * n / most) if n else 0
            x = round(HEAT_LEFT + HEAT_STEP * (hour + 0.5), 2)
            y = 13.0 + HEAT_ROW * weekday
            words = f"{DAYS[weekday]} {hour}:00: {n}"
            squares.append(Square(x, y, level, SIDES[level], words))
    return Heat(squares=squares, frames=_frames(open_hours))


def _frames(open_hours: frozenset[tuple[int, int]]) -> list[tuple[float, float, float, float]]:
    """(x, y, width, height) of every block of days with the same open hours."""
    stretches: dict[int, list[tuple[int, int]]] = {
        day: _stretches({hour for weekday, hour in open_hours if weekday == day})
        for day in range(7)
    }
    found = []
    day = 0
    while day < 7:
        end = day
        while end < 7 and stretches[end] == stretches[day]:
            end += 1
        for begin, close in stretches[day]:
            found.append(
                (
                    round(HEAT_LEFT + HEAT_STEP * begin, 2),
                    1.0 + HEAT_ROW * day,
                    round(HEAT_STEP * (close - begin), 2),
                    HEAT_ROW * (end - day) - 2.0,
                )
            )
        day = end
    return found


def _stretches(hours: set[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for hour in sorted(hours):
        if found and found[-1][1] == hour:
            found[-1] = (found[-1][0], hour + 1)
        else:
            found.append((hour, hour + 1))
    return found
