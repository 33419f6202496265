"""Counts are kept as delta rows, so that no page ever counts tickets."""

from functools import cache

from django.db import transaction
from django.db.models import CharField, Q, Subquery, Sum
from django.db.models.functions import Cast

from inbox.accounts.models import User
from inbox.common.statements import Places, Statement
from inbox.tickets.models import TicketCount, TicketEvent


def counts_for(user: User) -> dict[str, int]:
    """`status:open`, `category:Hiring`, `owner:7`, `channel:3` … for what this person may see.

    `newest_event` comes along: the place in the stream of events from which a page is to listen.
    """
    counted = {"newest_event": 0}
    for key, total, event in _sums(is_admin=user.is_admin).ask(user=user.pk):
        counted[key], counted["newest_event"] = total, event or 0
    return counted


@cache
def _sums(*, is_admin: bool) -> Statement:
    places = Places()
    rows = TicketCount.objects.all()
    if not is_admin:
        mine = User(pk=places.number("user")).teams.all()
        teams = mine.annotate(scope=Cast("pk", CharField())).values("scope")
        rows = rows.filter(Q(scope="") | Q(scope__in=teams))
    newest = Subquery(TicketEvent.objects.order_by("-pk").values("pk")[:1])
    found = rows.values_list("key").annotate(total=Sum("n"), newest=newest).order_by()
    return places.statement(*found.query.sql_with_params())


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


def owned(user_ids: list[int]) -> dict[int, int]:
    """How many live tickets each of these accounts owns, in every scope."""
    keys = {f"owner:{pk}": pk for pk in user_ids}
    rows = TicketCount.objects.filter(key__in=keys).values_list("key")
    return {keys[key]: total for key, total in rows.annotate(total=Sum("n")).order_by()}
