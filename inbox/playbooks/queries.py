"""Which runs and events somebody may see, as queries."""

from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.playbooks.models import Run
from inbox.tickets import queries as tickets


def visible_to(user: User) -> QuerySet[Run]:
    """Runs about no ticket, and those about a ticket that the person may see."""
    return Run.objects.filter(Q(ticket=None) | Q(ticket__in=tickets.visible_to(user)))
