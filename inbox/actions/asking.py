"""Who asks for what, and finding the ticket that they mean."""

from dataclasses import dataclass
from datetime import datetime

from inbox.accounts.models import User
from inbox.channels.contract import InboundAction
from inbox.channels.models import Channel
from inbox.people.models import Identity
from inbox.tickets import queries
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Thread, Ticket


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One action with the person behind it; `user` is None for people outside the team."""

    channel: Channel
    action: InboundAction
    identity: Identity
    user: User | None
    now: datetime

    @property
    def agent(self) -> User:
        """The account that acts. Raises `VerbError` for people outside the team."""
        if self.user is None:
            raise VerbError("This is for the team.")
        return self.user


def numbered(ask: Ask, text: str) -> Ticket:
    """The ticket of a number such as `42` or `#42`, under its lock. Raises `VerbError`."""
    bare = text.strip().lstrip("#").upper().removeprefix("T-")
    if not bare.isdigit() or len(bare) > 15:
        raise VerbError(f"“{text}” is no ticket number.")
    row = queries.visible_to(ask.agent).filter(pk=int(bare)).first()
    if row is None:
        raise VerbError(f"There is no ticket #{bare}.")
    return tickets.lock(row.pk)


def of_thread(ask: Ask) -> Ticket | None:
    """The ticket of the thread that an action was done in."""
    keys = [ask.action.thread_key]
    row = Thread.objects.filter(realm=ask.channel.realm, thread_key__in=keys).first()
    if row is None:
        return None
    seen = queries.visible_to(ask.agent).filter(pk=row.ticket_id).exists()
    return tickets.lock(row.ticket_id) if seen else None
