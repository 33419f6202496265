"""Filing: from inbound values to person, thread, ticket and message, inside one change.

A delivery is filed again from the start when somebody else filed the same thing a moment before
(`IntegrityError`); the second time it finds what the first one wrote.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from inbox.channels import sources
from inbox.channels.contract import Capability, DeliveryError, InboundMessage, MessageClass
from inbox.channels.models import Channel, Delivery
from inbox.common import work
from inbox.intake import aftermath, bounces, bridged, elsewhere, matching, pleasantries, turns
from inbox.intake.matching import Match
from inbox.intake.subjects import bare_subject, first_words
from inbox.outbox.elsewhere import closed_by_us
from inbox.people import services as people
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import (
    Attachment,
    AuthorRole,
    Direction,
    Message,
    Receipt,
    Thread,
    ThreadRole,
    Ticket,
    Visibility,
)

ERASED = "was erased with the person who wrote it"
CONVERSATION_ERASED = "its conversation was erased for somebody's privacy"
# A robot's answer that belongs to no ticket is kept as a delivery, never as a ticket.
NEVER_OPENS = {
    MessageClass.AUTO_REPLY: "an automatic reply that belongs to no ticket",
    MessageClass.BOUNCE: "a bounce of a mail that we do not know",
    MessageClass.FEEDBACK: "a complaint report that belongs to no ticket",
}


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One inbound message with where it came from and its files, already on disk."""

    message: InboundMessage
    channel: Channel
    delivery: Delivery
    files: Sequence[Attachment] = ()


def file_message(arrival: Arrival) -> str:
    """File one message. Returns why it was not filed, or ""."""
    inbound, channel = arrival.message, arrival.channel
    if tickets.is_forgotten(channel.realm, inbound.message_key):
        return _forgotten(arrival.delivery, ERASED)
    if tickets.is_conversation_forgotten(channel.realm, inbound.thread_key):
        return _forgotten(arrival.delivery, CONVERSATION_ERASED)
    if inbound.only_opens and matching.thread_of(inbound, channel) is not None:
        return "the thread is here"
    known = _seen_before(arrival)
    if known is not None:
        return _again(known, arrival)
    if inbound.is_internal:
        return elsewhere.file_note(inbound, channel, delivery=arrival.delivery, files=arrival.files)
    elsewhere.wait_for_own(inbound, channel)
    return _file_said(arrival)


def _file_said(arrival: Arrival) -> str:
    inbound, channel = arrival.message, arrival.channel
    sender = people.resolve(channel.kind, channel.realm, inbound.author)
    # Our own mailbox as the sender is one of us who answered from a shared account.
    ours = elsewhere.speaks_for_us(sender, inbound, channel)
    trusted = ours and inbound.sender_trust != "forged"
    if trusted and inbound.original is not None:
        return _file_forwarded(arrival, sender)
    if bounces.concerns_us(inbound):
        return bounces.file(inbound, channel, sender, partial(_write, arrival))
    match = matching.find(inbound, channel=channel, author=sender, trusted_team=trusted)
    if match.thread is None:
        return _without_thread(arrival, sender, match)
    if match.matched_by == "moved" and _is_first(inbound, channel):
        return "the conversation was transferred, and this is known from there"
    _join(arrival, sender, match, trusted=trusted)
    return ""


def _forgotten(delivery: Delivery, why: str) -> str:
    """It was erased: what came again is not even kept raw."""
    Delivery.objects.filter(pk=delivery.pk).update(headers={}, body=b"", completed=None)
    return why


def _without_thread(arrival: Arrival, sender: Identity, match: Match) -> str:
    """It opens a ticket, unless it belongs elsewhere. Raises `DeliveryError` while that is open."""
    if bridged.is_coming(arrival.message, arrival.channel):
        raise DeliveryError("the card that this answers is not confirmed yet")
    if arrival.message.joins_only:
        return "belongs to a conversation that is no ticket"
    return _open(arrival, sender, match)


def _is_first(inbound: InboundMessage, channel: Channel) -> bool:
    """Whether it opens a conversation that has other keys by now."""
    return inbound.only_opens or tickets.is_buried(channel.realm, inbound.message_key)


# ------------------------------------------------------------------ seen before


