"""Subscriptions: what is kept of them, which rows a change writes, what is sent again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.utils import timezone

from inbox.common import http, rows, work
from inbox.common.queue import Job, enqueue
from inbox.common.versions import bump, kept
from inbox.tickets.errors import VerbError
from inbox.tickets.models import TicketEvent
from inbox.webhooks.models import (
    Webhook,
    WebhookEvent,
    WebhookEventState,
    WebhookState,
    new_secret,
)
from inbox.webhooks.vocabulary import EVENTS, NAMES, PING

OLD_SECRET_DAYS = 3


def queue(events: Sequence[TicketEvent]) -> None:
    """Write a row for every subscription that wants one of these events.

    Called at the end of a change, in its transaction: the events have their keys, and the tickets
    are restricted as they will be. What is imported from former times is no news.
    """
    hooks = kept("webhooks", _load)
    current = work.current()
    if not hooks or current.historic:
        return
    found = [_row(hook, event) for event in events for hook in hooks if _wants(hook, event)]
    rows.insert(found)
    for pk in {row.webhook_id for row in found}:
        enqueue(Job.WEBHOOK, pk)


def _load() -> list[Webhook]:
    # its address and secret are nobody's business here
    told = Webhook.objects.exclude(state=WebhookState.OFF).only("events", "team")
    return list(told.order_by("pk"))


def _wants(hook: Webhook, event: TicketEvent) -> bool:
    team = event.ticket.restricted_team_id
    return NAMES.get(event.kind) in hook.events and team in (None, hook.team_id)


def _row(hook: Webhook, event: TicketEvent) -> WebhookEvent:
    return WebhookEvent(
        webhook_id=hook.pk,
        name=NAMES[event.kind],
        event_id=event.pk,
        ticket_id=event.ticket_id,
        not_before=event.at,
        queued_at=event.at,
        created_at=event.at,
    )


# ------------------------------------------------------------------ what people do


def save(hook: Webhook) -> None:
    """Keep a subscription. Raises `VerbError` for an address or events that cannot be."""
    _check_address(hook.url)
    hook.label = hook.label.strip() or urlsplit(hook.url).hostname or "Webhook"
    if not hook.events:
        raise VerbError("Choose at least one event.", field="events")
    unknown = sorted(set(hook.events) - set(EVENTS))
    if unknown:
        raise VerbError(f"There is no event “{unknown[0]}”.", field="events")
    hook.events = [name for name in EVENTS if name in hook.events]
    hook.save()
    bump("webhooks")


def state_of(hook: Webhook) -> dict[str, object]:
    """What the audit log says of a subscription before and after."""
    team = hook.team.key if hook.team else None
    names = ("label", "url", "events", "state")
    return {**{name: getattr(hook, name) for name in names}, "team": team} if hook.pk else {}


def _check_address(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise VerbError("This is no address.", field="url") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise VerbError("An address that begins with https:// is needed.", field="url")
    if parts.username or parts.password:
        raise VerbError("An address with a password in it is shown to others.", field="url")
    if parts.scheme == "http" and not http.allowed(parts.hostname, port):
        raise VerbError("Use https: tickets would leave unencrypted.", field="url")


def switch(hook: Webhook, *, on: bool) -> None:
    """Go on, with what waits, or tell nothing more."""
    hook.state = WebhookState.ON if on else WebhookState.OFF
    hook.stopped_because, hook.failures = "", 0
    hook.failing_since = hook.rest_until = None
    names = ("state", "stopped_because", "failures", "failing_since", "rest_until")
    hook.save(update_fields=names)
    bump("webhooks")
    if on:
        enqueue(Job.WEBHOOK, hook.pk)


def renew_secret(hook: Webhook) -> str:
    """A new secret, returned once more here; the old one signs too for some days."""
    hook.old_secret = hook.secret
    hook.old_until = timezone.now() + timedelta(days=OLD_SECRET_DAYS)
    hook.secret = new_secret()
    hook.save(update_fields=["secret", "old_secret", "old_until"])
    return str(hook.secret)


def delete(hook: Webhook) -> None:
    """Take it away with its log."""
    hook.delete()
    bump("webhooks")


def ping(hook: Webhook, *, now: datetime) -> WebhookEvent:
    """Send a test event. Raises `VerbError` when nothing leaves at all."""
    if hook.state != WebhookState.ON:
        raise VerbError("Switch it on first: nothing leaves now.")
    row = WebhookEvent(webhook=hook, name=PING, not_before=now, queued_at=now, created_at=now)
    row.save()
    Webhook.objects.filter(pk=hook.pk).update(rest_until=None)
    enqueue(Job.WEBHOOK, hook.pk)
    return row


def replay(hook: Webhook, *, now: datetime, row: int = 0, since: datetime | None = None) -> int:
    """Send one row again, or all that were given up since then; how many."""
    mine = WebhookEvent.objects.filter(webhook=hook)
    if row:
        mine = mine.filter(pk=row).exclude(state=WebhookEventState.QUEUED)
    else:
        mine = mine.filter(state=WebhookEventState.FAILED)
        mine = mine.filter(created_at__gte=since) if since else mine
    count = mine.update(
        state=WebhookEventState.QUEUED, attempts=0, not_before=now, queued_at=now, error=""
    )
    if count:
        enqueue(Job.WEBHOOK, hook.pk)
    return count
