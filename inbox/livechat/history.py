"""A visitor's earlier chats: those of their own token or proof, and of nobody they claim to be."""

from typing import Any

from django.db.models import OuterRef, Q, Subquery

from inbox.livechat.models import Conversation, Entry, EntryKind
from inbox.tickets.models import Direction

MOST, MOST_TITLE = 10, 80


def of(current: Conversation) -> list[dict[str, Any]]:
    """The newest earlier chats in which something was said, by the visitor's first words."""
    # not the ticket's subject: after a merge that is somebody else's
    first = Entry.objects.filter(
        conversation=OuterRef("pk"), kind=EntryKind.MESSAGE, message__direction=Direction.IN
    ).order_by("pk")
    rows = (
        Conversation.objects.filter(visitor=current.visitor_id)
        .exclude(Q(pk=current.pk) | Q(thread=None))
        .annotate(
            words=Subquery(first.values("message__new_text")[:1]),
            gone_at=Subquery(first.values("message__deleted_at")[:1]),
        )
        .order_by("-pk")
    )
    return [
        {
            "conversation": row.key,
            "at": row.created_at.isoformat(),
            "title": "" if row.gone_at else " ".join((row.words or "").split())[:MOST_TITLE],
        }
        for row in rows[:MOST]
    ]
