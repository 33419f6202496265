"""Reading what leaves: permission first."""

from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.outbox.models import Outgoing
from inbox.tickets import queries


def visible_to(user: User) -> QuerySet[Outgoing]:
    """Rows of the tickets that somebody may see, and issues; admins also what staff are told."""
    mine = Q(ticket__in=queries.visible_to(user)) | Q(ticket=None, kind="issue")
    return Outgoing.objects.filter(mine | Q(ticket=None) if user.is_admin else mine)
