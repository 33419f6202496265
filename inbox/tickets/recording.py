"""What every verb stands on: the locked ticket, its one UPDATE, its events, its counts."""

from collections import Counter
from datetime import datetime
from typing import Any

from inbox.common import rows, work
from inbox.common.work import Phase
from inbox.tickets.models import LIVE, Ticket, TicketCount, TicketEvent, Touched

Counted = frozenset[tuple[str, str]]


def lock(number: int) -> Ticket:
    """The ticket under its row lock, the same object for the whole change.

    Raises `Ticket.DoesNotExist`.
    """
    current = work.current()
    known: Ticket | None = current.objects.get(("ticket", number))
    if known is not None:
        return known
    ticket = Ticket.objects.select_for_update().get(pk=number)
    return adopt(ticket, stood=counted(ticket))


def lock_all(numbers: list[int]) -> list[Ticket]:
    """Several tickets, locked in id order so that two changes never wait for each other."""
    return [lock(number) for number in sorted(set(numbers))]


def own(ticket: Ticket) -> Ticket:
    """The locked object for a ticket that somebody read outside the change."""
    return lock(ticket.pk)


def adopt(ticket: Ticket, *, stood: Counted = frozenset()) -> Ticket:
    """Make a ticket the change's own; `stood` is how it stands in the counts so far."""
    current = work.current()
    current.objects["ticket", ticket.pk] = ticket
    current.cache.setdefault("counted", {})[ticket.pk] = stood
    return ticket


def touch(ticket: Ticket, *fields: str) -> None:
    """Remember changed fields; one UPDATE per ticket writes them at the end of the change."""
    current = work.current()
    dirty: set[str] = current.cache.setdefault("dirty", {}).setdefault(ticket.pk, set())
    dirty.update(fields)
    current.at_end(Phase.TICKET, ("ticket", ticket.pk), lambda: _write(ticket, dirty))


def record(ticket: Ticket, kind: str, **data: Any) -> TicketEvent:
    """Write down what happened; the pipeline's steps see it before the change ends."""
    current = work.current()
    actor = current.actor
    event = TicketEvent(
        ticket=ticket,
        kind=kind,
        at=current.now,
        actor_kind=actor.kind,
        actor_label=actor.label[:150],
        actor_user_id=actor.user_id,
        rule_key=actor.rule_key,
        echo=actor.echo,
        data=data,
    )
    current.events.append(event)
    current.recorded.append(event)
    current.at_end(Phase.EVENT, "events", lambda: _write_events(current))
    return event


def change_field(ticket: Ticket, name: str, value: Any) -> Any | None:
    """Set a field; the old value when it changed, None when nothing did."""
    before = getattr(ticket, name)
    if before == value:
        return None
    setattr(ticket, name, value)
    touch(ticket, name)
    return before if before is not None else ""


def _write(ticket: Ticket, dirty: set[str]) -> None:
    rows.update(ticket, dirty, add={"version": 1})
    ticket.version += 1
    count(ticket)


def _write_events(current: work.Work) -> None:
    rows.insert(current.recorded)
    touched = {event.ticket_id for event in current.recorded}
    rows.insert(Touched(ticket_id=number) for number in sorted(touched))


# ------------------------------------------------------------------ counts


def count(ticket: Ticket) -> None:
    """Write the difference between how the ticket was counted and how it counts now."""
    current = work.current()
    known: dict[int, Counted] = current.cache["counted"]
    before, after = known[ticket.pk], counted(ticket)
    known[ticket.pk] = after
    deltas: Counter[tuple[str, str]] = current.cache.setdefault("deltas", Counter())
    deltas.update(after - before)
    deltas.subtract(before - after)
    current.at_end(Phase.COUNT, "counts", lambda: _write_counts(deltas))


def counted(ticket: Ticket) -> Counted:
    """Under which keys of the counts a ticket stands, by scope."""
    scope = f"{ticket.restricted_team_id or ''}"
    keys = [f"status:{ticket.status}"]
    if ticket.status in LIVE:
        keys += [f"category:{ticket.category}", f"owner:{ticket.owner_id or ''}"]
        keys.append(f"channel:{ticket.channel_id}")
        if ticket.snoozed_until is not None:
            keys.append("snoozed")
    return frozenset((scope, key) for key in keys)


def _write_counts(deltas: Counter[tuple[str, str]]) -> None:
    rows.insert(TicketCount(scope=scope, key=key, n=n) for (scope, key), n in deltas.items() if n)


def now() -> datetime:
    """The change's own time."""
    return work.current().now
