"""The on-call person's order of work: one channel after the other, the backlog last (S42)."""

from dataclasses import dataclass

from django.db.models import QuerySet

from inbox.channels import registry
from inbox.common.config import setting
from inbox.loop import labelled
from inbox.tickets.models import Ticket

OTHERS, BACKLOG = "lane-others", "lane-backlog"


@dataclass(frozen=True, kw_only=True)
class WorkLane:
    """One group of the queue in this order, and the tickets in it."""

    key: str
    label: str
    say: str
    icon: str
    rows: QuerySet[Ticket]


def lanes(base: QuerySet[Ticket]) -> list[WorkLane]:
    """What waits for us by kind of channel, in the order of the setting, then the backlog."""
    kinds = registry.all_kinds()
    order = [name for name in setting("lane_order") if name in kinds]
    ours = base.filter(lane="us")
    found = [
        WorkLane(
            key=f"lane-{name}",
            label=kinds[name].label,
            say="Answer these first." if not n else "Then these.",
            icon="spark" if not n else "tick",
            rows=ours.filter(channel__kind=name),
        )
        for n, name in enumerate(order)
    ]
    return [
        *found,
        WorkLane(
            key=OTHERS,
            label="Everything else",
            say="Mail, chats and the rest, due first.",
            icon="inbox",
            rows=ours.exclude(channel__kind__in=order),
        ),
        WorkLane(
            key=BACKLOG,
            label="Community backlog",
            say="When nobody waits: take one.",
            icon="people",
            rows=labelled.labelled(base, "community").exclude(lane="us"),
        ),
    ]
