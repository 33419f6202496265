"""A change and all that follows from it, in one transaction; and the two jobs built on it.

The order of the steps is written here and nowhere else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction
from django.utils import timezone

from inbox.channels.contract import InboundBatch
from inbox.common import live, work
from inbox.common.crash import point
from inbox.common.queue import after_commit
from inbox.common.work import Actor, Work
from inbox.community import services as community
from inbox.followups import services as followups
from inbox.guard import screening, secrets
from inbox.guard import services as guard
from inbox.guard.screening import Screened
from inbox.intake import aftermath, moving, prepare, results
from inbox.intake.prepare import Claim
from inbox.intake.services import Arrival, file_message
from inbox.livechat import services as livechat
from inbox.loop import items
from inbox.loop import services as loop
from inbox.mirrors import bridging
from inbox.mirrors import services as mirrors
from inbox.notify import mentions
from inbox.notify import services as notify
from inbox.oncall import assigning as oncall
from inbox.outbox import sending
from inbox.outbox import services as outbox
from inbox.playbooks import acting as playbooks
from inbox.playbooks import starting
from inbox.privacy import conversation
from inbox.routing import services as routing
from inbox.search import indexing as search
from inbox.sla import services as sla
from inbox.tickets import files
from inbox.tickets.models import TicketEvent
from inbox.webhooks import services as webhooks

Step = Callable[[TicketEvent], None]

# guard → secrets → routing → sla → oncall → notify → followups → loop → livechat → mirrors →
# community → playbooks → mentions → search → outbox: rooms that react join here, in this order,
# when they exist.
STEPS: tuple[Step, ...] = (
    guard.on_event,
    secrets.on_event,
    routing.on_event,
    sla.on_event,
    oncall.on_event,
    notify.on_event,
    followups.on_event,
    loop.on_event,
    livechat.on_event,
    mirrors.on_event,
    bridging.on_event,
    community.on_event,
    playbooks.on_sent,
    starting.on_event,
    mentions.on_event,
    search.on_event,
    outbox.on_event,
)
# Twenty actions a rule may take, each with a follow-up or two, for one message; more is a loop.
MOST_EVENTS = 200


class EndlessChange(RuntimeError):
    """Steps kept causing events; the change was rolled back."""


@contextmanager
def change(actor: Actor, *, now: datetime | None = None, historic: bool = False) -> Iterator[Work]:
    """One change and all that follows from it, in one transaction."""
    with (
        transaction.atomic(),
        work.begin(actor, now=now or timezone.now(), historic=historic) as current,
    ):
        yield current
        _follow(current)
        point("t2_mid_transaction")
        current.flush()
        webhooks.queue(current.recorded)
        _announce(current)


def _follow(current: Work) -> None:
    seen = 0
    while (event := current.next_event()) is not None:
        seen += 1
        if seen > MOST_EVENTS:
            raise EndlessChange(f"more than {MOST_EVENTS} events in one change")
        for step in STEPS:
            if not (event.by_rule and step is routing.on_event):  # automation must not feed itself
                step(event)


def _announce(current: Work) -> None:
    """Tell open browsers what changed, after the commit; a dead hub loses a hint, no data."""
    touched: dict[int, list[TicketEvent]] = {}
    for event in current.recorded:
        touched.setdefault(event.ticket_id, []).append(event)
    for number, events in touched.items():
        team = events[-1].ticket.restricted_team_id
        event_kinds = sorted({event.kind for event in events})
        after_commit(partial(live.publish, events[-1].pk, number, event_kinds, team))


# ------------------------------------------------------------------ a delivery


def process_delivery(pk: int, *, now: datetime | None = None) -> str:
    """Process one stored delivery; "" when it was not ours to do, else its new state."""
    moment = now or timezone.now()
    claimed = prepare.claim(pk, now=moment)
    if claimed is None:
        return ""
    try:
        return _file(claimed, screening.screen(prepare.read(claimed)), moment)
    except Exception as error:  # noqa: BLE001 - one poison delivery must never stop a channel (L9)
        return results.failed(claimed, error, now=moment)


def _arrivals(claimed: Claim, batch: InboundBatch) -> list[Arrival]:
    """Messages with their files, which are on disk before the transaction begins."""
    return [
        Arrival(
            message=message,
            channel=claimed.channel,
            delivery=claimed.delivery,
            files=[files.keep(file) for file in (message.original or message).files],
        )
        # a note of the team belongs to what another message of the batch may open
        for message in sorted(batch.messages, key=lambda message: message.is_internal)
    ]


def _file(claimed: Claim, screened: Screened, now: datetime) -> str:
    """File a delivery's messages in one change.

    Somebody else may have filed the same message or met the same person at the same moment; the
    database refuses the second copy, and the second try finds the first one.
    """
    batch = screened.batch
    arrivals = _arrivals(claimed, batch)
    for attempt in range(3):
        try:
            with change(Actor.system("intake"), now=now, historic=batch.historic) as current:
                current.cache["again"] = attempt > 0
                secrets.are_in(current, screened.found, claimed.delivery.pk)
                reasons = [batch.ignored] if batch.ignored else []
                said = [moving.file_rename(*names, claimed.channel) for names in batch.renamed]
                said += [moving.file_move(move, claimed.channel) for move in batch.moves]
                said += [file_message(a) for a in arrivals]
                said += [aftermath.file_delete(d, claimed.channel) for d in batch.deletes]
                said += [conversation.forget(f, claimed.channel) for f in batch.forgets]
                said += [aftermath.file_reaction(r, claimed.channel) for r in batch.reactions]
                said += [aftermath.file_thread(t, claimed.channel) for t in batch.threads]
                items.file_all(batch, claimed.channel)
                if batch.refresh:
                    results.refresh(claimed)
                    said.append("")
                if batch.trouble is not None:
                    results.trouble(claimed, batch.trouble)
                    said.append("")
                reasons += [reason for reason in said if reason]
                filed = "" in said
                state = results.done(claimed, "" if filed else "; ".join(reasons), now=now)
            point("t2_after_commit")
            return state
        except IntegrityError:
            if attempt == 2:
                raise
    return ""


# ------------------------------------------------------------------ an outgoing row


def deliver(pk: int, *, now: datetime | None = None) -> str:
    """Send or look up one outgoing row; "" when nothing was due, else its new state."""
    step = sending.claim(pk, now=now or timezone.now())
    if step is None:
        return ""
    outcome = step()
    with change(Actor.system("outbox"), now=now):
        if sending.apply(outcome):
            playbooks.went_out(outcome.row)
    point("out_after_sent_commit")
    return str(outcome.values["state"])
