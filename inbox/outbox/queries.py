"""Reading what leaves: permission first."""

from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.tickets import queries


def visible_to(user: User) -> QuerySet[Outgoing]:
    """Rows of the tickets that somebody may see, and issues; admins also what staff are told."""
    if user.is_admin:
        return Outgoing.objects.all()
    seen = queries.visible_to(user)
    # a conversation may have moved to a restricted ticket after the row was made
    here = Q(thread=None) | Q(thread__ticket__in=seen)
    return Outgoing.objects.filter(Q(ticket__in=seen) & here | Q(ticket=None, kind="issue"))


def stuck(user: User) -> QuerySet[Outgoing]:
    """Rows of theirs that need somebody; what nobody wanted said needs nobody."""
    unwanted = Q(message=None, thread__isnull=False) | Q(message__deleted_at__isnull=False)
    dropped = Q(state=OutgoingState.FAILED) & unwanted
    waiting = (OutgoingState.FAILED, OutgoingState.HELD, OutgoingState.UNCERTAIN)
    return visible_to(user).filter(state__in=waiting).exclude(dropped)
