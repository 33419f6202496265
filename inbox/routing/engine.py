"""The rule engine: rules and facts in, actions and an explanation out. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inbox.macros import wording
from inbox.routing.conditions import BadCondition, Check, Facts, compile_condition

TRIGGERS = ("opened", "message", "state", "reaction")
MOST_ACTIONS = 20
ACTIONS: dict[str, str] = {
    # action: what its value is
    "category": "text",
    "priority": "priority",
    "kind": "kind",
    "assign": "user",
    "assign_on_duty": "flag",
    "assign_team": "team",
    "assign_next": "team",
    "restrict_to": "team",
    "tag": "words",
    "untag": "words",
    "add_cc": "address",
    "forward": "address",
    "forward_unless_copied": "address",
    "close": "resolution",
    "wait": "flag",
    "trash": "flag",
    "spam": "flag",
    "answer": "text",
    "draft": "draft",
    "policy": "policy",
    "promise": "amount",
    "suggest": "text",
    "playbook": "playbook",
}


AMOUNT = re.compile(r"^[1-9]\d{0,4} (?:business_)?(?:minutes|hours|days)$")


class BadRule(ValueError):
    """A rule that cannot be; the text is for the person who edits it."""


@dataclass(frozen=True, kw_only=True)
class RuleSpec:
    """A rule as data."""

    key: str
    label: str
    trigger: str
    condition: Mapping[str, Any]
    actions: Sequence[Mapping[str, Any]]
    stop: bool = False
    pk: int = 0  # the stored rule, for its hits


@dataclass(frozen=True, kw_only=True)
class CompiledRule:
    """A rule that was checked and made ready."""

    spec: RuleSpec
    check: Check


@dataclass(frozen=True, kw_only=True)
class TraceStep:
    """One rule's answer, for "why it is here"."""

    key: str
    label: str
    matched: bool
    why: str

    def as_data(self) -> dict[str, Any]:
        """For the row that keeps it."""
        return {"rule": self.key, "label": self.label, "matched": self.matched, "why": self.why}


@dataclass(frozen=True, kw_only=True)
class Matched:
    """A rule that holds and what it asks for."""

    spec: RuleSpec
    actions: tuple[tuple[str, Any], ...]


@dataclass(kw_only=True)
class Decision:
    """What all rules together say."""

    matched: list[Matched] = field(default_factory=list)
    trace: list[TraceStep] = field(default_factory=list)


def compile_rule(spec: RuleSpec) -> CompiledRule:
    """Check a rule and make it ready. Raises `BadRule` with words for the editor."""
    if spec.trigger not in TRIGGERS:
        raise BadRule(f"when: “{spec.trigger}” is none of {', '.join(TRIGGERS)}")
    if not spec.actions:
        raise BadRule("a rule needs at least one action")
    for action in spec.actions:
        _check_action(action)
    try:
        check = compile_condition(spec.condition or {"all": []})
    except BadCondition as error:
        raise BadRule(str(error)) from error
    return CompiledRule(spec=spec, check=check)


def _check_words(text: str) -> None:
    try:
        wording.check(text, agent=False)
    except wording.BadMacro as error:
        raise BadRule(str(error)) from error


def _check_action(action: Any) -> None:
    if not isinstance(action, Mapping) or len(action) != 1:
        raise BadRule("an action has one name and one value")
    name, value = next(iter(action.items()))
    if name not in ACTIONS:
        raise BadRule(f"there is no action “{name}”")
    if ACTIONS[name] != "flag" and name != "policy" and not str(value or "").strip():
        raise BadRule(f"“{name}” needs a value")
    if ACTIONS[name] == "draft":
        _check_words(str(value))
    if ACTIONS[name] == "amount" and not AMOUNT.match(str(value)):
        raise BadRule(f"“{value}” is not a time like 1 business_days")
    if ACTIONS[name] == "address" and not _is_address(value):
        raise BadRule(f"“{value}” is not an address")


def _is_address(value: Any) -> bool:
    local, at, domain = str(value).partition("@")
    return bool(local and at and "." in domain) and not any(c.isspace() for c in str(value))


def evaluate(rules: Sequence[CompiledRule], facts: Facts, triggers: Sequence[str]) -> Decision:
    """Ask the rules of these triggers in their order, until one stops."""
    decision = Decision()
    taken = 0
    for rule in rules:
        spec = rule.spec
        if spec.trigger not in triggers:
            continue
        answer = rule.check(facts)
        step = TraceStep(key=spec.key, label=spec.label, matched=answer.holds, why=answer.why)
        decision.trace.append(step)
        if not answer.holds:
            continue
        actions = tuple(next(iter(a.items())) for a in spec.actions)[: MOST_ACTIONS - taken]
        taken += len(actions)
        decision.matched.append(Matched(spec=spec, actions=actions))
        if spec.stop or taken >= MOST_ACTIONS:
            break
    return decision
