"""What the visitor thinks of a chat that has ended: once per closing, changeable for a week."""

from datetime import timedelta

from inbox.common import work
from inbox.livechat.limits import spend
from inbox.livechat.models import Conversation, Rating
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket

SCORES = ((1, "Very bad"), (2, "Bad"), (3, "Fair"), (4, "Good"), (5, "Very good"))
CHANGE_WITHIN = timedelta(days=7)


class TooLate(Exception):
    """It was rated more than a week ago."""


def rate(conversation: Conversation, *, score: int, comment: str, closing: int) -> Rating:
    """Keep it, and tell the team when it is new or another one. Raises `TooLate`, `TooMany`."""
    # one at a time: a double click is one note. The ticket first, as when a line is filed
    ticket = tickets.lock(conversation.thread.ticket_id) if conversation.thread else None
    Conversation.objects.select_for_update().get(pk=conversation.pk)
    known = Rating.objects.filter(conversation=conversation, closing=closing).first()
    now = work.current().now
    if known is not None and now - known.rated_at > CHANGE_WITHIN:
        raise TooLate
    if known is not None and (known.score, known.comment) == (score, comment):
        return known
    spend("chat_ratings_per_hour", conversation.pk)
    row, _ = Rating.objects.update_or_create(
        conversation=conversation,
        closing=closing,
        defaults={"score": score, "comment": comment},
        create_defaults={"score": score, "comment": comment, "rated_at": now},
    )
    if ticket is not None:
        _tell(ticket, row, again=known is not None)
    return row


def of(conversation: Conversation) -> Rating | None:
    """The rating of the newest closing; a chat that goes on has none."""
    if conversation.ended_at is None:
        return None
    return conversation.ratings.filter(closing=conversation.closings).first()


def _tell(ticket: Ticket, row: Rating, *, again: bool) -> None:
    words = f": {row.comment}" if row.comment else ""
    said = "now rates" if again else "rated"
    text = f"The visitor {said} this chat {row.score} of 5{words}"
    tickets.add_note(ticket, body=text)
