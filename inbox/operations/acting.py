"""The clockwork: which rooms have rows that time makes due, and what is done with one."""

from collections.abc import Callable
from datetime import datetime

from inbox import pipeline
from inbox.common.work import Actor
from inbox.followups import services as followups
from inbox.sla import services as sla

Find = Callable[[datetime], list[int]]
Act = Callable[[int, datetime], bool]


def act_on_clock(pk: int, now: datetime) -> bool:
    """Write the warning or breach of one clock."""
    with pipeline.change(Actor.system("clock"), now=now):
        return bool(sla.tick(pk, now))


def act_on_delayed(pk: int, now: datetime) -> bool:
    """Fire one delayed action."""
    with pipeline.change(Actor.system("followups"), now=now):
        return bool(followups.fire(pk, now))


CLOCKWORK: tuple[tuple[Find, Act], ...] = (
    (sla.due_clock_ids, act_on_clock),
    (followups.due_action_ids, act_on_delayed),
)
