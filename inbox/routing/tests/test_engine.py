"""The rule engine: every operator, every group, its explanation, and its limits."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.routing.conditions import BY_TYPE, FIELDS, BadCondition, compile_condition
from inbox.routing.engine import (
    MOST_ACTIONS,
    BadRule,
    CompiledRule,
    RuleSpec,
    compile_rule,
    evaluate,
)

FACTS = {
    "subject": "Invoice No. 7 überfällig",
    "sender": "ann@billing.example.org",
    "to": ["support@example.com", "Team@Example.com"],
    "headers": ["x-mailer: Acme 2", "list-unsubscribe: <u>"],
    "attachment_names": ["Rechnung-7.PDF"],
    "mail_class": "normal",
    "automatic": False,
    "tags": [],
}


@pytest.mark.parametrize(
    ("tree", "holds"),
    [
        ({"mail_class": "normal"}, True),
        ({"mail_class": "NORMAL"}, True),
        ({"mail_class": {"is_not": "list"}}, True),
        ({"mail_class": {"is_not": ["list", "normal"]}}, False),
        ({"subject": {"contains": "NO. 7"}}, True),
        ({"subject": {"words": ["voice"]}}, False),
        ({"subject": {"words": ["invoice"]}}, True),
        ({"subject": {"words": ["überfällig"]}}, True),
        ({"subject": {"words": ["no. 7"]}}, True),
        ({"subject": {"starts_with": "invoice"}}, True),
        ({"subject": {"ends_with": "invoice"}}, False),
        ({"sender": {"domain_is": "example.org"}}, True),
        ({"sender": {"domain_is": "ample.org"}}, False),
        ({"to": "team@example.com"}, True),
        ({"subject": {"matches": r"no\. \d+"}}, True),
        ({"headers": {"exists": "List-Unsubscribe"}}, True),
        ({"headers": {"exists": "list"}}, False),
        ({"headers": {"contains": "acme"}}, True),
        ({"attachment_names": {"ends_with": ".pdf"}}, True),
        ({"automatic": False}, True),
        ({"automatic": True}, False),
        ({"tags": {"exists": True}}, False),
        ({"not": {"tags": {"exists": True}}}, True),
        ({"all": []}, True),
        ({"any": []}, False),
        ({"all": [{"automatic": False}, {"any": [{"tags": "x"}, {"mail_class": "normal"}]}]}, True),
    ],
)
def test_operators(tree: Any, holds: bool) -> None:
    answer = compile_condition(tree)(FACTS)
    assert answer.holds is holds
    assert answer.why


@pytest.mark.parametrize(
    "tree",
    [
        {"colour": "red"},
        {"subject": {"sounds_like": "x"}},
        {"subject": {"is": "a", "contains": "b"}},
        {"subject": ""},
        {"subject": []},
        {"subject": {"matches": "(a"}},
        {"subject": {"matches": "a" * 600}},
        {"automatic": "maybe"},
        {"mail_class": {"contains": "x"}},
        {"all": "x"},
        [],
        {
            "not": {
                "not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"tags": "x"}}}}}}}}
            }
        },
    ],
)
def test_conditions_that_cannot_be_are_refused_in_words(tree: Any) -> None:
    with pytest.raises(BadCondition, match=r"\w+ \w+"):
        compile_condition(tree)


def test_patterns_are_linear_whatever_they_are() -> None:
    check = compile_condition({"body": {"matches": "(a+)+(b|c)*(a+)+$"}})
    begun = time.process_time()
    check({"body": "a" * 100_000 + "!"})
    assert time.process_time() - begun < 2


def rule(key: str, tree: Any = None, *, stop: bool = False, actions: int = 1) -> CompiledRule:
    """A rule that tags."""
    spec = RuleSpec(
        key=key,
        label=key,
        trigger="message",
        condition=tree or {"all": []},
        actions=[{"tag": f"{key}{n}"} for n in range(actions)],
        stop=stop,
    )
    return compile_rule(spec)


def test_rules_run_in_their_order_until_one_stops() -> None:
    rules = [rule("a"), rule("b", {"tags": "x"}), rule("c", stop=True), rule("d")]
    decision = evaluate(rules, FACTS, ["message"])
    assert [matched.spec.key for matched in decision.matched] == ["a", "c"]
    assert [(s.key, s.matched) for s in decision.trace] == [("a", True), ("b", False), ("c", True)]
    assert all(step.why for step in decision.trace)


def test_other_triggers_are_not_asked() -> None:
    assert evaluate([rule("a")], FACTS, ["state"]).trace == []


def test_more_actions_than_allowed_are_cut() -> None:
    decision = evaluate([rule("a", actions=15), rule("b", actions=15)], FACTS, ["message"])
    assert sum(len(matched.actions) for matched in decision.matched) == MOST_ACTIONS


@pytest.mark.parametrize(
    "actions", [[], [{}], [{"explode": "x"}], [{"forward": "x"}], [{"category": " "}], ["tag"]]
)
def test_actions_that_cannot_be_are_refused(actions: Any) -> None:
    spec = RuleSpec(key="k", label="k", trigger="message", condition={}, actions=actions)
    with pytest.raises(BadRule):
        compile_rule(spec)


TEXT_FIELDS = [name for name, (kind, _) in FIELDS.items() if kind == "text"]
leaves = st.sampled_from(TEXT_FIELDS).flatmap(
    lambda name: st.sampled_from(
        [o for o in BY_TYPE["text"] if o not in ("matches", "exists")]
    ).map(lambda operator: {name: {operator: "x y"}})
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)


@given(tree=trees, text=st.text(max_size=50))
def test_not_turns_every_answer_round(tree: Any, text: str) -> None:
    facts = dict.fromkeys(TEXT_FIELDS, text)
    try:
        plain, turned = compile_condition(tree), compile_condition({"not": tree})
    except BadCondition:
        return  # nested too deep
    assert plain(facts).holds is not turned(facts).holds