def _seen_before(arrival: Arrival) -> Message | None:
    """Only asked when something of it may be here: a new mail costs no look-up.

    The database refuses the second copy anyway (L6); this finds it after that refusal.
    """
    inbound = arrival.message
    kind = arrival.channel.type
    comes_again = kind.one_to_one or inbound.is_internal or Capability.EDIT in kind.capabilities
    tried = work.current().cache.get("again") or arrival.delivery.attempts > 1
    if not (tried or inbound.is_own or comes_again):
        return None
    rows = Message.objects.select_related("thread__channel").filter(
        realm=arrival.channel.realm,
        external_id=inbound.message_key[:500],
        sender_key=inbound.sender_key,
    )
    return rows.first()


def _again(known: Message, arrival: Arrival) -> str:
    """A message that is here: a newer version of it, or only a second copy."""
    inbound = arrival.message
    if inbound.version and known.direction == Direction.OUT and known.delivery_id is None:
        return "our own message came back"
    if bridged.again(known, inbound, arrival.delivery):
        return ""
    if inbound.version > known.version:
        edited = tickets.edit_message(
            known,
            text=inbound.text,
            new_text=inbound.new_text or inbound.text,
            html=inbound.html,
            version=inbound.version,
            at=inbound.edited_at or inbound.sent_at,
        )
        if edited:
            return ""
    return _also_received(known, arrival)


def _also_received(known: Message, arrival: Arrival) -> str:
    if known.delivery_id == arrival.delivery.pk:
        return ""
    if known.direction == Direction.OUT:
        return "our own message came back"
    Receipt.objects.bulk_create(
        [Receipt(message=known, delivery=arrival.delivery, channel=arrival.channel)],
        ignore_conflicts=True,
    )
    return "the same message, also received here"


# ------------------------------------------------------------------ a new ticket


def _open(arrival: Arrival, sender: Identity, match: Match) -> str:
    inbound = arrival.message
    reason = NEVER_OPENS.get(inbound.message_class)
    if reason:
        return reason
    if inbound.is_own:
        return "a message of our own never opens a ticket"
    quiet = _is_quiet(inbound)
    ticket, thread = tickets.open_ticket(
        subject=inbound.subject or first_words(inbound.text),
        channel=arrival.channel,
        source=sources.resolve(arrival.channel, inbound.source_key, inbound.source_label),
        asker=sender,
        thread_key=_free_key(inbound, match),
        at=inbound.sent_at,
        opener_class="robot" if quiet else inbound.message_class,
        permalink=inbound.permalink,
        hint=match.hint,
    )
    _write(arrival, ticket, thread, sender, role=AuthorRole.ASKER, quiet=quiet)
    return ""


def _free_key(inbound: InboundMessage, match: Match) -> str:
    # With a hint the conversation's own key may stand on a ticket that this writer must not join.
    return f"{inbound.message_key}#{inbound.sender_key}" if match.hint else inbound.thread_key


def _file_forwarded(arrival: Arrival, sender: Identity) -> str:
    """Staff passed on a customer's mail: the customer is the requester, the words above a note."""
    original = arrival.message.original
    assert original is not None  # noqa: S101 - the caller asked; tells the type checker
    customer = people.resolve(arrival.channel.kind, arrival.channel.realm, original.author)
    ticket, thread = tickets.open_ticket(
        subject=original.subject or arrival.message.subject,
        channel=arrival.channel,
        asker=customer,
        thread_key=original.thread_key,
        at=original.sent_at,
    )
    inner = Arrival(
        message=original, channel=arrival.channel, delivery=arrival.delivery, files=arrival.files
    )
    _write(inner, ticket, thread, customer, role=AuthorRole.ASKER, matched_by="forwarded")
    if arrival.message.forward_note.strip():
        tickets.add_note(ticket, body=arrival.message.forward_note, user=sender.user)
    return ""


# ------------------------------------------------------------------ an existing ticket


