"""A playbook's definition: read from the handbook's row, checked, every mistake with its place.

No Django and no Celery in this module.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inbox.playbooks.shapes import (
    NOT,
    Ack,
    Action,
    BadPlaybook,
    Branch,
    Cue,
    Field,
    KnownError,
    Need,
    Option,
    RoleName,
    Step,
    Template,
    When,
    steps_of,
)

__all__ = [
    "Ack",
    "Action",
    "BadPlaybook",
    "Branch",
    "Cue",
    "Field",
    "KnownError",
    "Need",
    "Option",
    "RoleName",
    "Step",
    "Template",
    "When",
    "template_from",
    "when_from",
]

KINDS = ("text", "long", "url", "number", "date", "list", "person")
SPAN = re.compile(r"(\d{1,4})(wd|[mhdw])")
ANCHORED = re.compile(r"T(?:\s*([+\u2212-])\s*(\d{1,4})\s*(wd|[mhdw]))?")
AFTER = re.compile(r"after:([\w-]+(?:\s*,\s*[\w-]+)*)(?:\s*\+\s*(\d{1,4})(wd|[mhdw]))?")
KEY = re.compile(r"[a-z][\w-]{0,49}")

# what an action needs to be told, by its kind; the rest is optional
ACTIONS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "post": (("place", "text"), ("channel",)),
    "message": (("to", "text"), ("channel",)),
    "issue": (("place", "title"), ("text", "template", "labels", "channel")),
    "hide_stream": ((), ("stream", "channel")),
    "show_stream": ((), ("stream", "channel")),
    "call": (("url",), ()),
    "copy": (("text",), ("for",)),
}

# what harms nobody when no person has looked: it stays in our own places
BY_ITSELF = ("post", "issue")

# ------------------------------------------------------------------ reading


def template_from(data: Mapping[str, Any]) -> Template:
    """A playbook from the handbook's row. Raises `BadPlaybook` with the place and the words."""
    _only(data, Template, "the playbook", more=("active",))
    template = Template(
        key=_key(data.get("key"), "the playbook"),
        name=_words(data, "name", "the playbook"),
        summary=str(data.get("summary") or ""),
        anchor=str(data.get("anchor") or "Start"),
        starts_on=str(data.get("starts_on") or ""),
        command=str(data.get("command") or ""),
        calendar=str(data.get("calendar") or ""),
        roles=tuple(_role(row) for row in _rows(data, "roles")),
        fields=tuple(_field(row) for row in _rows(data, "fields")),
        steps=tuple(_step(row) for row in _rows(data, "steps")),
        cues=tuple(_cue(row) for row in _rows(data, "cues")),
        known_errors=tuple(_known_error(row) for row in _rows(data, "known_errors")),
    )
    _check(template)
    return template


def when_from(text: str) -> When:
    """`T-14d`, `T-2wd`, `after:notify+5m`, `at once`, `when called`. Raises `BadPlaybook`."""
    words = str(text).strip()
    if words in ("at once", "when called"):
        return When(kind="once" if words == "at once" else "called")
    if found := ANCHORED.fullmatch(words):
        sign, number, unit = found.groups()
        amount = int(number or 0)
        return When(
            kind="anchor", amount=amount if sign in (None, "+") else -amount, unit=unit or "m"
        )
    if found := AFTER.fullmatch(words):
        keys, number, unit = found.groups()
        names = tuple(key.strip() for key in keys.split(","))
        return When(kind="after", amount=int(number or 0), unit=unit or "m", steps=names)
    raise BadPlaybook(
        f"“{words}” is not a time; use T-14d, T-2wd, T+24h, after:step+5m, at once or when called"
    )


def minutes_from(value: Any) -> int:
    """`2`, `5m` or `1h` in minutes. Raises `BadPlaybook`."""
    found = SPAN.fullmatch(str(value).strip())
    if found and found[2] in ("m", "h") and int(found[1]):
        return int(found[1]) * (60 if found[2] == "h" else 1)
    if str(value).strip().isdigit() and int(value):
        return int(value)
    raise BadPlaybook(f"“{value}” is not a number of minutes such as 5m")


