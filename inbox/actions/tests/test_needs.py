"""Buttons and commands from outside need the same rights as the desk's."""

import pytest

from inbox.accounts.permissions import Right, rights_of
from inbox.actions import commands, forms
from inbox.actions.services import need_of
from inbox.channels.contract import Author, InboundAction


def asked(kind: str, name: str = "", value: str = "") -> InboundAction:
    return InboundAction(kind=kind, name=name, value=value, author=Author(external_id="U1"))


@pytest.mark.parametrize(
    ("value", "need"),
    [
        ("queue", Right.READ),
        ("Find words", Right.READ),
        ("note 4 words", Right.NOTE),
        ("cover", Right.DUTY),
        ("close 4", Right.ACT),
        ("handoff 4 words", Right.ACT),
        ("dance", Right.ACT),
    ],
)
def test_what_commands_need(value: str, need: Right) -> None:
    assert need_of(asked("command", value=value)) == need


def test_only_looking_needs_no_right_to_change() -> None:
    names = {*forms.PRESSES, *forms.SHORTCUTS, *forms.SUBMITS}
    free = {name for name in names if need_of(asked("press", f"{name}:1")) is Right.READ}
    assert free == {"home_all", "home_mine", "desk_open"}
    typed = {
        name for name in commands.COMMANDS if need_of(asked("command", value=name)) is Right.ACT
    }
    assert typed >= {"claim", "close", "hold", "handoff"}
    for role in ("light", "viewer"):
        assert Right.ACT not in rights_of(role)
