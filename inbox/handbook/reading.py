"""The handbook file as data: read, checked line by line, nothing stored yet."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.core.validators import slug_re

from inbox.calendars.clock import DAYS, BusinessCalendar
from inbox.channels.sources import check_settings
from inbox.common.config import DEFAULTS
from inbox.macros import actions as macro_actions
from inbox.macros import wording
from inbox.playbooks.definition import template_from
from inbox.playbooks.models import Series
from inbox.privacy.policies import check as check_retention
from inbox.routing.engine import BadRule, RuleSpec, compile_rule
from inbox.tickets import naming
from inbox.tickets.errors import VerbError

SECTIONS = (
    "people",
    "teams",
    "calendars",
    "policies",
    "channels",
    "sources",
    "rotations",
    "rules",
    "follow_ups",
    "macros",
    "playbooks",
    "series",
    "pleasantries",
    "settings",
    "categories",
)
UNITS = ("minutes", "hours", "business_minutes", "business_hours", "business_days")


class BadHandbook(ValueError):
    """The file cannot be loaded; every problem with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(kw_only=True)
class Handbook:
    """The checked file."""

    sections: dict[str, list[Any]] = field(default_factory=dict)

    def rows(self, name: str) -> list[Any]:
        """A section's rows; none when the file lacks it."""
        return self.sections.get(name, [])


class _Lines(yaml.SafeLoader):
    """A loader that remembers on which line a mapping begins."""


def _with_line(loader: _Lines, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[Any, Any] = yaml.SafeLoader.construct_mapping(loader, node, deep=True)
    found["__line__"] = node.start_mark.line + 1
    return found


_Lines.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _with_line)


def read(text: str) -> Handbook:
    """Read and check a file. Raises `BadHandbook` with every problem and its line."""
    try:
        data = yaml.load(text, Loader=_Lines)  # noqa: S506 - a SafeLoader that adds line numbers
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise BadHandbook([f"{where}not YAML: {getattr(error, 'problem', error)}"]) from error
    if not isinstance(data, dict) or data.get("version") != 1:
        raise BadHandbook(["line 1: the file must begin with `version: 1`"])
    problems: list[str] = []
    book = Handbook()
    for name, rows in data.items():
        if name in ("version", "__line__"):
            continue
        if name not in SECTIONS:
            problems.append(f"there is no section “{name}”")
        elif not isinstance(rows, list):
            problems.append(f"{name}: a list is needed")
        else:
            book.sections[name] = rows
            problems += _check_rows(name, rows)
    if problems:
        raise BadHandbook(problems)
    book.sections = {name: [_bare(row) for row in rows] for name, rows in book.sections.items()}
    return book


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if key != "__line__"}
    return [_bare(inner) for inner in value] if isinstance(value, list) else value


def _check_rows(name: str, rows: list[Any]) -> list[str]:
    check = CHECKS.get(name)
    problems = []
    for row in rows:
        if check is None:
            continue
        if not isinstance(row, dict):
            problems.append(f"{name}: “{row}” is not a row")
            continue
        line = row.get("__line__", "?")
        try:
            check(_bare(row))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            text = f"“{error.args[0]}” is missing" if isinstance(error, KeyError) else str(error)
            problems.append(f"line {line}: {name} {row.get('key', '')}: {text}")
    return problems


def amount(text: Any) -> tuple[int, str]:
    """`24 business_hours` as (24, "business_hours"). Raises `ValueError`."""
    number, _, unit = str(text).strip().partition(" ")
    unit = unit.strip()
    unit = unit if unit.endswith("s") else f"{unit}s"
    if not number.isdigit() or unit not in UNITS:
        raise ValueError(f"“{text}” is not a time like 24 business_hours")
    if not 0 < int(number) <= 100_000:
        raise ValueError(f"“{text}”: a promise lies between 1 and 100000 {unit}")
    return int(number), unit


def _only(row: Mapping[str, Any], *names: str) -> None:
    unknown = set(row) - set(names)
    if unknown:
        raise ValueError(f"unknown name “{sorted(unknown)[0]}”")


def _person(row: dict[str, Any]) -> None:
    _only(row, "username", "name", "email", "teams", "role")
    if row.get("role", "agent") not in ("admin", "agent", "light", "viewer"):
        raise ValueError(f"there is no role “{row['role']}”")
    if not row["username"]:
        raise ValueError("a username is needed")


def _team(row: dict[str, Any]) -> None:
    _only(row, "key", "name", "restricted")
    str(row["key"])


