"""Which ticket a message belongs to (L1): ids that we stored, then tokens that we signed.

No unsigned number ever joins. An id of our own messages is unguessable and counts as signed; an
id of somebody else's message counts only for people who already take part in the ticket.
"""

from dataclasses import dataclass

from inbox.channels.contract import Capability, InboundMessage
from inbox.channels.models import Channel
from inbox.common import work
from inbox.intake import grouping
from inbox.people.models import Identity
from inbox.tickets import services as tickets
from inbox.tickets import tokens
from inbox.tickets.models import Direction, Message, Thread, Ticket

ERASED = "ticket"  # the realm of tickets whose asker was erased: their tokens open nothing
BULK = 25  # recipients from which on an answer to it is a conversation of its own (L3)


@dataclass(frozen=True, kw_only=True)
class Match:
    """Where a message goes. `hint` is a ticket that it may belong to, for an agent to decide."""

    thread: Thread | None = None
    matched_by: str = ""
    unverified: bool = False
    hint: Ticket | None = None

    @property
    def is_visitor(self) -> bool:
        """Somebody writes in their live chat, or answers our mail by their own token.

        In a chat it is one person, also when they have signed in meanwhile.
        """
        mine = self.matched_by in ("thread", "reply_token")
        if self.thread is None or self.unverified or not mine:
            return False
        return Capability.LIVE in self.thread.channel.type.capabilities


def find(
    message: InboundMessage, *, channel: Channel, author: Identity, trusted_team: bool
) -> Match:
    """The thread that a message joins, or none with a hint."""
    if channel.type.names_threads:
        return _in_forum(message, channel, author)
    realm = channel.realm
    hint: Ticket | None = None
    crowds = set()
    for known, via in _answered(message, realm):
        if _is_bulk(known):
            hint = hint or known.ticket
            crowds.add(known.thread_id)
        elif known.direction == Direction.OUT:
            outsider = not trusted_team and not _takes_part(known.ticket, message, author)
            return Match(thread=known.thread, matched_by=via, unverified=outsider)
        elif trusted_team or _takes_part(known.ticket, message, author):
            return Match(thread=known.thread, matched_by=via)
        else:
            hint = hint or known.ticket
    by_token = _by_token(message, author, trusted_team=trusted_team, hint=hint)
    return by_token or _early(message, realm, author, hint, crowds)


def thread_of(message: InboundMessage, channel: Channel) -> Thread | None:
    """The conversation that a message names itself."""
    key = message.thread_key[:250]
    return Thread.objects.filter(realm=channel.realm, thread_key=key).first()


def named(message: InboundMessage, channel: Channel) -> Match:
    """The conversation that a message names itself, also under the key that it had before."""
    thread = thread_of(message, channel)
    if thread is not None:
        return Match(thread=thread, matched_by="thread")
    thread = tickets.moved_thread(channel.realm, message.thread_key)
    return Match(thread=thread, matched_by="moved") if thread is not None else Match()


def _in_forum(message: InboundMessage, channel: Channel, author: Identity) -> Match:
    """The conversation's own thread; a first message may belong to the one just before it.

    The author's row is locked meanwhile, so that two messages of one person that come at the same
    moment find each other.
    """
    match = named(message, channel)
    if match.thread is not None or not message.group_seconds:
        return match
    Identity.objects.select_for_update(of=("self",)).get(pk=author.pk)
    ticket = grouping.neighbour(message, channel, author)
    if ticket is None:
        return Match()
    return Match(thread=grouping.add_thread(message, channel, ticket), matched_by="grouped")


def _answered(message: InboundMessage, realm: str) -> list[tuple[Message, str]]:
    """Stored messages that this one names, in the order in which it names them."""
    wanted = {ref.external_id: ref.via for ref in reversed(message.refs) if ref.external_id}
    wanted.pop(message.message_key, None)
    if not wanted:
        return []
    order = {external_id: place for place, external_id in enumerate(reversed(list(wanted)))}
    found = Message.objects.filter(realm=realm, external_id__in=wanted).select_related(
        "thread__ticket", "ticket"
    )
    # Several messages may carry one id (it can be forged): ours first, then the first filed.
    ranked = sorted(found, key=lambda m: (order[m.external_id], m.direction != Direction.OUT, m.pk))
    return [(m, wanted[m.external_id]) for m in ranked]


def _is_bulk(known: Message) -> bool:
    # on our own answers the recipients are few; a newsletter-like mail has many
    return len(known.to) + len(known.cc) >= BULK


def _takes_part(ticket: Ticket, message: InboundMessage, author: Identity) -> bool:
    """Whether the author already writes in the ticket or is addressed in its public messages."""
    address = author.external_id
    for asker_contact, writer, contact, to, cc, flags in ticket.messages.filter(
        visibility="public"
    ).values_list(
        "ticket__asker__contact_id", "author_id", "author__contact_id", "to", "cc", "flags"
    ):
        if author.contact_id == asker_contact:
            return True
        if "unverified_participant" in flags:
            continue
        if writer == author.pk or contact == author.contact_id:
            return True
        if address in {known.lower() for known in (*to, *cc)}:
            return True
    return address in ticket.cc


def _by_token(
    message: InboundMessage, author: Identity, *, trusted_team: bool, hint: Ticket | None
) -> Match | None:
    for token in message.tokens:
        number = tokens.number_of(token)
        ticket = Ticket.objects.filter(pk=number).first() if number else None
        if ticket is None or tickets.is_forgotten(ERASED, str(number)):
            continue
        owner = _owner_of(token, ticket, author)
        if owner is None:
            continue
        thread = ticket.threads.filter(role="customer").order_by("id").first()
        via = "reply_token"
        if thread is not None:
            outsider = owner != author.external_id and not trusted_team
            return Match(thread=thread, matched_by=via, unverified=outsider, hint=hint)
    return None


def _owner_of(token: str, ticket: Ticket, author: Identity) -> str | None:
    """Whose token it is: the sender's own, or that of somebody we wrote to in this ticket."""
    if tokens.is_for(token, ticket.pk, author.external_id):
        return author.external_id
    recipients: set[str] = set()
    for to, cc in ticket.messages.filter(direction=Direction.OUT).values_list("to", "cc"):
        recipients.update(address.lower() for address in (*to, *cc))
    return next((known for known in recipients if tokens.is_for(token, ticket.pk, known)), None)


def _early(
    message: InboundMessage, realm: str, author: Identity, hint: Ticket | None, crowds: set[int]
) -> Match:
    """A message whose answer was faster: the answer opened the thread under this one's key."""
    if not message.refs and not work.current().cache.get("again"):
        return Match(hint=hint)  # the thread's unique key says so, should its answer be here
    keys = {message.message_key, message.thread_key}
    threads = Thread.objects.filter(realm=realm, thread_key__in=keys).exclude(pk__in=crowds)
    for thread in threads.select_related("ticket"):
        if _takes_part(thread.ticket, message, author):
            return Match(thread=thread, matched_by="thread_key", hint=hint)
        hint = hint or thread.ticket
    return Match(hint=hint)
