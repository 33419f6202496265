"""The job that tells subscribers: claim, compose in the API's own shapes, request, record."""

import json
import time
from datetime import datetime
from typing import Any

from django.utils import timezone

from inbox import pipeline
from inbox.api import shapes
from inbox.common.queue import Job, enqueue
from inbox.common.work import Actor
from inbox.loop import others
from inbox.tickets.models import Message, Ticket, Visibility
from inbox.webhooks import sending
from inbox.webhooks.models import Webhook, WebhookEvent
from inbox.webhooks.sending import Outcome

# then the next subscription has its turn, and this one is rung for again
AT_MOST_SECONDS = 15


def deliver(pk: int, *, now: datetime | None = None) -> int:
    """Send what is due of one subscription; how many rows were worked on."""
    hook = sending.claim(pk, now=now or timezone.now())
    if hook is None:
        return 0
    done, end, goes_on = 0, time.monotonic() + AT_MOST_SECONDS, True
    while goes_on and time.monotonic() < end:
        row = sending.next_row(hook, now=now or timezone.now())
        if row is None:
            break
        moment = now or timezone.now()
        outcome = _attempt(hook, row, moment)
        with pipeline.change(Actor.system("webhooks"), now=moment):
            goes_on = sending.record(outcome, now=moment)
        done += 1
    else:
        enqueue(Job.WEBHOOK, pk)
    sending.release(hook)
    return done


def _attempt(hook: Webhook, row: WebhookEvent, now: datetime) -> Outcome:
    if not _may_be_told(hook, row):
        return Outcome(hook=hook, row=row, dropped=True, error="restricted meanwhile")
    if not row.body:
        row.body = json.dumps(body_of(hook, row), separators=(",", ":"))
        row.save(update_fields=["body"])
    return sending.post(hook, row, row.body, now=now)


def _may_be_told(hook: Webhook, row: WebhookEvent) -> bool:
    """Asked again at every attempt: a ticket may have been restricted since it happened."""
    return row.ticket is None or row.ticket.restricted_team_id in (None, hook.team_id)


def body_of(hook: Webhook, row: WebhookEvent) -> dict[str, Any]:
    """What is told: the event, and the ticket and message as the API shows them at that time."""
    data: dict[str, Any] = {"webhook": {"id": hook.pk, "label": hook.label}}
    if row.event is not None:
        ticket = shapes.with_related(Ticket.objects.filter(pk=row.event.ticket_id)).get()
        named = others.on_ticket(ticket) | others.in_events([row.event])
        seen = others.seen_by_team(named, hook.team_id)
        data = {
            "event": shapes.event(row.event, seen),
            "ticket": shapes.ticket(ticket, seen),
            "message": _message(hook, row.event.data.get("message")),
        }
    return {"type": row.name, "timestamp": shapes.stamp(row.created_at), "data": data}


def _message(hook: Webhook, pk: Any) -> dict[str, Any] | None:
    """The message that it is about; what is internal only to who asked for notes."""
    rows = (
        Message.objects.filter(pk=pk)
        .select_related("author", "author_user", "thread__channel")
        .prefetch_related("attachments", "outgoing", "receipts__channel")
    )
    if "message.note" not in hook.events:
        rows = rows.filter(visibility=Visibility.PUBLIC)
    found = rows.first() if isinstance(pk, int) else None
    return shapes.message(found) if found is not None else None


def _drained(pk: int) -> str:
    return "done" if deliver(pk) else ""


DRAINED = ("webhook", sending.due_ids, _drained)
