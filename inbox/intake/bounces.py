"""A bounce of our own mail: filed on the ticket it was sent from, and told to the agent."""

from collections.abc import Callable

from inbox.channels.contract import InboundMessage, MessageClass
from inbox.channels.models import Channel
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import AuthorRole, Direction, Message, Ticket

Add = Callable[..., Message]


def concerns_us(inbound: InboundMessage) -> bool:
    """Whether this is a bounce that names a message."""
    return inbound.message_class == MessageClass.BOUNCE and bool(inbound.failed_external_id)


def file(inbound: InboundMessage, channel: Channel, sender: Identity, add: Add) -> str:
    """Put the bounce on the ticket. Returns why it could not, or ""."""
    sent = (
        Message.objects.filter(
            realm=channel.realm,
            external_id=inbound.failed_external_id,
            direction=Direction.OUT,
        )
        .select_related("thread")
        .first()
    )
    if sent is None:
        return "a bounce of a mail that we do not know"
    ticket = tickets.lock(sent.ticket_id)
    add(ticket, sent.thread, sender, role=AuthorRole.COMMUNITY, matched_by="bounce", quiet=True)
    _mark(inbound, ticket, sent)
    return ""


def _mark(inbound: InboundMessage, ticket: Ticket, sent: Message) -> None:
    failed = [address.lower() for address in inbound.failed_recipients]
    if inbound.failed_permanently:
        Identity.objects.filter(kind=ticket.channel.kind, external_id__in=failed).update(
            unreachable_reason="mail to this address was returned"
        )
    tickets.record(
        ticket,
        kinds.FLAGGED,
        flag="bounced" if inbound.failed_permanently else "delayed",
        message=sent.pk,
        recipients=failed,
    )
