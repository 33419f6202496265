"""API objects from rows, as contract.md prints them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from inbox.loop import others, ties
from inbox.macros.models import Macro
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity
from inbox.sla.explain import consumed_minutes
from inbox.sla.models import Clock
from inbox.tickets.models import Attachment, Message, Ticket, TicketEvent


def with_related(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Everything that `ticket` prints, in a fixed number of statements."""
    return tickets.select_related(
        "channel", "source", "owner", "team", "restricted_team", "asker__contact"
    ).prefetch_related(
        "tags",
        "links",
        Prefetch("clocks", Clock.objects.order_by("pk")),
        Prefetch("asker__contact__identities", Identity.objects.order_by("pk")),
    )


def stamp(at: datetime | None) -> str | None:
    """A moment in UTC, with Z."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def ticket(row: Ticket, seen: Collection[int]) -> dict[str, Any]:
    """A ticket; `seen`: those of the other tickets it names that the reader may see."""
    links = [found for found in row.links.all() if ties.number_at(found.url) in (None, *seen)]
    return {
        "number": row.pk,
        "subject": row.subject,
        "kind": row.kind,
        "status": row.status,
        "status_name": row.status_name,
        "waiting_on": row.waiting_on or None,
        "resolution": row.resolution or None,
        "category": row.category,
        "priority": row.priority,
        "channel": {"kind": row.channel.kind, "key": row.channel.key},
        "source": str(row.source) if row.source else row.channel.address,
        "permalink": row.permalink,
        "url": settings.BASE_URL + row.get_absolute_url(),
        "requester": requester(row.asker) if row.asker else None,
        "assignee": {"username": row.owner.username} if row.owner else None,
        "team": row.team.key if row.team else None,
        "restricted": row.restricted_team.key if row.restricted_team else None,
        "tags": sorted(tag.name for tag in row.tags.all()),
        "cc": row.cc,
        "created_at": stamp(row.created_at),
        "closed_at": stamp(row.closed_at),
        "snoozed_until": stamp(row.snoozed_until),
        "hold_reason": row.hold_reason or None,
        "next_due_at": stamp(row.next_due_at),
        "clocks": [clock(c) for c in row.clocks.all()],
        "links": [link(found) for found in links],
        "merged_into": row.merged_into_id if row.merged_into_id in seen else None,
        "may_belong_to": row.hint_id if row.hint_id in seen else None,
        "message_count": row.message_count,
    }


def requester(identity: Identity) -> dict[str, Any]:
    """Who asked: the contact behind the identity."""
    contact = identity.contact
    return {
        "id": contact.pk,
        "name": contact.name or identity.label,
        "identities": [identity_row(known) for known in contact.identities.all()],
        "timezone": identity.timezone or None,
        "champion": contact.champion,
    }


def identity_row(identity: Identity) -> dict[str, Any]:
    """One address or account."""
    return {
        "kind": identity.kind,
        "external_id": identity.external_id,
        "handle": identity.handle,
        "verified": identity.verified,
    }


def clock(row: Clock) -> dict[str, Any]:
    """A promise on a ticket."""
    return {
        "metric": row.metric,
        "state": row.state,
        "policy": row.policy_key,
        "due_at": stamp(row.due_at),
        "soft": row.soft,
        "met_at": stamp(row.met_at),
        "breached_at": stamp(row.breached_at),
        "consumed_minutes": consumed_minutes(row),
        "answered_by": row.answered_by or None,
        "missed_at": stamp(row.missed_at),
        "words": row.words or None,
    }


def link(row: Any) -> dict[str, Any]:
    """Something outside that a ticket is linked to."""
    return {
        "kind": row.kind,
        "url": row.url,
        "state": row.state or None,
        "released_in": row.released_in or None,
    }


def message(row: Message) -> dict[str, Any]:
    """A message; a deleted one stays as a tombstone."""
    gone = row.deleted_at is not None
    sent = next(iter(row.outgoing.all()), None)
    return {
        "id": row.pk,
        "direction": row.direction,
        "visibility": row.visibility,
        "author": {
            "name": row.author_label,
            "identity": identity_row(row.author) if row.author else None,
            "username": row.author_user.username if row.author_user else None,
            "role": row.role,
        },
        "subject": row.subject,
        "body_text": "" if gone else row.body_text,
        "new_text": "" if gone else row.new_text,
        "body_html": "" if gone else row.body_html,
        "to": row.to,
        "cc": row.cc,
        "class": row.message_class,
        "matched_by": row.matched_by or None,
        "flags": row.flags,
        "sent_at": stamp(row.sent_at),
        "edited_at": stamp(row.edited_at),
        "deleted_at": stamp(row.deleted_at),
        "external_id": row.external_id,
        "thread": {
            "channel": str(row.thread.channel),
            "key": row.thread.thread_key,
            "role": row.thread.role,
        },
        "also_received_by": [str(receipt.channel) for receipt in row.receipts.all()],
        "attachments": [] if gone else [attachment(file) for file in row.attachments.all()],
        "delivery": {"state": sent.state, "error": sent.error or None} if sent else None,
    }


def attachment(row: Attachment) -> dict[str, Any]:
    """A file of a message."""
    return {
        "name": row.filename,
        "size": row.size,
        "mime": row.content_type,
        "url": f"{settings.BASE_URL}/attachments/{row.pk}/",
    }


def event(row: TicketEvent, seen: Collection[int]) -> dict[str, Any]:
    """Something that happened; `seen` as for a ticket."""
    return {
        "id": row.pk,
        "kind": row.kind,
        "actor": {"kind": row.actor_kind, "label": row.actor_label},
        "at": stamp(row.at),
        "data": others.without(row.data, seen),
    }


def outgoing(row: Outgoing) -> dict[str, Any]:
    """A row that leaves, without its text."""
    return {
        "id": row.pk,
        "ticket": row.ticket_id,
        "message": row.message_id,
        "channel": str(row.channel),
        "kind": row.kind,
        "state": row.state,
        "held_reason": row.held_reason or None,
        "attempts": row.attempts,
        "not_before": stamp(row.not_before),
        "error": row.error or None,
        "automatic": row.automatic,
        "to": row.payload.get("to", []),
        "created_at": stamp(row.created_at),
        "sent_at": stamp(row.sent_at),
    }


def delivery(row: Any) -> dict[str, Any]:
    """Something that came in, without its body."""
    return {
        "id": row.pk,
        "channel": str(row.channel),
        "dedupe_key": row.dedupe_key,
        "state": row.state,
        "reason": row.reason or None,
        "error": row.error or None,
        "attempts": row.attempts,
        "received_at": stamp(row.received_at),
        "done_at": stamp(row.done_at),
    }


def channel(row: Any) -> dict[str, Any]:
    """A connection, never its secrets."""
    return {
        "kind": row.kind,
        "key": row.key,
        "label": row.label,
        "address": row.address,
        "active": row.active,
        "purpose": row.purpose,
        "webhook_url": row.config.webhook_url,
        "policy": row.policy.key if row.policy else None,
        "health": row.health,
        "health_text": row.health_text or None,
        "last_in_at": stamp(row.last_in_at),
        "last_out_at": stamp(row.last_out_at),
    }


def rule(row: Any, sentence: str) -> dict[str, Any]:
    """A routing rule with its sentence."""
    return {
        "id": row.pk,
        "key": row.key,
        "label": row.label,
        "order": row.order,
        "when": row.trigger,
        "if": row.condition,
        "then": row.actions,
        "stop": row.stop,
        "enabled": row.enabled,
        "paused_reason": row.paused_reason or None,
        "sentence": sentence,
    }


def macro(row: Macro) -> dict[str, Any]:
    """A macro; its text has its places, not their values."""
    return {
        "id": row.pk,
        "key": row.key,
        "name": row.name,
        "text": row.text,
        "actions": row.actions,
        "sentences": row.sentences,
        "seen_by": row.seen_by,
        "team": row.team.key if row.team else None,
        "owner": row.owner.username if row.owner else None,
        "channels": row.channels,
        "categories": row.categories,
        "enabled": row.enabled,
    }