def _join(arrival: Arrival, sender: Identity, match: Match, *, trusted: bool) -> None:
    assert match.thread is not None  # noqa: S101 - the caller asked; tells the type checker
    ticket = tickets.lock(match.thread.ticket_id)
    if match.thread.role != ThreadRole.CUSTOMER:
        if bridged.file(
            arrival.message,
            ticket,
            match.thread,
            sender,
            delivery=arrival.delivery,
            files=arrival.files,
        ):
            turns.answered_there(ticket, sender, arrival.message.sent_at)
        return
    asks = match.is_visitor and not trusted
    role = AuthorRole.ASKER if asks else _role(ticket, sender, trusted=trusted)
    quiet = _is_quiet(arrival.message) or pleasantries.is_one(arrival.message.new_text)
    message = _write(arrival, ticket, match.thread, sender, role=role, match=match, quiet=quiet)
    if quiet or message.deleted_at or work.current().historic:
        return
    kind = arrival.channel.type
    forum = Capability.FORUM in kind.capabilities
    if role == AuthorRole.TEAM:
        if kind.keeps_time:
            turns.answered_there(ticket, sender, arrival.message.sent_at)
    elif not (forum and role == AuthorRole.COMMUNITY and ticket.is_live):
        since = arrival.message.sent_at if kind.keeps_time else None
        if not turns.is_over_since(match.thread, since) or closed_by_us(match.thread):
            turns.ended(ticket, since=since)


def _role(ticket: Ticket, sender: Identity, *, trusted: bool) -> str:
    if ticket.asker and ticket.asker.contact_id == sender.contact_id:
        return AuthorRole.ASKER
    return AuthorRole.TEAM if trusted else AuthorRole.COMMUNITY


def _is_quiet(inbound: InboundMessage) -> bool:
    return inbound.message_class != MessageClass.NORMAL or inbound.author.is_bot


# ------------------------------------------------------------------ the message itself


def _write(
    arrival: Arrival,
    ticket: Ticket,
    thread: Thread,
    sender: Identity,
    *,
    role: str,
    match: Match | None = None,
    matched_by: str = "",
    quiet: bool = False,
) -> Message:
    inbound = arrival.message
    by_team = role == AuthorRole.TEAM
    message = tickets.add_message(
        ticket,
        thread,
        direction=Direction.OUT if by_team else Direction.IN,
        visibility=Visibility.PUBLIC,
        role=role,
        external_id=inbound.message_key,
        sender_key=inbound.sender_key,
        sent_at=inbound.sent_at,
        quiet=quiet,
        author=sender,
        author_user=sender.user if by_team else None,
        author_label=sender.label[:250],
        subject=inbound.subject[:250],
        body_text=inbound.text,
        new_text=inbound.new_text or inbound.text,
        body_html=inbound.html,
        to=list(inbound.to),
        cc=list(inbound.cc),
        reply_to=list(inbound.reply_to),
        references=[ref.external_id for ref in reversed(inbound.refs)][-20:],
        message_class=inbound.message_class,
        matched_by=match.matched_by if match else matched_by,
        flags=_flags(arrival, ticket, match, by_team=by_team),
        notes=list(inbound.notes),
        version=inbound.version,
        edited_at=inbound.edited_at,
        delivery=arrival.delivery,
        files=arrival.files,
    )
    aftermath.settle(message, arrival.channel)
    # what rules look at and no column keeps
    work.current().cache.setdefault("facts", {})[message.pk] = inbound.facts
    for flag in message.flags:
        tickets.record(ticket, kinds.FLAGGED, flag=flag, message=message.pk)
    return message


def _flags(arrival: Arrival, ticket: Ticket, match: Match | None, *, by_team: bool) -> list[str]:
    inbound = arrival.message
    asker = ticket.asker.external_id if ticket.asker else ""
    # only of a mail it is open who sent it, and to whom
    by_team = by_team and Capability.RECIPIENTS in arrival.channel.type.capabilities
    wanted = {
        "unverified_participant": match is not None and match.unverified,
        "sender_unverified": by_team and inbound.sender_trust != "verified",
        "sender_forged": inbound.sender_trust == "forged",
        "not_sent_to_asker": by_team
        and asker not in {a.lower() for a in (*inbound.to, *inbound.cc)},
        "subject_changed": match is not None and _subject_changed(ticket, inbound),
    }
    return [flag for flag, is_so in wanted.items() if is_so]


def _subject_changed(ticket: Ticket, inbound: InboundMessage) -> bool:
    """The subject is another one, reply and forward marks aside (L4)."""
    old, new = (bare_subject(text).casefold() for text in (ticket.subject, inbound.subject))
    return bool(new) and old not in new and new not in old