def _step(row: Any) -> Step:
    where = f"step {row.get('key', '?')}" if isinstance(row, Mapping) else f"step {row}"
    row = _mapping(row, where)
    _only(row, Step, where)
    try:
        return Step(
            key=_key(row.get("key"), where),
            title=_words(row, "title", where),
            body=str(row.get("body") or "").strip(),
            at=when_from(row.get("at", "at once")),
            role=str(row.get("role") or ""),
            gate=str(row.get("gate") or ""),
            needs=_needs(row.get("needs") or ()),
            branch=_branch(row["branch"]) if row.get("branch") else None,
            ack=_ack(row["ack"]) if row.get("ack") else None,
            action=_action(row["action"]) if row.get("action") else None,
            measure=str(row.get("measure") or ""),
            checks=tuple(str(line) for line in row.get("checks") or ()),
        )
    except BadPlaybook as error:
        text = str(error)
        raise BadPlaybook(text if text.startswith(where) else f"{where}: {text}") from None


def _needs(value: Any) -> tuple[Need, ...]:
    """`members`, `[members, topic]`, `{members: 2}` or `{checked: {each_of: members}}`."""
    if isinstance(value, str):
        return (Need(field=value),)
    if isinstance(value, Mapping):
        return tuple(_need(str(name), much) for name, much in value.items())
    return tuple(Need(field=str(name)) for name in value)


def _need(name: str, much: Any) -> Need:
    if isinstance(much, Mapping) and set(much) == {"each_of"}:
        return Need(field=name, each_of=str(much["each_of"]))
    return Need(field=name, count=_count(much))


def _count(value: Any) -> int:
    if type(value) is not int or value < 1:
        raise BadPlaybook(f"“{value}” is not a number of at least 1")
    return value


def _branch(value: Any) -> Branch:
    row = _mapping(value, "branch")
    _only(row, Branch, "branch")
    options = []
    for one in _rows(row, "options"):
        option = _mapping(one, "option")
        _only(option, Option, "option")
        key = _key(option.get("key"), "option")
        steps = tuple(str(name) for name in option.get("steps") or ())
        options.append(Option(key=key, label=_words(option, "label", "option"), steps=steps))
    if len(options) < 2:
        raise BadPlaybook("a branch needs two options")
    _once((option.key for option in options), "option")
    return Branch(question=_words(row, "question", "branch"), options=tuple(options))


def _ack(value: Any) -> Ack:
    row = _mapping(value, "ack")
    _only(row, Ack, "ack")
    return Ack(
        after_minutes=minutes_from(row.get("after_minutes")),
        escalate_to=_words(row, "escalate_to", "ack"),
        question=str(row.get("question") or ""),
    )


def _action(value: Any) -> Action:
    row = dict(_mapping(value, "action"))
    kind, label = str(row.pop("kind", "")), str(row.pop("label", ""))
    by_itself = bool(row.pop("by_itself", False))
    if kind not in ACTIONS:
        raise BadPlaybook(f"there is no action “{kind}”; use {', '.join(sorted(ACTIONS))}")
    if by_itself and kind not in BY_ITSELF:
        raise BadPlaybook(f"action {kind} needs somebody who presses; it cannot go by itself")
    needed, optional = ACTIONS[kind]
    missing = [name for name in needed if not row.get(name)]
    if missing:
        raise BadPlaybook(f"action {kind} needs “{missing[0]}”")
    unknown = sorted(set(row) - {*needed, *optional})
    if unknown:
        raise BadPlaybook(f"action {kind} does not know “{unknown[0]}”")
    return Action(kind=kind, params=row, label=label, by_itself=by_itself)


def _role(value: Any) -> RoleName:
    if isinstance(value, str):
        return RoleName(key=_key(value, "role"), label=value.replace("_", " ").capitalize())
    row = _mapping(value, "role")
    _only(row, RoleName, "role")
    key = _key(row.get("key"), "role")
    return RoleName(key=key, label=str(row.get("label") or key), required=bool(row.get("required")))


def _field(value: Any) -> Field:
    row = _mapping(value, "field")
    _only(row, Field, "field")
    key = _key(row.get("key"), "field")
    kind = str(row.get("kind") or "text")
    if kind not in KINDS:
        raise BadPlaybook(f"field {key}: there is no kind “{kind}”; use {', '.join(KINDS)}")
    return Field(
        key=key,
        label=str(row.get("label") or key),
        kind=kind,
        required=bool(row.get("required")),
        help=str(row.get("help") or ""),
    )


