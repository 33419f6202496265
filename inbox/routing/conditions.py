"""Conditions of rules: a closed list of fields and operators, pure, linear in the text.

A condition is a tree: `{"all": […]}`, `{"any": […]}`, `{"not": …}`, or a leaf
`{"<field>": <value>}` (is) or `{"<field>": {"<operator>": <value>}}`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

MOST_TEXT = 100_000
LONGEST_PATTERN = 500
DEEPEST = 8

TEXT, ADDRESS, CHOICE, LIST, FLAG, PAIR = "text", "address", "choice", "list", "flag", "pair"
FIELDS: dict[str, tuple[str, str]] = {
    # field: (type, words for people)
    "channel": (CHOICE, "the channel"),
    "purpose": (CHOICE, "what the channel is for"),
    "source": (TEXT, "the place in it"),
    "emoji": (TEXT, "the emoji"),
    "mailbox": (ADDRESS, "the mailbox"),
    "to": (ADDRESS, "To"),
    "cc": (ADDRESS, "copy (CC)"),
    "recipient": (ADDRESS, "a recipient"),
    "sender": (ADDRESS, "the sender"),
    "domain": (ADDRESS, "the sender's domain"),
    "sender_name": (TEXT, "the sender's name"),
    "subject": (TEXT, "the subject"),
    "body": (TEXT, "the text"),
    "text": (TEXT, "subject or text"),
    "headers": (PAIR, "a header"),
    "attachment_names": (LIST, "an attachment's name"),
    "list_id": (TEXT, "the mailing list"),
    "mail_class": (CHOICE, "the class of mail"),
    "automatic": (FLAG, "written by a robot"),
    "tags": (LIST, "a tag"),
    "contact_tags": (LIST, "a mark of the person"),
    "category": (CHOICE, "the category"),
    "kind": (CHOICE, "the kind"),
    "priority": (CHOICE, "the priority"),
    "status": (CHOICE, "the status"),
    "waiting_on": (CHOICE, "whose turn it is"),
    "owner": (CHOICE, "the assignee"),
    "team": (CHOICE, "the team"),
    "is_reply": (FLAG, "an answer to an earlier message"),
    "author_role": (CHOICE, "who wrote"),
    "sender_trust": (CHOICE, "how sure the sender is"),
    "business_hours": (FLAG, "inside business hours"),
    "open_role": (FLAG, "a role that is open"),
    "topic": (CHOICE, "the topic of the chat"),
    "page": (TEXT, "the page of the chat"),
    "live_chat": (FLAG, "a live chat"),
    "answered": (FLAG, "answered already"),
}
OPERATORS: dict[str, str] = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "words": "has one of the words",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "domain_is": "is at the domain",
    "matches": "matches the pattern",
    "exists": "is there",
}
BY_TYPE: dict[str, tuple[str, ...]] = {
    TEXT: ("is", "is_not", "contains", "words", "starts_with", "ends_with", "matches", "exists"),
    ADDRESS: (
        "is",
        "is_not",
        "contains",
        "domain_is",
        "starts_with",
        "ends_with",
        "matches",
        "exists",
    ),
    CHOICE: ("is", "is_not", "exists"),
    LIST: ("is", "is_not", "contains", "words", "ends_with", "matches", "exists"),
    FLAG: ("is",),
    PAIR: ("contains", "exists", "matches", "is"),
}

Facts = Mapping[str, Any]


class BadCondition(ValueError):
    """A condition that cannot be; the text is for the person who edits the rule."""


@dataclass(frozen=True)
class Answer:
    """Whether a condition holds, and why, in plain words."""

    holds: bool
    why: str


Check = Callable[[Facts], Answer]


def compile_condition(tree: Any, *, depth: int = 0) -> Check:
    """A condition as a function. Raises `BadCondition`."""
    if depth > DEEPEST:
        raise BadCondition("conditions are nested too deep")
    if not isinstance(tree, Mapping) or len(tree) != 1:
        raise BadCondition("a condition has one field, or all, any or not")
    name, value = next(iter(tree.items()))
    if name in ("all", "any"):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise BadCondition(f"“{name}” needs a list of conditions")
        return _group(name, [compile_condition(part, depth=depth + 1) for part in value])
    if name == "not":
        return _negation(compile_condition(value, depth=depth + 1))
    return _leaf(name, value)


def _group(name: str, parts: list[Check]) -> Check:
    if name == "all":
        return lambda facts: _every(parts, facts)
    return lambda facts: _some(parts, facts)


def _every(parts: list[Check], facts: Facts) -> Answer:
    whys = []
    for part in parts:
        answer = part(facts)
        if not answer.holds:
            return answer
        whys.append(answer.why)
    return Answer(holds=True, why=" and ".join(whys) or "it has no condition")


def _some(parts: list[Check], facts: Facts) -> Answer:
    whys = []
    for part in parts:
        answer = part(facts)
        if answer.holds:
            return answer
        whys.append(answer.why)
    return Answer(holds=False, why="; ".join(whys) or "none of no conditions")


def _negation(part: Check) -> Check:
    def check(facts: Facts) -> Answer:
        answer = part(facts)
        return Answer(holds=not answer.holds, why=answer.why)

    return check


# ------------------------------------------------------------------ leaves


def split_leaf(field: str, value: Any) -> tuple[str, str, Any]:
    """(field, operator, value) of a leaf. Raises `BadCondition`."""
    if field not in FIELDS:
        raise BadCondition(f"there is no field “{field}”")
    operator = "is"
    if isinstance(value, Mapping):
        if len(value) != 1:
            raise BadCondition(f"“{field}” needs one operator")
        operator, value = next(iter(value.items()))
    kind = FIELDS[field][0]
    if operator not in BY_TYPE[kind]:
        raise BadCondition(f"“{field}” cannot be asked “{operator}”")
    return field, operator, value


def _leaf(name: str, given: Any) -> Check:
    field, operator, value = split_leaf(name, given)
    wanted = _wanted(field, operator, value)
    test = TESTS[operator]
    label = FIELDS[field][1]
    said = OPERATORS[operator]

    def check(facts: Facts) -> Answer:
        have = _values(facts.get(field))
        for want in wanted:
            for item in have:
                if test(item, want):
                    return Answer(holds=True, why=f"{label} {said} “{_short(want)}”")
            if want == "" and operator == "exists" and not have:
                return Answer(holds=False, why=f"no: {label} is missing")
        return Answer(holds=False, why=f"no: {label} is {_short(', '.join(have)) or 'empty'}")

    if operator == "is_not":
        return _negation(_leaf(name, {"is": value}))
    return check


def _wanted(field: str, operator: str, value: Any) -> list[Any]:
    if operator == "exists" and FIELDS[field][0] != PAIR:
        return [""]
    if FIELDS[field][0] == FLAG:
        if not isinstance(value, bool):
            raise BadCondition(f"“{field}” is yes or no")
        return ["yes" if value else "no"]
    values = value if isinstance(value, list | tuple) else [value]
    if not values or not all(isinstance(v, str | int) and str(v).strip() for v in values):
        raise BadCondition(f"“{field}” needs a text to compare with")
    texts = [str(v).strip() for v in values]
    if operator == "exists":  # of a header: its name
        return [f"{text.casefold()}:" for text in texts]
    if operator == "matches":
        return [_pattern(text) for text in texts]
    if operator == "words":
        return [_word(text) for text in texts]
    return [text.casefold() for text in texts]


def _values(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, str):
        return [value[:MOST_TEXT]]
    return [str(item)[:MOST_TEXT] for item in value]


@lru_cache(maxsize=2000)
def _pattern(text: str) -> Any:
    """RE2 only: linear in the text, whatever the pattern. Raises `BadCondition`."""
    if len(text) > LONGEST_PATTERN:
        raise BadCondition(f"a pattern has at most {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        words = error.args[0] if error.args else "it cannot be read"
        text = words.decode() if isinstance(words, bytes) else str(words)
        raise BadCondition(f"the pattern is refused: {text}") from error


@lru_cache(maxsize=2000)
def _word(text: str) -> Any:
    # A whole word or phrase; \b of RE2 knows only ASCII, so the borders are spelled out.
    parts = r"\s+".join(re.escape(part) for part in text.split())
    edge = r"[^\p{L}\p{N}_]"
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    return re2.compile(f"(?:^|{edge})({parts})(?:$|{edge})", options)


def _short(value: Any) -> str:
    text = getattr(value, "pattern", value)
    text = text.decode() if isinstance(text, bytes) else str(text)
    if text.startswith("(?:^|"):
        text = (
            text[text.index(")(") + 2 : text.rindex(")(?:$")].replace("\\s+", " ").replace("\\", "")
        )
    return text if len(text) <= 60 else text[:57] + "…"


def _domain(item: str, want: str) -> bool:
    domain = item.casefold().rpartition("@")[2]
    return domain == want or domain.endswith("." + want)


TESTS: dict[str, Callable[[str, Any], bool]] = {
    "is": lambda item, want: item.casefold() == want,
    "is_not": lambda item, want: item.casefold() != want,
    "contains": lambda item, want: want in item.casefold(),
    "words": lambda item, want: want.search(item) is not None,
    "starts_with": lambda item, want: item.casefold().startswith(want),
    "ends_with": lambda item, want: item.casefold().endswith(want),
    "domain_is": _domain,
    "matches": lambda item, want: want.search(item) is not None,
    "exists": lambda item, want: item.casefold().startswith(want),
}
