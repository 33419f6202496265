"""A playbook's definition: every mistake is said with its place."""

from typing import Any

import pytest

from inbox.playbooks.definition import BadPlaybook, template_from, when_from

STEP = {"key": "a", "title": "A"}
CALL = {"key": "b", "title": "B", "at": "when called"}


def book(*steps: Any, **fields: Any) -> dict[str, Any]:
    return {"key": "one", "name": "One", "steps": list(steps), **fields}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, "the playbook: “None” is not a key"),
        (book(), "the playbook has no steps"),
        (book(STEP, colour="red"), "the playbook: unknown name “colour”"),
        (book({**STEP, "at": "soon"}), "step a: “soon” is not a time"),
        (book(STEP, STEP), "step a stands twice"),
        (book({**STEP, "role": "not:host"}), "step a: there is no role “host”"),
        (book({**STEP, "needs": {"members": 1}}), "step a: there is no field “members”"),
        (book({**STEP, "needs": {"members": 0}}), "step a: “0” is not a number of at least 1"),
        (book({**STEP, "at": "after:b"}), "step a: there is no step “b”"),
        (book({**STEP, "at": "after:a"}), "step a cannot wait for itself"),
        (
            book({**STEP, "at": "after:b"}, {"key": "b", "title": "B", "at": "after:a"}),
            "these steps wait for each other: a, b",
        ),
        (book(STEP, CALL), "step b is never called"),
        (
            book({**STEP, "ack": {"after_minutes": 2, "escalate_to": "b"}}, {**CALL, "at": "T"}),
            "step b is called, so its time is “when called”",
        ),
        (
            book({**STEP, "ack": {"after_minutes": "soon", "escalate_to": "a"}}),
            "step a: “soon” is not a number of minutes",
        ),
        (book({**STEP, "action": {"kind": "dance"}}), "step a: there is no action “dance”"),
        (book({**STEP, "action": {"kind": "copy"}}), "step a: action copy needs “text”"),
        (
            book({**STEP, "branch": {"question": "?", "options": [{"key": "x", "label": "X"}]}}),
            "step a: a branch needs two options",
        ),
        (book(STEP, fields=[{"key": "f", "kind": "song"}]), "field f: there is no kind “song”"),
        (book(STEP, cues=[{"text": "Hi", "step": "z"}]), "a cue: there is no step “z”"),
        (book(STEP, known_errors=[{"text": "No"}]), "known error: “remedy” is missing"),
    ],
)
def test_a_mistake_is_said_with_its_place(data: dict[str, Any], said: str) -> None:
    with pytest.raises(BadPlaybook, match="^" + said.replace("?", r"\?")):
        template_from(data)


@pytest.mark.parametrize(
    "text", ["T", "T-14d", "T+24h", "T-2wd", "after:a+5m", "after:a,b", "at once", "when called"]
)
def test_a_time_is_written_as_it_is_read(text: str) -> None:
    assert str(when_from(text)) == text