def _calendar(row: dict[str, Any]) -> None:
    _only(row, "key", "name", "zone", "week", "holidays", "closed", "feed")
    str(row["key"])
    BusinessCalendar.from_week(row.get("zone", "UTC"), row.get("week") or {})


def _policy(row: dict[str, Any]) -> None:
    _only(
        row, "key", "name", "soft", "calendar", "first_response", "next_response", "update_every",
        "acknowledge", "warn_minutes", "team_response", "categories", "priorities",
    )  # fmt: skip
    str(row["key"])
    for name in ("first_response", "next_response", "update_every", "team_response"):
        if row.get(name):
            amount(row[name])
    if row.get("acknowledge") not in (None, "", "end_of_next_business_day"):
        raise ValueError("acknowledge can be end_of_next_business_day")
    for name in ("categories", "priorities"):
        if not isinstance(row.get(name) or [], list):
            raise ValueError(f"{name} is a list")


def _channel(row: dict[str, Any]) -> None:
    _only(row, "kind", "key", "label", "settings", "policy", "owner", "purpose", "active", "use")
    str(row["kind"]), str(row["key"])
    users = row.get("use") or {}
    _only(users, "teams", "people")
    if not all(isinstance(names, list) for names in users.values()):
        raise ValueError("use names lists of teams and people")


def _source(row: dict[str, Any]) -> None:
    known = ("channel", "group", "match", "policy", "announce_to", "owner", "label")
    _only(row, *known, "tags", "upgrade")
    str(row["channel"]), str(row["group"])
    own: dict[str, Any] = {name: row[name] for name in ("tags", "upgrade") if name in row}
    if own and not row.get("match"):
        raise ValueError("tags and upgrade belong to a place: say which one with match")
    check_settings(own)


def _setting(row: dict[str, Any]) -> None:
    _only(row, "key", "value")
    name, value = str(row["key"]), row["value"]
    if name not in DEFAULTS:
        raise ValueError(f"there is no setting “{name}”")
    kind = type(DEFAULTS[name])
    if type(value) is not kind or (kind is str and name.startswith("label_") and not value.strip()):
        raise ValueError(f"“{value}” is not {KINDS[kind]}")
    if name == naming.SETTING:
        try:
            naming.checked(value)
        except VerbError as error:
            raise ValueError(error.text) from error
    if name == "retention":
        check_retention(value)


KINDS = {str: "a text", int: "a number", bool: "true or false", list: "a list", dict: "a mapping"}


def _rotation(row: dict[str, Any]) -> None:
    _only(
        row, "key", "name", "members", "handover", "calendar", "zone", "starts_on", "turn",
        "rests_when_closed", "approver", "roster",
    )  # fmt: skip
    turn_days(row.get("turn", "day"))
    hours, minutes = str(row.get("handover", "09:00")).split(":")
    if not (0 <= int(hours) < 24 and 0 <= int(minutes) < 60):
        raise ValueError("handover is a time like 09:00")


def turn_days(turn: Any) -> tuple[str, int]:
    """`day`, `week` or `3 days` as the kind of turn and its length. Raises `ValueError`."""
    if turn in ("day", "week"):
        return str(turn), 7 if turn == "week" else 1
    number, _, unit = str(turn).partition(" ")
    if not number.isdigit() or unit not in ("day", "days") or not 0 < int(number) < 100:
        raise ValueError(f"“{turn}” is not a turn: use day, week or a number such as 3 days")
    return "custom", int(number)


MINUTES = {"minute": 1, "hour": 60, "day": 1440}


def minutes(text: Any) -> int:
    """`48 hours` in minutes of plain time. Raises `ValueError`."""
    number, _, unit = str(text).strip().partition(" ")
    unit = unit.strip().removesuffix("s")
    if not number.isdigit() or unit not in MINUTES or not 0 < int(number) <= 10_000:
        raise ValueError(f"“{text}” is not a time like 48 hours")
    return int(number) * MINUTES[unit]


