"""What the ticket's page says of its chat: topic, where the visitor came from, rating, address."""

from typing import Any

from inbox.livechat import continuing, rating
from inbox.livechat.models import Conversation


def about(row: Conversation | None) -> dict[str, Any]:
    """`chat` and its rating, for the panel; nothing without a chat."""
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
