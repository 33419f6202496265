"""The other tickets that a ticket, or what happened to it, names: only for those who see them."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q

from inbox.loop import ties
from inbox.tickets.models import Ticket, TicketEvent

NUMBERS = ("into", "source")  # of an event's data
WHY = re.compile(r"#(\d+) was merged into it")
HIDDEN = "a ticket that few people may see"


def on_ticket(row: Ticket) -> set[int]:
    """What it was merged into, may belong to, or is linked with."""
    tied = {ties.number_at(link.url) for link in row.links.all()}
    return {n for n in (row.merged_into_id, row.hint_id, *tied) if n is not None}


def in_events(events: Iterable[TicketEvent]) -> set[int]:
    """What these events name."""
    return {number for event in events for number in _named(event.data)}


def _named(data: dict[str, Any]) -> set[int]:
    found = {data[name] for name in NUMBERS if isinstance(data.get(name), int)}
    if isinstance(url := data.get("url"), str):
        found |= {ties.number_at(url)} - {None}
    if isinstance(why := data.get("why"), str) and (hit := WHY.search(why)):
        found.add(int(hit[1]))
    return found


def without(data: dict[str, Any], seen: Collection[int], *, instead: Any = None) -> dict[str, Any]:
    """An event's data, where `instead` stands for what is not among the seen tickets."""
    if _named(data) <= set(seen):
        return data
    told = dict(data)
    for name in NUMBERS:
        if isinstance(data.get(name), int) and data[name] not in seen:
            told[name] = instead
    if isinstance(url := data.get("url"), str) and ties.number_at(url) not in (None, *seen):
        told["url"] = instead
    if isinstance(why := data.get("why"), str):
        told["why"] = WHY.sub(lambda hit: hit[0] if int(hit[1]) in seen else "merged", why)
    return told


def seen_by_team(numbers: Collection[int], team: int | None) -> set[int]:
    """Those of these tickets that are for all, or for this one restricted team."""
    if not numbers:
        return set()
    for_all_of_it = Q(restricted_team=None) | Q(restricted_team=team or 0)
    return set(Ticket.objects.filter(for_all_of_it, pk__in=numbers).values_list("pk", flat=True))
