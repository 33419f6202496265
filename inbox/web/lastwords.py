"""The last words of a conversation, beside its subject in a list."""

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Substr

from inbox.tickets.messages import Message
from inbox.tickets.states import Visibility

LETTERS = 160  # more does not fit beside a subject on any screen


def last_words() -> Subquery:
    """The beginning of a ticket's newest message, for `annotate`; of a note nothing."""
    newest = Message.objects.filter(
        pk=OuterRef("last_message_id"), visibility=Visibility.PUBLIC, deleted_at=None
    )
    return Subquery(newest.values(said=Substr("new_text", 1, LETTERS)))
