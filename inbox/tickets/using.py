"""The one place where a verb asks whether its connection is there for whoever does it (S34)."""

from inbox.channels import use
from inbox.channels.models import Channel
from inbox.common import work
from inbox.tickets.errors import NotYours


def need_use(channel: Channel) -> None:
    """Raise `NotYours` where a person may not send by this connection.

    Rules and the product itself may: what they send waits while a connection is away.
    """
    actor = work.current().actor
    if actor.user_id is None:
        return
    reason = use.why_not(channel, actor.user_id)
    if reason:
        raise NotYours(reason)
