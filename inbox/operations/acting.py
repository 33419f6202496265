"""The clockwork: which rooms have rows that time makes due, and what is done with one."""

from collections.abc import Callable
from datetime import datetime

from inbox import pipeline
from inbox.calendars import feeds
from inbox.common.work import Actor
from inbox.followups import digests, handovers
from inbox.followups import services as followups
from inbox.guard import secrets, standing
from inbox.intake import elsewhere
from inbox.livechat import continuing
from inbox.loop import releasing
from inbox.mirrors import chatcards
from inbox.notify import services as notify
from inbox.oncall import rosters
from inbox.operations import (
    counting,
    directories,
    disconnecting,
    hearing,
    openroles,
    peoplelists,
    personjobs,
    spikes,
)
from inbox.people import proposing, taking
from inbox.playbooks import acting as playbooks
from inbox.playbooks import attending, recurring, timing
from inbox.privacy import retention
from inbox.search import indexing
from inbox.sla import services as sla
from inbox.tickets import drafts
from inbox.webhooks import sending as webhooks

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


def _look_again(pk: int, now: datetime) -> bool:
    """Read a message with a secret where it stands, outside any change; keep the answer in one."""
    answer = standing.ask(pk)
    with pipeline.change(Actor.system("secrets"), now=now):
        return standing.keep(pk, answer, now)


CLOCKWORK: tuple[tuple[Find, Act], ...] = (
    (sla.due_clock_ids, _acting("clock", sla.tick)),
    (followups.due_action_ids, _acting("followups", followups.fire)),
    (handovers.due_rotation_ids, _acting("on-call", handovers.make)),
    (digests.due_user_ids, _acting("digest", digests.send)),
    (releasing.due_ids, _look_up),
    (rosters.due_ids, rosters.refresh),  # these ask the network: outside any change
    (feeds.due_ids, feeds.read),
    (openroles.due_ids, openroles.refresh),
    (disconnecting.due_ids, disconnecting.revoke),
    (directories.due_ids, directories.keep_note),
    (indexing.due_batches, indexing.do_batch),
    (hearing.due_ids, hearing.look),
    (proposing.due_ids, _acting("people", proposing.look)),
    (counting.due_ids, _acting("community", counting.count)),
    (taking.due_ids, peoplelists.work),
    (personjobs.due_ids, personjobs.work),
    (spikes.due_ids, _acting("spikes", spikes.look)),
    (timing.due_run_ids, _acting("playbooks", timing.fire)),
    (timing.due_sign_ids, _acting("playbooks", timing.escalate)),
    (recurring.due_ids, _acting("playbooks", recurring.look)),
    (attending.ended_ids, _acting("playbooks", attending.end)),
    (playbooks.settled_ids, _acting("playbooks", playbooks.settle)),
    (continuing.due_ids, _acting("live chat", continuing.write_to)),
    (chatcards.stale_ids, _acting("live chat", chatcards.freshen)),
    (retention.due_batches, _acting("retention", retention.do_batch)),
    (elsewhere.late_note_ids, _acting("intake", elsewhere.file_late)),
    (notify.untold_ids, _acting("notify", notify.send)),
    (webhooks.stale_ids, webhooks.forget),
    (secrets.unanswered_ids, _acting("secrets", secrets.remind)),
    (secrets.expiring_ids, _acting("secrets", secrets.wipe)),
    (standing.due_ids, _look_again),
    (drafts.old_ids, _acting("drafts", drafts.forget)),
    (drafts.unsent_file_ids, _acting("drafts", drafts.forget_file)),
)
