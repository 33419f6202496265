"""Lists of people are worked through chunk by chunk, each in a change of its own."""

import time
from datetime import datetime

from inbox import pipeline
from inbox.common.queue import Job, enqueue
from inbox.common.work import Actor
from inbox.people import paging, taking
from inbox.people.models import PeopleImport
from inbox.people.records import ImportState

TURN_SECONDS = 20.0  # of asking a vendor; others wait in the same queue


def work(pk: int, now: datetime) -> bool:
    """Go on with a list until nothing is left; after a kill the next turn goes on."""
    row = PeopleImport.objects.filter(pk=pk).select_related("by").first()
    actor = Actor.user(row.by) if row is not None and row.by else Actor.system("import")
    if row is not None and paging.is_paged(row) and not _read_pages(pk, actor, now):
        return False
    done, more = False, row is not None
    while more:
        with pipeline.change(actor, now=now):
            more = taking.step(pk)
        done = True
    return done


def _read_pages(pk: int, actor: Actor, now: datetime) -> bool:
    """Ask a vendor for one page after the other, outside any change; whether all are read."""
    with pipeline.change(actor, now=now):
        if not paging.claim(pk, now):
            return False
    end, more = time.monotonic() + TURN_SECONDS, True
    while more:
        answer = paging.ask(pk)
        with pipeline.change(actor, now=now):
            more = taking.read_page(pk, answer)
            if more and time.monotonic() > end:
                paging.release(pk)
                enqueue(Job.PEOPLE_LIST, pk)
                more = False
    return PeopleImport.objects.exclude(state=ImportState.READING).filter(pk=pk).exists()
