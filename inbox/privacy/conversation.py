"""Letting go of one conversation, because the vendor where it was did.

Who it was about the vendor does not say, so the person's own page stays as it is; of the ticket its
number, times and status stay, and what came to it by other ways.
"""

from django.db.models import Q

from inbox.channels.contract import InboundForget
from inbox.channels.models import Channel
from inbox.intake import aftermath
from inbox.outbox.models import Outgoing
from inbox.privacy import beside, erasing, leaving
from inbox.privacy.person import whole
from inbox.privacy.register import GONE as NOBODY
from inbox.search import forgetting
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.messages import ERASED
from inbox.tickets.models import Attachment, Message, Thread, Ticket

REASON = "erased with the conversation"
SAID = "{} erased this conversation for somebody’s privacy, so it is erased here; the person is not"


def forget(found: InboundForget, channel: Channel) -> str:
    """Empty a conversation's messages and files. Returns why nothing changed, or ""."""
    tickets.forget_conversation(channel.realm, found.thread_key)
    rows = Thread.objects.filter(realm=channel.realm, thread_key=found.thread_key[:250])
    thread = rows.first()
    if thread is None:
        return "no ticket has this conversation; should it come, it is not kept"
    ticket = tickets.lock(thread.ticket_id)
    mine = Message.objects.filter(thread=thread).select_related("thread__channel", "ticket")
    fresh = [message for message in mine.order_by("pk") if ERASED not in message.flags]
    if not fresh:
        return "was erased before"
    # it is not there any more: nobody has to close it
    rows.update(is_closed=True, state_at=found.at)
    words = erasing.words_of(ticket, fresh)
    _beside(thread, fresh)
    for message in fresh:
        tickets.delete_message(message, at=found.at)
    tickets.forget_keys((message.realm, message.external_id) for message in fresh)
    erasing.empty_messages(fresh, lambda message: NOBODY if message.author_label else "")
    forgetting.forget_messages(message.pk for message in fresh)
    if not Message.objects.filter(ticket=ticket).exclude(thread=thread).exists():
        _whole(ticket)
    forgetting.forget_words(words)
    aftermath.close_if_empty(ticket)
    tickets.record(ticket, kinds.ERASED, words=SAID.format(channel.type.label))
    return ""


def _beside(thread: Thread, messages: list[Message]) -> None:
    """Files, the raw bytes that brought them, and what left or still waits."""
    files = Attachment.objects.filter(message__in=messages)
    leaving.empty_files(files, reason=REASON, with_names=True)
    erasing.empty_raw(messages)
    leaving.empty_outgoing(Outgoing.objects.filter(Q(thread=thread) | Q(message__in=messages)))


def _whole(ticket: Ticket) -> None:
    """The ticket was nothing but this conversation: its subject and what stands beside go too."""
    beside.drop_drafts(ticket.pk)
    beside.empty_webhooks(ticket.pk)
    if ticket.asker is None:
        return
    person = whole(ticket.asker.contact_id)
    erasing.empty_events(person, ticket.pk, person.labels)
    erasing.empty_ticket(person, ticket, why="Its conversation was erased where it was.")
    forgetting.write_facts([ticket])  # as it is now: it is written at the end of the change
