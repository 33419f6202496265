"""When each person was last heard: read from the messages behind the writes, a batch at a time."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, OuterRef, Subquery

from inbox.common.locks import hold
from inbox.people.models import Contact, Identity
from inbox.search.models import SearchState
from inbox.tickets.models import Message

AT_ONCE, BATCHES = 2_000, 8
# a change may commit after one that began later: so many rows are looked at again
OVERLAP = 200


def due_ids(now: datetime) -> list[int]:
    """As many batches as one turn may do, while messages came since."""
    del now
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    state = SearchState.objects.filter(name="heard").first()
    behind = newest - (state.value if state else 0)
    return list(range(min(-(-behind // AT_ONCE), BATCHES)))


def look(number: int, now: datetime) -> bool:
    """Take over who wrote since. False: no clock made this due."""
    del number, now
    with transaction.atomic():
        hold("people-heard")
        state = SearchState.objects.get_or_create(name="heard")[0]
        rows = Message.objects.filter(pk__gt=state.value - OVERLAP).order_by("pk")
        batch = list(rows.values_list("pk", "author", "sent_at")[: AT_ONCE + OVERLAP])
        newest: dict[int, datetime] = {}
        for _, author, at in batch:
            if author is not None:
                newest[author] = max(newest.get(author, at), at)
        _take_over(newest)
        state.value = max(state.value, *(pk for pk, *_ in batch)) if batch else state.value
        state.save(update_fields=["value"])
    return False


def _take_over(newest: dict[int, datetime]) -> None:
    rows = list(Identity.objects.filter(pk__in=newest).only("pk", "heard_at", "contact_id"))
    later = [row for row in rows if row.heard_at is None or row.heard_at < newest[row.pk]]
    for row in later:
        row.heard_at = newest[row.pk]
    Identity.objects.bulk_update(later, ["heard_at"], batch_size=300)
    theirs = Identity.objects.filter(contact=OuterRef("pk")).order_by().values("contact")
    last = Subquery(theirs.annotate(last=Max("heard_at")).values("last"))
    people = Contact.objects.filter(pk__in={row.contact_id for row in later})
    people.update(last_heard_at=last)
