"""A rule as rows of a form, and rows as a rule: no JSON, no script.

A condition is a tree; its rows are the tree read from the top, each with its level. "All of" and
"Any of" hold the rows below them that stand one level deeper.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inbox.routing.conditions import FIELDS, FLAG, split_leaf
from inbox.routing.engine import ACTIONS

GROUPS = {"all": "All of these:", "any": "Any of these:", "not": "Not this:"}
CONDITION = "condition"
YES = {"yes", "true", "1", "on"}


class BadRow(ValueError):
    """Rows that make no rule; the text is for the person who edits."""


@dataclass(frozen=True)
class Row:
    """One line of the condition."""

    level: int = 0
    what: str = CONDITION
    field: str = ""
    operator: str = "is"
    value: str = ""


def rows_of(tree: Any, level: int = 0) -> Iterator[Row]:
    """A condition's rows."""
    if not isinstance(tree, Mapping) or not tree:
        return
    name, value = next(iter(tree.items()))
    if name in GROUPS:
        yield Row(level=level, what=name)
        for part in [value] if name == "not" else value:
            yield from rows_of(part, level + 1)
        return
    field, operator, wanted = split_leaf(name, value)
    yield Row(level=level, field=field, operator=operator, value=_shown(wanted))


def _shown(wanted: Any) -> str:
    if isinstance(wanted, bool):
        return "yes" if wanted else "no"
    if isinstance(wanted, list | tuple):
        return " | ".join(str(item) for item in wanted)
    return str(wanted)


def tree_of(rows: Sequence[Row]) -> dict[str, Any]:
    """The condition that rows describe. Raises `BadRow`."""
    if not rows:
        return {}
    parts, rest = _siblings(list(rows), rows[0].level)
    if rest:
        raise BadRow("A row stands less deep than the first one.")
    return parts[0] if len(parts) == 1 else {"all": parts}


def _siblings(rows: list[Row], level: int) -> tuple[list[dict[str, Any]], list[Row]]:
    parts: list[dict[str, Any]] = []
    while rows and rows[0].level >= level:
        row = rows.pop(0)
        if row.level > level:
            raise BadRow("A row stands too deep: put it under “All of these” or “Any of these”.")
        if row.what == CONDITION:
            parts.append(_leaf(row))
            continue
        inner, rows[:] = _siblings(rows, level + 1)
        if not inner:
            raise BadRow(f"“{GROUPS[row.what]}” has no rows below it.")
        parts.append({row.what: _negated(inner) if row.what == "not" else inner})
    return parts, rows


def _negated(inner: list[dict[str, Any]]) -> dict[str, Any]:
    return inner[0] if len(inner) == 1 else {"all": inner}


def _leaf(row: Row) -> dict[str, Any]:
    if row.field not in FIELDS:
        raise BadRow("Choose what a condition looks at.")
    if FIELDS[row.field][0] == FLAG:
        return {row.field: row.value.strip().lower() in YES}
    # a pattern may hold the bar itself; everything else is a list at the bars
    single = row.operator == "matches"
    values = [row.value.strip()] if single else [v.strip() for v in row.value.split("|")]
    values = [value for value in values if value]
    wanted: Any = values[0] if len(values) == 1 else values
    if row.operator == "exists" and not values:
        wanted = True
    return {row.field: wanted} if row.operator == "is" else {row.field: {row.operator: wanted}}


def action_rows(actions: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """(action, value) lines."""
    return [(name, _shown(value)) for action in actions for name, value in action.items()]


def actions_of(rows: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The actions that lines describe."""
    return [{name: _action_value(name, value)} for name, value in rows]


def _action_value(name: str, value: str) -> Any:
    kind = ACTIONS.get(name)
    if kind == "flag":
        return True
    if kind == "words" and "|" in value:
        return [word.strip() for word in value.split("|") if word.strip()]
    return value.strip()
