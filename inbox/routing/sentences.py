"""A rule as a sentence that a person can check."""

from collections.abc import Mapping
from typing import Any

from inbox.routing.conditions import FIELDS, FLAG, OPERATORS, BadCondition, split_leaf

WHEN = {
    "opened": "When a ticket is opened",
    "message": "When a message arrives",
    "state": "When somebody changes a ticket",
    "reaction": "When somebody reacts with an emoji",
}
MOST = 2  # values that a brief sentence names
ACTION_WORDS = {
    "category": "set the category {v}",
    "priority": "set the priority to {v}",
    "kind": "call it {v}",
    "assign": "give it to {v}",
    "assign_on_duty": "give it to whoever is on duty",
    "assign_team": "give it to the team {v}",
    "assign_next": "give it to the next of the team {v}",
    "restrict_to": "show it to the team {v} only",
    "tag": "tag it {v}",
    "untag": "take off the tag {v}",
    "add_cc": "copy {v} on every answer",
    "forward": "forward it to {v}",
    "forward_unless_copied": "forward it to {v} unless they were copied",
    "close": "close it as {v}",
    "wait": "wait for them",
    "trash": "put it in the trash",
    "spam": "mark it as spam",
    "answer": "answer with a text",
    "draft": "draft an answer for somebody to send",
    "policy": "promise the SLA {v}",
    "promise": "promise an answer within {v}",
    "suggest": "suggest {v}",
    "playbook": "start the playbook {v}",
}


def sentence(
    trigger: str,
    condition: Any,
    actions: list[Mapping[str, Any]],
    *,
    stop: bool = False,
    brief: bool = False,
) -> str:
    """`When … and …, set …, close it as solved. Stop.`

    `brief`: long lists and patterns are shortened.
    """
    asked = condition_words(condition, brief=brief)
    done = ", ".join(action_words(action) for action in actions) or "do nothing"
    where = f" and {asked}" if asked else ""
    return f"{WHEN.get(trigger, trigger)}{where}, {done}.{' Stop.' if stop else ''}"


def action_words(action: Mapping[str, Any]) -> str:
    """One action in words."""
    name, value = next(iter(action.items()))
    said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if name == "policy" and value in (None, "none"):
        return "promise nothing (best effort)"
    said = said.replace("business_", "business ") if name == "promise" else said
    return ACTION_WORDS.get(name, name).format(v=f"“{said}”")


def condition_words(tree: Any, *, brief: bool = False) -> str:
    """A condition in words; empty when there is none."""
    if not isinstance(tree, Mapping) or len(tree) != 1:
        return ""
    name, value = next(iter(tree.items()))
    if name in ("all", "any"):
        parts = [words for part in value if (words := condition_words(part, brief=brief))]
        joined = f" {'and' if name == 'all' else 'or'} ".join(parts)
        return f"({joined})" if name == "any" and len(parts) > 1 else joined
    if name == "not":
        return f"not {condition_words(value, brief=brief)}"
    return _leaf_words(name, value, brief=brief)


def _leaf_words(name: str, given: Any, *, brief: bool) -> str:
    try:
        field, operator, value = split_leaf(name, given)
    except BadCondition:
        return f"{name} …"
    kind, label = FIELDS[field]
    if kind == FLAG:
        return f"it is {'' if value else 'not '}{label}"
    if operator == "exists":
        return f"{label} is there"
    values = value if isinstance(value, list | tuple) else [value]
    if brief and operator == "matches":
        return f"{label} fits “a pattern”"
    if brief and len(values) > MOST + 1:
        values, more = values[:MOST], len(values) - MOST
        few = ", ".join(f"“{item}”" for item in values)
        return f"{label} {OPERATORS[operator]} {few} or {more} more"
    said = " or ".join(f"“{item}”" for item in values)
    return f"{label} {OPERATORS[operator]} {said}"
