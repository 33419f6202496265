"""Which people somebody may know of: a name alone can tell what a restricted ticket hides."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from inbox.accounts.models import User
from inbox.people.models import Contact
from inbox.tickets import queries
from inbox.tickets.models import Message, Ticket


def known_to(user: User) -> QuerySet[Contact]:
    """Everybody but those who are known only from tickets that this account may not see.

    Merged contacts are left out: the one they were merged into stands for them.
    """
    people = Contact.objects.filter(merged_into=None)
    if user.is_admin:
        return people
    seen = queries.visible_to(user)
    hidden = Ticket.objects.filter(restricted_team__isnull=False)
    hidden = hidden.exclude(restricted_team__in=user.teams.all())
    asked, wrote = Q(asker__contact=OuterRef("pk")), Q(author__contact=OuterRef("pk"))
    elsewhere = Message.objects.filter(wrote, ticket__in=hidden.values("pk"))
    return people.filter(
        (~Exists(hidden.filter(asked)) & ~Exists(elsewhere))
        | Exists(seen.filter(asked))
        | Exists(Message.objects.filter(wrote, ticket__in=seen.values("pk")))
    )
