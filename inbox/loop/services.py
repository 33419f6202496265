"""What the loop offers: links of tickets, and its step in the pipeline."""

from inbox.common import work
from inbox.loop import issues, notices, references
from inbox.loop.links import add_link, carry_over, guess_kind, remove_link
from inbox.loop.models import Item
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import AuthorRole, Message, TicketEvent

__all__ = ["add_link", "guess_kind", "on_event", "remove_link"]
SAID = {kinds.MESSAGE_IN, kinds.MESSAGE_OUT, kinds.NOTE}


def on_event(event: TicketEvent) -> None:
    """The pipeline's step: what is said and done on tickets moves the loop."""
    issues.on_event(event)
    if event.kind in (kinds.MERGED, kinds.UNMERGED):
        carry_over(event)
    if event.kind not in SAID:
        return
    message = work.current().objects["message", event.data["message"]]
    if event.kind == kinds.MESSAGE_IN and not event.data.get("first"):
        notices.note_answer(message.thread_id)
    if "://" in message.body_text:
        _link_what_is_named(message)


def _link_what_is_named(message: Message) -> None:
    """An item that the team names on a ticket; a ticket that is named in an item's thread (S61)."""
    by_team = message.role == AuthorRole.TEAM
    own = Item.objects.filter(channel=message.thread.channel_id, key=message.thread.thread_key)
    mine = own.first() if message.thread.channel.type.tracker else None
    if mine is not None:
        for ticket in references.tickets_named(message, by_team=by_team):
            add_link(ticket, url=mine.url)
    elif by_team:
        for url in references.addresses(message.new_text or message.body_text):
            if references.located(url) is not None:
                add_link(tickets.lock(message.ticket_id), url=url)
