"""People who take part, for tests."""

from datetime import datetime

from inbox.operations import counting
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from rig.desk import NOW, act, ticket, writes


def look(at: datetime = NOW) -> None:
    """What the clockwork does."""
    for pk in counting.due_ids(at):
        act(counting.count, pk, at, at=at)


def credit(row: Ticket, who: Identity, at: datetime = NOW) -> None:
    """The asker ticked off what somebody answered."""

    def verb() -> None:
        found = tickets.lock(row.pk)
        tickets.record(found, kinds.CREDITED, name=who.label, identity=who.pk, username=None)

    act(verb, at=at)


def helped(who: Identity, times: int, at: datetime = NOW) -> list[Ticket]:
    """Somebody answers so many questions of others."""
    rows = [ticket(at=at) for _ in range(times)]
    for row in rows:
        writes(row, who, role="community", at=at)
    return rows
