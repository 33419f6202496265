"""An answer was taken back before it left: the promises that it kept are owed again."""

from datetime import datetime

from inbox.common import work
from inbox.common.work import Phase
from inbox.sla import arithmetic, clocks
from inbox.sla.models import Clock, ClockState, Metric
from inbox.tickets.models import LIVE, Ticket, TicketEvent


def on_taken_back(ticket: Ticket, event: TicketEvent) -> None:
    """Let the clocks run on that this answer met, as if nothing had been said."""
    if ticket.status not in LIVE:
        return
    said_at = datetime.fromisoformat(event.data["said_at"])
    for clock in clocks.live(ticket):
        if clock.metric == Metric.UPDATE and clock.started_at == said_at:
            clocks.finish(clock, ClockState.STOPPED, stopped_at=event.at)
    running = {clock.metric for clock in clocks.live(ticket)}
    for clock in clocks.clocks_of(ticket):
        met = clock.state == ClockState.MET and clock.answered_by == "team"
        if met and clock.met_at == said_at and clock.metric not in running:
            _revive(clock, said_at)
    clocks.refresh(ticket)


def _revive(clock: Clock, said_at: datetime) -> None:
    clock.state = ClockState.PAUSED if clock.paused_at else ClockState.RUNNING
    clock.met_at, clock.answered_by = None, ""
    # its consumed time was counted until the answer; it runs on from there
    if clock.state == ClockState.RUNNING and clock.unit not in arithmetic.NEVER_PAUSED:
        clock.resumed_at = said_at
    work.current().at_end(Phase.START, ("revived", clock.pk), lambda: clocks.write(clock))
