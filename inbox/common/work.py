"""The current change: who acts, when, what has happened so far, and what is written at its end.

`pipeline.change(actor)` opens it. A verb that runs outside a change raises `OutsideChange`, so
that nobody can change a ticket and forget what follows from it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any, Self

from inbox.common import rows


class OutsideChange(RuntimeError):
    """A verb was called without `with pipeline.change(actor)`."""


class NestedChange(RuntimeError):
    """A change was opened inside a change: the inner one must be a plain verb instead."""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who does something, as it is written on the events of the change.

    `echo` marks what only repeats what the vendor already knows: it causes nothing outward.
    """

    kind: str  # user · contact · rule · system
    label: str
    user_id: int | None = None
    identity_id: int | None = None
    rule_key: str = ""
    echo: bool = False

    @classmethod
    def user(cls, user: Any) -> Self:
        """A member of staff, acting by the browser or by an API token."""
        return cls(kind="user", label=user.get_username(), user_id=user.pk)

    @classmethod
    def contact(cls, identity_id: int, label: str) -> Self:
        """Somebody from outside, acting through a channel."""
        return cls(kind="contact", label=label, identity_id=identity_id)

    @classmethod
    def rule(cls, key: str, label: str) -> Self:
        """A routing rule."""
        return cls(kind="rule", label=label, rule_key=key)

    @classmethod
    def system(cls, label: str) -> Self:
        """The product itself: a sweep, a follow-up, a delivery that is processed."""
        return cls(kind="system", label=label)


class Phase(IntEnum):
    """Order of the writes at the end of a change; the database checks hold between them."""

    STOP = 10  # clocks stop before their ticket closes
    TICKET = 20
    START = 30  # clocks start after their ticket is open
    EVENT = 40
    COUNT = 50


@dataclass(kw_only=True)
class Work:
    """One change while it is open."""

    actor: Actor
    now: datetime
    events: deque[Any] = field(default_factory=deque)
    recorded: list[Any] = field(default_factory=list)
    objects: dict[tuple[str, Any], Any] = field(default_factory=dict)
    # what was read once in this change, by the room that read it
    cache: dict[str, Any] = field(default_factory=dict)
    historic: bool = False
    _flush: dict[Phase, dict[Any, Callable[[], None]]] = field(default_factory=dict)

    def next_event(self) -> Any | None:
        """The oldest event that no step has seen yet."""
        return self.events.popleft() if self.events else None

    def at_end(self, phase: Phase, key: Any, write: Callable[[], None]) -> None:
        """Write something once at the end of the change, however often it is asked for.

        By `rows` only: these writes travel together, in the order of their phases.
        """
        self._flush.setdefault(phase, {}).setdefault(key, write)

    def flush(self) -> None:
        """Run the writes that were put off, phase by phase; one may ask for a later one."""
        with rows.together():
            while self._flush:
                for write in self._flush.pop(min(self._flush)).values():
                    write()

    @contextmanager
    def acting_as(self, actor: Actor) -> Iterator[None]:
        """Record what happens inside as done by somebody else (a rule, a follow-up)."""
        before, self.actor = self.actor, actor
        try:
            yield
        finally:
            self.actor = before


_current: ContextVar[Work | None] = ContextVar("inbox_work", default=None)


def current() -> Work:
    """The open change. Raises `OutsideChange` when there is none."""
    work = _current.get()
    if work is None:
        raise OutsideChange("this verb needs `with pipeline.change(actor):` around it")
    return work


@contextmanager
def begin(actor: Actor, *, now: datetime, historic: bool = False) -> Iterator[Work]:
    """Make a change current. Only `pipeline.change` calls this."""
    if _current.get() is not None:
        raise NestedChange("a change is already open; call the verb itself")
    work = Work(actor=actor, now=now, historic=historic)
    token = _current.set(work)
    try:
        yield work
    finally:
        _current.reset(token)


def open_change() -> Work | None:
    """The open change, or None: for look-ups that are allowed outside as well."""
    return _current.get()
