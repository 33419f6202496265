"""Counts are kept as delta rows, so that no page ever counts tickets."""

from django.db import transaction
from django.db.models import CharField, Q, Sum
from django.db.models.functions import Cast

from inbox.accounts.models import User
from inbox.tickets.models import TicketCount


def counts_for(user: User) -> dict[str, int]:
    """`status:open`, `category:Hiring`, `owner:7` … for what this person may see."""
    rows = TicketCount.objects.all()
    if not user.is_admin:
        teams = user.teams.annotate(scope=Cast("pk", CharField())).values("scope")
        rows = rows.filter(Q(scope="") | Q(scope__in=teams))
    return dict(rows.values_list("key").annotate(total=Sum("n")).order_by())


def fold(*, limit: int = 5000) -> int:
    """Turn many delta rows into one per key; returns how many went away.

    Locks exactly the rows that it sums, so a delta that is written meanwhile is never lost.
    """
    with transaction.atomic():
        rows = list(TicketCount.objects.select_for_update().order_by("pk")[:limit])
        sums: dict[tuple[str, str], int] = {}
        for row in rows:
            sums[row.scope, row.key] = sums.get((row.scope, row.key), 0) + row.n
        if len(sums) == len(rows):
            return 0
        TicketCount.objects.filter(pk__in=[row.pk for row in rows]).delete()
        TicketCount.objects.bulk_create(
            TicketCount(scope=scope, key=key, n=n) for (scope, key), n in sums.items() if n
        )
        return len(rows) - len(sums)
