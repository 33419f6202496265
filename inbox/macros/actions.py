"""What a macro does beside its words: a closed list, checked and said in plain words. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from inbox.macros.wording import BadMacro
from inbox.tickets.states import Kind, Priority, Resolution

MOST = 10
FLAG, WORDS, TEXT, SPAN = "flag", "words", "text", "span"
# in the order in which they are done: what ends the work comes last
ACTIONS: dict[str, tuple[str, str]] = {
    "category": (TEXT, "set the category {v}"),
    "priority": (TEXT, "set the priority {v}"),
    "kind": (TEXT, "call it {v}"),
    "tag": (WORDS, "tag it {v}"),
    "untag": (WORDS, "take off the tag {v}"),
    "assign": (TEXT, "give it to {v}"),
    "assign_team": (TEXT, "give it to the team {v}"),
    "wait": (FLAG, "wait for them"),
    "hold": (TEXT, "put it on hold: {v}"),
    "close": (TEXT, "close it as {v}"),
    "snooze": (SPAN, "snooze it for {v}"),
}
ENDINGS = {"wait", "hold", "close"}
# the other resolutions need a link or a note, which a macro cannot know
RESOLUTIONS = ("answered", "solved", "no_reply", "duplicate", "transactional")
CHOICES: dict[str, Sequence[str]] = {
    "priority": Priority.values,
    "kind": Kind.values,
    "close": RESOLUTIONS,
}
SPOKEN = {"me": "me", "on_duty": "whoever is on duty"}
_SPAN = re.compile(r"^([1-9]\d{0,3}) (minute|hour|day)s?$")

Action = Mapping[str, Any]


def check(actions: Any) -> None:
    """Raises `BadMacro` with words for the editor."""
    if not isinstance(actions, list) or len(actions) > MOST:
        raise BadMacro(f"A macro has a list of at most {MOST} actions.")
    for action in actions:
        if not isinstance(action, Mapping) or len(action) != 1:
            raise BadMacro("An action has one name and one value.")
        _check_one(*pair(action))
    names = [pair(action)[0] for action in actions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise BadMacro(f"“{twice}” stands there twice.")
    endings = ENDINGS & set(names)
    if len(endings) > 1:
        raise BadMacro(f"Only one of {', '.join(sorted(endings))} can be done.")
    if {"snooze", "close"} <= set(names):
        raise BadMacro("What is closed cannot be snoozed.")


def _check_one(name: str, value: Any) -> None:
    if name not in ACTIONS:
        raise BadMacro(f"There is no action “{name}”; there are {', '.join(ACTIONS)}.")
    shape = ACTIONS[name][0]
    if shape == FLAG:
        return
    if not words(value) or (shape != WORDS and not isinstance(value, str)):
        raise BadMacro(f"“{name}” needs a value.")
    if name in CHOICES and value not in CHOICES[name]:
        raise BadMacro(f"“{name}” is one of {', '.join(CHOICES[name])}.")
    if shape == SPAN:
        span(value)


def pair(action: Action) -> tuple[str, Any]:
    """(name, value) of an action."""
    return next(iter(action.items()))


def words(value: Any) -> list[str]:
    """One word or several, as a list."""
    given = value if isinstance(value, list | tuple) else [value]
    return [str(word).strip() for word in given if word is not None and str(word).strip()]


def span(text: str) -> timedelta:
    """`2 days` as a time. Raises `BadMacro`."""
    found = _SPAN.match(str(text).strip())
    if found is None:
        raise BadMacro(f"“{text}” is not a time like 2 days")
    return int(found[1]) * {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}.get(
        found[2], timedelta(days=1)
    )


def in_order(actions: Sequence[Action]) -> list[tuple[str, Any]]:
    """The actions as they are done, those of an older vocabulary left out."""
    places = list(ACTIONS)
    known = [pair(action) for action in actions if pair(action)[0] in ACTIONS]
    return sorted(known, key=lambda action: places.index(action[0]))


def sentence(name: str, value: Any) -> str:
    """`set the category “Question”`."""
    said = " and ".join(words(value))
    label = dict(Resolution.choices).get(said, said).lower() if name == "close" else said
    shown = SPOKEN.get(said) if name == "assign" else None
    return ACTIONS[name][1].format(v=shown or f"“{label}”")
