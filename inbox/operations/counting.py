"""What somebody did for the community, with what trackers say of their issues and pull requests."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from inbox.community import services as community
from inbox.community.gathering import Built
from inbox.community.models import DeedKind
from inbox.loop.models import Item
from inbox.people.models import Contact
from inbox.tickets.models import Status, Thread

OPENED = {"issue": DeedKind.REPORTED, "pull": DeedKind.PROPOSED}
due_ids = community.due_ids


def count(pk: int, now: datetime) -> bool:
    """Add one person up; False when they are gone. What happens meanwhile marks them again."""
    contact = Contact.objects.select_for_update().filter(pk=pk).first()
    if contact is None:
        return False
    community.count(contact, built_by(contact))
    return True


def built_by(contact: Contact) -> Iterator[Built]:
    """Their issues and pull requests, as the trackers described them last."""
    items = Item.objects.filter(
        channel=OuterRef("channel"), key=OuterRef("thread_key"), kind__in=OPENED
    )
    rows = Thread.objects.filter(Exists(items), ticket__asker__contact=contact)
    rows = rows.exclude(ticket__status__in=(Status.TRASHED, Status.SPAM, Status.MERGED))
    told = rows.annotate(
        what=Subquery(items.values("kind")[:1]),
        state=Subquery(items.values("state")[:1]),
        ended=Subquery(items.values("ended_at")[:1]),
    ).values_list("ticket", "ticket__asker", "ticket__created_at", "what", "state", "ended")
    for ticket, identity, at, what, state, ended in told:
        yield Built(identity=identity, ticket=ticket, kind=OPENED[what], at=at)
        if what == "pull" and state == "merged":
            yield Built(identity=identity, ticket=ticket, kind=DeedKind.MERGED, at=ended or at)
