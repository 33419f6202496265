"""Reading by label: the lists of triage, the community's backlog, and reviews that are owed."""

from django.db.models import Count, DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery

from inbox.accounts.models import User
from inbox.channels import directory, registry
from inbox.channels.contract import Capability
from inbox.common.config import setting
from inbox.loop.models import REVIEW_OWED, Item
from inbox.tickets import queries
from inbox.tickets.models import LIVE, Status, Thread, ThreadRole, Ticket

LISTS = {"triage": "label_triage", "review": "label_review", "community": "label_community"}
# More reviews than this are owed nowhere; the page costs the same at any number.
MOST_OWED = 500
OFFERED = 5


def _belongs(name: str) -> Q:
    """Triage is of live tickets; what product or the community still has is open there.

    Product is referred to any thread, whatever its channel (S46).
    """
    known = registry.all_kinds().values()
    kinds = [kind.kind for kind in known if Capability.LABEL in kind.capabilities]
    live = Q(status__in=LIVE)
    there = Thread.objects.filter(
        ticket=OuterRef("pk"), role=ThreadRole.CUSTOMER, is_closed=False, channel__kind__in=kinds
    )
    where = live if name == "triage" else live | (Q(status=Status.CLOSED) & Q(Exists(there)))
    if name != "review":
        where &= Q(channel__kind__in=kinds)
    return Q(tags__name=setting(LISTS[name])) & where


def labelled(rows: QuerySet[Ticket], name: str) -> QuerySet[Ticket]:
    """The tickets of one list: triage, review or community."""
    return rows.filter(_belongs(name))


def sizes(rows: QuerySet[Ticket]) -> dict[str, int]:
    """How many tickets each list has, in one statement."""
    where = _belongs("triage") | _belongs("review") | _belongs("community")
    counted = rows.filter(where).values("tags__name").annotate(n=Count("pk")).order_by()
    found = {row["tags__name"]: row["n"] for row in counted}
    return {name: found.get(setting(label), 0) for name, label in LISTS.items()}


def offered(user: User) -> list[Ticket]:
    """What somebody may take from the community's backlog while it is quiet (S53).

    What waits for us is in the queue anyway, and what a colleague has is taken.
    """
    rows = labelled(queries.visible_to(user), "community").exclude(lane="us")
    free = rows.filter(Q(owner=None) | Q(owner=user)).select_related("source")
    return list(free.order_by("created_at", "number")[:OFFERED])


def owing(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """Tickets of pull requests that wait for a review of ours (S51)."""
    owed = Item.objects.filter(REVIEW_OWED).exclude(key="").order_by("asked_review_at")
    keys = list(owed.values_list("key", flat=True)[:MOST_OWED])
    realms = {channel.realm for channel in directory.active()}
    threads = Thread.objects.filter(realm__in=realms, thread_key__in=keys)
    return rows.filter(status__in=[*LIVE, Status.CLOSED], pk__in=threads.values("ticket"))


def owed_since() -> Subquery:
    """Since when a review is owed on a ticket, as an annotation; None for most."""
    item = Item.objects.filter(
        REVIEW_OWED, channel=OuterRef("channel"), key=OuterRef("thread_key")
    ).order_by("asked_review_at")
    mine = Thread.objects.filter(ticket=OuterRef("pk"), role=ThreadRole.CUSTOMER)
    asked = mine.annotate(owed=Subquery(item.values("asked_review_at")[:1]))
    return Subquery(
        asked.filter(owed__isnull=False).order_by("owed").values("owed")[:1],
        output_field=DateTimeField(),
    )
