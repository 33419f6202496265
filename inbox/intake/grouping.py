"""First messages of one person in one place that come shortly after each other are one ticket.

Whatever the order in which they arrive: the earliest of a row of neighbours is the ticket, and a
message that arrives late between two tickets joins them.
"""

from datetime import timedelta

from inbox.channels import sources
from inbox.channels.contract import InboundMessage
from inbox.channels.models import Channel
from inbox.common import rows
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Thread, Ticket


def neighbour(message: InboundMessage, channel: Channel, author: Identity) -> Ticket | None:
    """The ticket that a first message belongs to, by the messages just before and after it."""
    near = timedelta(seconds=message.group_seconds)
    firsts = Message.objects.filter(
        author=author,
        thread__channel=channel,
        thread__source__external_key=message.source_key,
        matched_by__in=["", "grouped"],
        sent_at__gte=message.sent_at - near,
        sent_at__lte=message.sent_at + near,
    )
    found = list(firsts.select_related("thread").order_by("sent_at", "pk"))
    # only first messages: the thread is named after them
    found = [m for m in found if m.external_id.endswith(m.thread.thread_key)]
    if not found:
        return None
    numbers = list(dict.fromkeys(m.ticket_id for m in found))
    tickets.lock_all(numbers)
    first = tickets.lock(numbers[0])
    for number in numbers[1:]:
        other = tickets.lock(number)
        if other.status != "merged" and first.status != "merged":
            tickets.merge(other, into=first)
    return first


def add_thread(message: InboundMessage, channel: Channel, ticket: Ticket) -> Thread:
    """Another thread of the same ticket: answers to it go there."""
    thread = Thread(
        realm=channel.realm,
        thread_key=message.thread_key[:250],
        ticket=ticket,
        channel=channel,
        source=sources.resolve(channel, message.source_key, message.source_label),
    )
    rows.insert([thread])
    return thread
