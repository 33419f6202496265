"""What a playbook says, as values: steps around a moment, who does them, and what must hold.

No Django and no Celery in this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NOT = "not:"


class BadPlaybook(ValueError):
    """A definition that cannot be followed; the text says where and why."""


@dataclass(frozen=True, kw_only=True)
class When:
    """When a step is due: around the anchor, after other steps, at once, or when it is called."""

    kind: str  # anchor · after · once · called
    amount: int = 0  # negative before the anchor
    unit: str = "m"
    steps: tuple[str, ...] = ()  # all of them have to be over

    def __str__(self) -> str:
        if self.kind == "once":
            return "at once"
        if self.kind == "called":
            return "when called"
        if self.kind == "after":
            later = f"+{self.amount}{self.unit}" if self.amount else ""
            return f"after:{','.join(self.steps)}{later}"
        sign = "-" if self.amount < 0 else "+"
        return f"T{sign}{abs(self.amount)}{self.unit}" if self.amount else "T"


@dataclass(frozen=True, kw_only=True)
class RoleName:
    """A part that somebody takes in a run."""

    key: str
    label: str
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Field:
    """Something that a run knows by a name; steps and texts use it."""

    key: str
    label: str
    kind: str = "text"
    required: bool = False
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Need:
    """A field that has to be filled before a step is done.

    With so many entries, or with every entry that another list has.
    """

    field: str
    count: int = 1
    each_of: str = ""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One way on, and the steps that belong to it."""

    key: str
    label: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A question whose answer decides which steps come."""

    question: str
    options: tuple[Option, ...]


@dataclass(frozen=True, kw_only=True)
class Ack:
    """A sign that has to come in time once the step is done, else another step is called."""

    after_minutes: int
    escalate_to: str
    question: str = ""


@dataclass(frozen=True, kw_only=True)
class Action:
    """What a step's button does; `params` by kind, see `ACTIONS`."""

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    by_itself: bool = False  # at the step's time, without anybody pressing


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do. `role`: a role's key, or `not:` and a key for whoever else there is."""

    key: str
    title: str
    body: str = ""
    at: When = field(default_factory=lambda: When(kind="once"))
    role: str = ""
    gate: str = ""  # words that somebody has to confirm before the step is done
    needs: tuple[Need, ...] = ()
    branch: Branch | None = None
    ack: Ack | None = None
    action: Action | None = None
    measure: str = ""  # what its time since the anchor is called in the log
    checks: tuple[str, ...] = ()  # a list to go through, shown with the step


@dataclass(frozen=True, kw_only=True)
class Cue:
    """A card for whoever leads: words to say or to remember."""

    text: str
    title: str = ""
    step: str = ""  # shown with this step; "" always


@dataclass(frozen=True, kw_only=True)
class KnownError:
    """A message that others have met, and what helps."""

    text: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Template:
    """A whole playbook."""

    key: str
    name: str
    summary: str = ""
    anchor: str = "Start"  # what T is called
    starts_on: str = ""  # the event that starts one by itself
    command: str = ""  # the word that starts one from a chat
    calendar: str = ""  # whose working days and zone count
    roles: tuple[RoleName, ...] = ()
    fields: tuple[Field, ...] = ()
    steps: tuple[Step, ...] = ()
    cues: tuple[Cue, ...] = ()
    known_errors: tuple[KnownError, ...] = ()

    def step(self, key: str) -> Step:
        """The step of this key. Raises `KeyError`."""
        for step in self.steps:
            if step.key == key:
                return step
        raise KeyError(key)

    def branch_of(self, key: str) -> Step | None:
        """The step whose answer decides whether this one comes."""
        return next((s for s in self.steps if key in steps_of(s.branch)), None)


def steps_of(branch: Branch | None) -> tuple[str, ...]:
    return tuple(key for option in branch.options for key in option.steps) if branch else ()
