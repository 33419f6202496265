"""Working on a run of many tickets: in pieces, each ticket in a change of its own."""

from datetime import datetime

from inbox import pipeline
from inbox.bulk import services as bulk
from inbox.bulk.models import BulkRun
from inbox.common.crash import point
from inbox.common.work import Actor
from inbox.tickets.errors import VerbError

PIECE = 100


def work_on(pk: int, *, now: datetime, most: int = PIECE) -> bool:
    """The next piece of a run; whether anything was done. What is left rings again by itself."""
    run = bulk.claim(pk, now=now)
    if run is None:
        return False
    for item in bulk.left(run, limit=most):
        _do(item, run, now)
        point("bulk_after_item")
    bulk.release(run)
    return True


def _do(item: int, run: BulkRun, now: datetime) -> None:
    try:
        with pipeline.change(Actor.user(run.user), now=now):
            bulk.do_item(item, run)
    except VerbError as error:
        bulk.refuse_item(item, run, error.text)
