"""What a report is: a finding, what to do about it, a table, and a drawing. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Value = str | int | float | None


@dataclass(frozen=True)
class Column:
    """A column; `unit` says how its numbers are meant: "", "min", "h", "%"."""

    name: str
    unit: str = ""
    is_number: bool = True

    @property
    def heading(self) -> str:
        """The name with its unit, for tables without formatting."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True, kw_only=True)
class Report:
    """One card of the page, one CSV file, one object of the API."""

    key: str
    title: str
    lead: str
    finding: str
    advice: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    chart: str  # the template that draws it
    drawing: Any = None
    wide: bool = False
    legend: Sequence[tuple[str, str]] = ()
    link: tuple[str, str] | None = None

    @property
    def shown(self) -> list[list[tuple[str, bool]]]:
        """The table as people read it: words, and whether they are a number."""
        return [
            [
                (shown(value, column.unit), column.is_number)
                for value, column in zip(row, self.columns, strict=True)
            ]
            for row in self.rows
        ]

    def as_data(self) -> dict[str, Any]:
        """As the API gives it."""
        return {
            "key": self.key,
            "title": self.title,
            "finding": self.finding,
            "advice": self.advice,
            "columns": [{"name": column.name, "unit": column.unit} for column in self.columns],
            "rows": [list(row) for row in self.rows],
        }


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One of the four numbers at the head of the page."""

    name: str
    state: str
    value: str
    share: int
    says: str


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the values of the dimensions are called."""

    channel: dict[str, str] = field(default_factory=dict)
    person: dict[str, str] = field(default_factory=dict)
    team: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)  # of channels, for their icons
    promised: dict[str, float] = field(default_factory=dict)  # minutes, by channel
    open_hours: frozenset[tuple[int, int]] = frozenset()  # (weekday, hour), in the reader's zone
    calendar: str = ""
    goal: int = 92

    def of(self, dim: str, value: str) -> str:
        """The name of a value; what has none is named for what it lacks."""
        if dim == "category":
            return value or "Not sorted"
        if dim == "priority":
            return value.capitalize()
        known: dict[str, str] = getattr(self, dim)
        lacking = {"person": "Unassigned", "team": "No team"}
        nameless = {"team": "Another team"}  # gone, or restricted to others
        return known.get(value) or (
            lacking.get(dim, "Gone") if value == "0" else nameless.get(dim, "Gone")
        )


def shown(value: Value, unit: str = "") -> str:
    """A cell for people; nothing is a dash."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    formats: dict[str, Callable[[float], str]] = {"min": spell, "h": _hours, "%": _percent}
    return formats.get(unit, _number)(value)


def spell(minutes: float) -> str:
    """Minutes as "47 min" or "3 h 15", whatever clock counted them."""
    whole = round(minutes)
    if whole < 60:
        return f"{whole} min"
    hours, rest = divmod(whole, 60)
    if hours >= 100:
        return f"{round(minutes / 60)} h"
    return f"{hours} h {rest:02}" if rest else f"{hours} h"


def _hours(hours: float) -> str:
    if hours < 48:
        return spell(hours * 60)
    days, rest = divmod(round(hours), 24)
    return f"{days} days {rest} h" if rest else f"{days} days"


def _percent(value: float) -> str:
    return f"{value:g} %"


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u202f") if float(value).is_integer() else f"{value:g}"


def percent(part: int, whole: int) -> int | None:
    """Whole per cent; none of none is nothing."""
    return round(100 * part / whole) if whole else None


def change(now: int, before: int) -> str:
    """The difference with its sign: +9, −12, 0."""
    by = now - before
    return f"+{by}" if by > 0 else f"−{-by}" if by else "0"
