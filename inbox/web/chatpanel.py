"""What the ticket's page says of its chat: topic, where the visitor came from, rating, address."""

from typing import Any

from inbox.channels.contract import Capability
from inbox.livechat import continuing, rating
from inbox.livechat.models import Conversation
from inbox.tickets.models import Ticket


def chat_of(ticket: Ticket) -> dict[str, Any]:
    """`chat` and `chat_rating` of a live ticket's newest chat; nothing for other channels."""
    if Capability.LIVE not in ticket.channel.type.capabilities:
        return {}
    rows = Conversation.objects.filter(thread__ticket=ticket).select_related(
        "channel", "visitor", "thread"
    )
    row = rows.order_by("-pk").first()
    if row is None:
        return {}
    words = dict(rating.SCORES)
    rated = row.ratings.order_by("-closing").first()
    return {
        "chat": row,
        "chat_rating": rated,
        "chat_rating_words": words[rated.score] if rated else "",
        "may_send_transcript": continuing.may_send_transcript(row),
    }
