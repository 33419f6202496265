"""What came before its message: a deletion or reactions that were faster; and what they do.

✅ by a member of the team closes. ✅ by the asker closes too, and credits whoever answered. By
anybody else it does nothing. 👀 by the team takes the ticket (S57, S59, H 2).
"""

from collections.abc import Sequence
from datetime import datetime

from inbox.accounts.permissions import Right, can
from inbox.channels.contract import (
    Capability,
    InboundDelete,
    InboundReaction,
    InboundThread,
)
from inbox.channels.models import Channel
from inbox.common import locks, work
from inbox.common.config import setting
from inbox.common.work import Actor
from inbox.intake import given, turns
from inbox.loop import triage
from inbox.outbox import elsewhere
from inbox.people import services as people
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import ENDED, AuthorRole, Message, Thread, ThreadRole, Ticket


def settle(message: Message, channel: Channel) -> None:
    """Apply to a message that was just filed what was known of it before."""
    if Capability.DELETE not in channel.type.capabilities and not channel.type.one_to_one:
        return
    # a deletion or reaction that is filed at this moment waits, and then finds the message
    locks.hold(message.realm, message.external_id)
    if tickets.is_buried(message.realm, message.external_id):
        tickets.delete_message(message, at=work.current().now)
        close_if_empty(message.ticket)
        return
    if Capability.REACT not in channel.type.capabilities:
        return
    for reaction in tickets.reactions_on(message.realm, message.external_id):
        _does(message, reaction.author, reaction.emoji, added=True, at=reaction.at)


def file_delete(found: InboundDelete, channel: Channel) -> str:
    """A message was deleted. Returns why nothing changed, or ""."""
    _ticket_first(channel, found.message_key)
    locks.hold(channel.realm, found.message_key)
    message = _message(channel, found.message_key)
    if message is None:
        tickets.bury(channel.realm, found.message_key, found.at)
        return "the message is not here; should it come, it is filed as deleted"
    note = _message(channel, note_key(message))
    gone = note is not None and tickets.delete_message(note, at=found.at)
    if not tickets.delete_message(message, at=found.at):
        return "" if gone else "was deleted before"
    close_if_empty(message.ticket)
    if message.thread.role == ThreadRole.BRIDGE:
        turns.taken_back(tickets.lock(message.ticket_id))
    return ""


def note_key(message: Message) -> str:
    """Under which key a withdrawn answer goes on as a note."""
    return f"{message.external_id}#note"[:500]


def file_reaction(found: InboundReaction, channel: Channel) -> str:
    """An emoji was put on a message or taken off. Returns why nothing followed, or ""."""
    author = people.resolve(channel.kind, channel.realm, found.author)
    _ticket_first(channel, found.message_key, _bridge_keys(found))
    locks.hold(channel.realm, found.message_key)
    fresh = tickets.note_reaction(
        channel.realm,
        found.message_key,
        emoji=found.emoji,
        author=author,
        active=found.added,
        at=found.at,
    )
    if not fresh:
        return "a later state of this reaction is known"
    message = _message(channel, found.message_key)
    if message is None:
        return _on_bridge(found, author, channel)
    _does(message, author, found.emoji, added=found.added, at=found.at)
    return ""


def file_thread(found: InboundThread, channel: Channel) -> str:
    """How a conversation stands at the vendor. Returns why nothing followed, or "".

    Of two states the later one counts. Labels are tags by their exact names.
    """
    thread = _thread(channel, found.thread_key)
    if thread is None:
        return "no ticket has this conversation"
    if thread.state_at is not None and found.at < thread.state_at:
        return "a later state is known"
    ticket = tickets.lock(thread.ticket_id)
    labels = triage.with_ours(thread, found.labels, found.at)
    author = people.resolve(channel.kind, channel.realm, found.author)
    label = author.user.username if author.user else author.label
    actor = Actor(kind="contact", label=label[:150], identity_id=author.pk, echo=True)
    with work.current().acting_as(actor):
        tickets.remove_tags(ticket, [name for name in thread.labels if name not in labels])
        tickets.add_tags(ticket, labels)
        if found.subject and not tickets.is_forgotten(channel.realm, found.thread_key):
            tickets.set_subject(ticket, found.subject)
        _stand(ticket, thread, found)
        given.follow(ticket, thread, found, channel)
    thread.state_at, thread.is_closed = found.at, found.closed
    thread.labels = labels
    thread.save(update_fields=["state_at", "is_closed", "labels", "assignee_key"])
    elsewhere.settled(thread, ticket)
    return ""


def _thread(channel: Channel, key: str) -> Thread | None:
    """The conversation, under the lock of its ticket: verbs take the ticket first too."""
    rows = Thread.objects.filter(realm=channel.realm, thread_key=key[:250])
    number = rows.values_list("ticket_id", flat=True).first()
    if number is None:
        return None
    tickets.lock(number)
    return rows.select_related("channel").get()  # as it stands under the lock


def _stand(ticket: Ticket, thread: Thread, found: InboundThread) -> None:
    """Close or open when it is closed or opened there, not when anything else is said of it.

    A message of the asker that came since keeps the ticket open (S50). What was closed may have
    been opened and closed again before we heard of it.
    """
    at = found.closed_at or found.at
    again = found.closed and thread.state_at is not None and at > thread.state_at
    if found.closed == thread.is_closed and not (again and found.closed_at):
        return
    if given.decided_since(ticket, thread, at):
        return
    said_since = ticket.asked_at is not None and ticket.asked_at > at
    if found.closed and ticket.is_live and not said_since:
        tickets.close(ticket, resolution=found.resolution, why="closed there")
    elif not found.closed and ticket.status == "closed":
        tickets.reopen(ticket, why="opened again there")


