"""What the team says in its own threads about a ticket.

Under a triage card it is a note (L12). Under a live chat's card it is an answer that the visitor
sees, unless it begins with `note:` or 🔒, or is not by one of us.
"""

from collections.abc import Sequence

from inbox.channels.contract import InboundMessage
from inbox.channels.models import Delivery
from inbox.people import services as people
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import (
    Attachment,
    AuthorRole,
    Direction,
    Thread,
    ThreadRole,
    Ticket,
    Visibility,
)

INTERNAL = ("note:", "🔒", ":lock:", ":closed_lock_with_key:", "🔐")


def file(
    inbound: InboundMessage,
    ticket: Ticket,
    thread: Thread,
    sender: Identity,
    *,
    delivery: Delivery,
    files: Sequence[Attachment],
) -> bool:
    """File it; whether it answers the visitor."""
    team = people.is_team(sender)
    answers = thread.role == ThreadRole.BRIDGE and team and not is_internal(inbound.text)
    tickets.add_message(
        ticket,
        thread,
        direction=Direction.OUT,
        visibility=Visibility.PUBLIC if answers else Visibility.INTERNAL,
        role=AuthorRole.TEAM if team else AuthorRole.COMMUNITY,
        external_id=inbound.message_key,
        sent_at=inbound.sent_at,
        author=sender,
        author_user=sender.user,
        author_label=sender.label[:250],
        body_text=inbound.text,
        new_text=inbound.new_text or inbound.text,
        body_html=inbound.html if answers else "",
        version=inbound.version,
        delivery=delivery,
        files=files,
    )
    return answers


def is_internal(text: str) -> bool:
    """Whether the writer keeps it among the team."""
    return text.lstrip(" *_`>\n").casefold().startswith(INTERNAL)
