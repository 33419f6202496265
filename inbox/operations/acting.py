"""The clockwork: which rooms have rows that time makes due, and what is done with one."""

from collections.abc import Callable
from datetime import datetime

from inbox import pipeline
from inbox.calendars import feeds
from inbox.common.work import Actor
from inbox.followups import digests, handovers
from inbox.followups import services as followups
from inbox.livechat import continuing
from inbox.loop import releasing
from inbox.mirrors import chatcards
from inbox.notify import services as notify
from inbox.oncall import rosters
from inbox.operations import spikes
from inbox.search import indexing
from inbox.sla import services as sla

Find = Callable[[datetime], list[int]]
Act = Callable[[int, datetime], bool]


def _acting(label: str, act: Act) -> Act:
    """One due row, in a change of its own."""

    def run(pk: int, now: datetime) -> bool:
        with pipeline.change(Actor.system(label), now=now):
            return bool(act(pk, now))

    run.__name__ = f"{label}_{act.__name__}"
    return run


def _look_up(pk: int, now: datetime) -> bool:
    """Ask a tracker outside any change, then keep what it said in one."""
    answer = releasing.ask(pk, now)
    if answer is None:
        return False
    with pipeline.change(Actor.system("releases"), now=now):
        return releasing.apply(pk, answer, now)


CLOCKWORK: tuple[tuple[Find, Act], ...] = (
    (sla.due_clock_ids, _acting("clock", sla.tick)),
    (followups.due_action_ids, _acting("followups", followups.fire)),
    (handovers.due_rotation_ids, _acting("on-call", handovers.make)),
    (digests.due_user_ids, _acting("digest", digests.send)),
    (releasing.due_ids, _look_up),
    (rosters.due_ids, rosters.refresh),  # these two ask the network: outside any change
    (feeds.due_ids, feeds.read),
    (indexing.due_batches, indexing.do_batch),
    (spikes.due_ids, _acting("spikes", spikes.look)),
    (continuing.due_ids, _acting("live chat", continuing.write_to)),
    (chatcards.stale_ids, _acting("live chat", chatcards.freshen)),
    (notify.untold_ids, _acting("notify", notify.send)),
)