def _message(channel: Channel, key: str) -> Message | None:
    rows = Message.objects.filter(realm=channel.realm, external_id=key[:500])
    return rows.select_related("thread", "ticket").first()


def _ticket_first(channel: Channel, message_key: str, bridge_keys: Sequence[str] = ()) -> None:
    """Lock the ticket before the message's name is held, in the order of whoever files messages.

    The other way round two that concern the same ticket could wait for each other for ever.
    """
    message = _message(channel, message_key)
    number = message.ticket_id if message else _bridged_ticket(channel, bridge_keys)
    if number is not None:
        tickets.lock(number)


def _bridge_keys(found: InboundReaction) -> list[str]:
    return [found.message_key.partition("/")[2][:250], found.thread_key[:250]]


def _bridged_ticket(channel: Channel, keys: Sequence[str]) -> int | None:
    threads = Thread.objects.filter(realm=channel.realm, role=ThreadRole.BRIDGE)
    return threads.filter(thread_key__in=keys).values_list("ticket_id", flat=True).first()


def _on_bridge(found: InboundReaction, author: Identity, channel: Channel) -> str:
    """On a live chat's card or on a line of ours below it: these are no messages of its ticket."""
    number = _bridged_ticket(channel, _bridge_keys(found))
    if number is None:
        return "kept; the message is no ticket's so far"
    ticket = tickets.lock(number)
    if not _may_on_bridge(ticket, author):
        return "only the team acts on a card"
    _acts(ticket, author, found.emoji, added=found.added, at=found.at)
    return ""


def _may_on_bridge(ticket: Ticket, author: Identity) -> bool:
    """A restricted ticket is acted on at the desk alone, where we know who may see it."""
    return people.is_team(author) and may_act(author) and not ticket.restricted_team_id


def may_act(author: Identity, right: Right = Right.ACT) -> bool:
    """Whether somebody's account, where they have one, may do it here: else it is only noted."""
    return author.user is None or can(author.user, right)


def _does(message: Message, author: Identity, emoji: str, *, added: bool, at: datetime) -> None:
    if work.current().historic:
        return
    ticket = tickets.lock(message.ticket_id)
    bridged = message.thread.role == ThreadRole.BRIDGE and _may_on_bridge(ticket, author)
    if not (bridged or message.thread.role == ThreadRole.CUSTOMER):
        return
    _acts(ticket, author, emoji, added=added, at=at, message=message.pk)


def _acts(
    ticket: Ticket,
    author: Identity,
    emoji: str,
    *,
    added: bool,
    at: datetime,
    message: int | None = None,
) -> None:
    role = _role(ticket, author)
    label = author.user.username if author.user else author.label
    # who did it knows it already: nothing of it goes back to the vendor
    actor = Actor(kind="contact", label=label[:150], identity_id=author.pk, echo=True)
    with work.current().acting_as(actor):
        tickets.record(ticket, kinds.REACTED, emoji=emoji, added=added, role=role, message=message)
        if role == AuthorRole.TEAM and not may_act(author):
            return
        if emoji in setting("emoji_done"):
            _done(ticket, author, role, added=added, at=at)
        elif emoji in setting("emoji_mine") and added and role == AuthorRole.TEAM:
            _mine(ticket, author, at)


def _role(ticket: Ticket, author: Identity) -> str:
    if ticket.asker is not None and ticket.asker.contact_id == author.contact_id:
        return AuthorRole.ASKER
    return AuthorRole.TEAM if people.is_team(author) else AuthorRole.COMMUNITY


def _done(ticket: Ticket, author: Identity, role: str, *, added: bool, at: datetime) -> None:
    if role == AuthorRole.COMMUNITY:
        return
    if not added:
        if ticket.status == "closed" and (ticket.closed_at is None or ticket.closed_at <= at):
            tickets.reopen(ticket, why="the tick was taken off")
        return
    if ticket.status in ENDED or (ticket.asked_at is not None and ticket.asked_at > at):
        return
    tickets.close(ticket, resolution="answered", why=f"ticked off by {author.label}")
    if role == AuthorRole.ASKER:
        _credit(ticket)


def _credit(ticket: Ticket) -> None:
    """Whoever of the others spoke last in public has helped (H 2, S35)."""
    helped = ticket.messages.filter(visibility="public", deleted_at__isnull=True)
    helper = helped.exclude(role__in=[AuthorRole.ASKER, AuthorRole.BOT]).order_by("-sent_at")
    message = helper.first()
    if message is not None:
        name = message.author_label or "somebody"
        tickets.record(
            ticket,
            kinds.CREDITED,
            name=name,
            identity=message.author_id,
            username=message.author_user.username if message.author_user else None,
        )


def _mine(ticket: Ticket, author: Identity, at: datetime) -> None:
    if ticket.status in ENDED or (ticket.asked_at is not None and ticket.asked_at > at):
        return
    if ticket.owner_id is None and author.user is not None:
        tickets.assign(ticket, author.user, why="👀 in the thread")
    if ticket.status == "open":
        tickets.wait(ticket, on="research", why="👀 in the thread")


def close_if_empty(ticket: Ticket) -> None:
    """A question that was taken back, and that nobody has answered, waits for nobody."""
    left = ticket.messages.filter(visibility="public", deleted_at__isnull=True).exists()
    ticket = tickets.lock(ticket.pk)
    if not left and ticket.is_live:
        tickets.close(ticket, resolution="solved", note="every message was deleted")