def _cue(value: Any) -> Cue:
    if isinstance(value, str):
        return Cue(text=value.strip())
    row = _mapping(value, "cue")
    _only(row, Cue, "cue")
    text = _words(row, "text", "cue").strip()
    return Cue(text=text, title=str(row.get("title") or ""), step=str(row.get("step") or ""))


def _known_error(value: Any) -> KnownError:
    row = _mapping(value, "known error")
    _only(row, KnownError, "known error")
    words = (_words(row, name, "known error") for name in ("text", "remedy"))
    return KnownError(**dict(zip(("text", "remedy"), words, strict=True)))


# ------------------------------------------------------------------ what must hold between them


def _check(template: Template) -> None:
    if not template.steps:
        raise BadPlaybook("the playbook has no steps")
    keys = _once((step.key for step in template.steps), "step")
    roles = _once((role.key for role in template.roles), "role")
    fields = _once((one.key for one in template.fields), "field")
    for step in template.steps:
        _check_step(step, keys, roles, fields)
    for cue in template.cues:
        _known(cue.step, keys, "a cue", "step")
    _check_called(template)
    _check_order(template)


def _check_step(step: Step, keys: set[str], roles: set[str], fields: set[str]) -> None:
    where = f"step {step.key}"
    _known(step.role.removeprefix(NOT), roles, where, "role")
    for need in step.needs:
        _known(need.field, fields, where, "field")
        _known(need.each_of, fields, where, "field")
    for name in (*step.at.steps, *steps_of(step.branch)):
        _known(name, keys, where, "step")
    if step.ack is not None:
        _known(step.ack.escalate_to, keys, where, "step")
    if step.key in (*step.at.steps, *steps_of(step.branch), step.ack and step.ack.escalate_to):
        raise BadPlaybook(f"{where} cannot wait for itself")
    if step.action and step.action.by_itself and (step.gate or step.branch):
        raise BadPlaybook(f"{where} asks somebody, so its action cannot go by itself")


def _check_called(template: Template) -> None:
    """A step that only comes when it is called needs somebody who calls it, and the reverse."""
    called = {step.ack.escalate_to for step in template.steps if step.ack}
    for step in template.steps:
        if step.at.kind == "called" and step.key not in called:
            raise BadPlaybook(f"step {step.key} is never called")
        if step.key in called and step.at.kind != "called":
            raise BadPlaybook(f"step {step.key} is called, so its time is “when called”")


def _check_order(template: Template) -> None:
    """Steps may not wait for each other in a circle."""
    waits = {step.key: set(step.at.steps) for step in template.steps}
    for step in template.steps:
        for key in steps_of(step.branch):
            waits[key].add(step.key)
        if step.ack:
            waits[step.ack.escalate_to].add(step.key)
    while waits:
        free = {key for key, others in waits.items() if not others & waits.keys()}
        if not free:
            raise BadPlaybook(f"these steps wait for each other: {', '.join(sorted(waits))}")
        waits = {key: others for key, others in waits.items() if key not in free}


def _known(name: str | None, names: set[str], where: str, what: str) -> None:
    if name and name not in names:
        raise BadPlaybook(f"{where}: there is no {what} “{name}”")


def _once(keys: Iterable[str], what: str) -> set[str]:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise BadPlaybook(f"{what} {key} stands twice")
        seen.add(key)
    return seen


# ------------------------------------------------------------------ small readers


def _only(row: Mapping[str, Any], shape: type[Any], where: str, more: Sequence[str] = ()) -> None:
    unknown = set(row) - set(shape.__dataclass_fields__) - set(more)
    if unknown:
        raise BadPlaybook(f"{where}: unknown name “{sorted(map(str, unknown))[0]}”")


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BadPlaybook(f"{where}: “{value}” is not a row")
    return value


def _rows(data: Mapping[str, Any], name: str) -> list[Any]:
    rows = data.get(name) or []
    if not isinstance(rows, list):
        raise BadPlaybook(f"{name} is a list")
    return rows


def _words(row: Mapping[str, Any], name: str, where: str) -> str:
    text = str(row.get(name) or "")
    if not text.strip():
        raise BadPlaybook(f"{where}: “{name}” is missing")
    return text


def _key(value: Any, where: str) -> str:
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise BadPlaybook(f"{where}: “{value}” is not a key of letters, digits, - and _")
    return value