def follow_up_steps(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A chain's steps: each begins with its waiting time, the first one with the row's own.

    `{after: 24 hours}` between actions begins the next step. Raises `ValueError`.
    """
    steps: list[dict[str, Any]] = [{"after_minutes": minutes(row["after"])}]
    for action in row.get("then") or []:
        ((name, value),) = action.items()
        if name == "after":
            steps.append({"after_minutes": minutes(value)})
        elif name == "message":
            steps[-1]["message"] = TEXTS.get(value, value)
        elif name == "close":
            if value not in RESOLUTIONS:
                raise ValueError(f"there is no resolution “{value}”")
            steps[-1]["close"] = value
        else:
            raise ValueError(f"a follow-up cannot “{name}”; it can message, close, after")
    if any(len(step) == 1 for step in steps):
        raise ValueError("a step without a message or a close does nothing")
    return steps


# what `message: nudge` says; any other text is sent as it stands
TEXTS = {
    "nudge": (
        "Hi {name}, we have not heard from you for a while, so I am closing this for now. "
        "Whenever you get back to it, just answer here and it is open again."
    ),
    "remind": "Hi {name}, did that help? If something is missing, just answer here.",
}
RESOLUTIONS = ("no_reply", "answered", "solved")


def _follow_up(row: dict[str, Any]) -> None:
    _only(row, "key", "label", "channels", "after", "waiting_on", "then", "enabled")
    if row.get("waiting_on", "them") != "them":
        raise ValueError("a follow-up waits on them")
    if not isinstance(row.get("channels") or [], list):
        raise ValueError("channels is a list of kinds")
    str(row["key"])
    follow_up_steps(row)


def rule_spec(row: dict[str, Any]) -> RuleSpec:
    """A rule's row as the engine's value."""
    return RuleSpec(
        key=row["key"],
        label=row.get("label") or row["key"],
        trigger=row.get("when", "message"),
        condition=row.get("if") or {},
        actions=row.get("then") or [],
        stop=bool(row.get("stop", False)),
    )


def _rule(row: dict[str, Any]) -> None:
    _only(row, "key", "label", "order", "when", "if", "then", "stop", "enabled")
    try:
        compile_rule(rule_spec(row))
    except BadRule as error:
        raise ValueError(str(error)) from error


def _macro(row: dict[str, Any]) -> None:
    _only(row, "key", "name", "text", "then", "team", "channels", "categories", "order", "enabled")
    if not slug_re.fullmatch(str(row["key"])):
        raise ValueError("a key has letters, digits and hyphens")
    wording.check(str(row.get("text") or ""))
    macro_actions.check(row.get("then") or [])
    if not str(row.get("text") or "").strip() and not row.get("then"):
        raise ValueError("a macro needs a text or an action")
    for name in ("channels", "categories"):
        if not isinstance(row.get(name) or [], list):
            raise ValueError(f"{name} is a list")


def _playbook(row: dict[str, Any]) -> None:
    template_from(row)


def _series(row: dict[str, Any]) -> None:
    _only(
        row, "key", "name", "playbook", "announced_in", "meeting_url", "calendar",
        "day", "time", "minutes", "every_weeks", "starts_on", "active",
    )  # fmt: skip
    if row.get("day", DAYS[0]) not in DAYS:
        raise ValueError(f"day is one of {', '.join(DAYS)}")
    if not isinstance(row.get("time", ""), str):
        raise ValueError('write the time in quotes, like "17:00"')
    if type(row.get("starts_on")) not in (date, type(None)):
        raise ValueError("starts_on is a day like 2026-12-01")
    if type(row.get("every_weeks", 1)) is not int or row.get("every_weeks", 1) < 1:
        raise ValueError("every_weeks is a number of weeks")
    made = Series(key=row["key"], **series_values(row))
    try:
        made.clean_fields(exclude=["playbook", "calendar"])
    except ValidationError as error:
        said = [f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items()]
        raise ValueError("; ".join(said)) from error


def series_values(row: dict[str, Any]) -> dict[str, Any]:
    """What a series' row says of itself, without what it points to."""
    return {
        "name": row.get("name") or row["key"],
        "channel_label": row.get("announced_in") or "",
        "meeting_url": row.get("meeting_url") or "",
        "weekday": DAYS.index(row.get("day", DAYS[0])),
        "time": row.get("time", "17:00"),
        "minutes": row.get("minutes", 60),
        "every": row.get("every_weeks", 1),
        "starts_on": row.get("starts_on"),
        "active": bool(row.get("active", True)),
    }


CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "people": _person,
    "teams": _team,
    "calendars": _calendar,
    "policies": _policy,
    "channels": _channel,
    "sources": _source,
    "rotations": _rotation,
    "follow_ups": _follow_up,
    "rules": _rule,
    "macros": _macro,
    "playbooks": _playbook,
    "series": _series,
    "settings": _setting,
}
