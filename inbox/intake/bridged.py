"""What the team says in its own threads about a ticket.

Under a triage card it is a note (L12). Under a live chat's card it is an answer that the visitor
sees, unless it begins with `note:`, carries a lock, or is not by one of us. A line that was
internal once stays so: no edit ever shows it to the visitor.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta

from inbox.accounts.permissions import Right
from inbox.channels.contract import InboundMessage
from inbox.channels.models import Channel, Delivery
from inbox.common import work
from inbox.intake import aftermath, turns
from inbox.outbox.effects import EFFECT, queue_effect
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.people.models import Identity
from inbox.people.services import is_team
from inbox.tickets import services as tickets
from inbox.tickets.models import (
    Attachment,
    AuthorRole,
    Direction,
    Message,
    Status,
    Thread,
    ThreadRole,
    Ticket,
    Visibility,
)

LOCKS = ("🔒", "🔐", "🔏", ":lock:", ":closed_lock_with_key:", ":lock_with_ink_pen:")
# whatever stands before it is a quote, a bullet, bold or invisible
NOTE = re.compile(r"^[\W_]*note[\s*_~`]*:")
STAYS = "This line stays among the team: an edit never shows a note to the visitor. Write anew."
WITHDRAWN = "Taken back: the visitor sees that it was deleted, and may have read it before."
STRANGER = "The visitor does not see this: only the team's answers reach them."
READER = "The visitor does not see this: your account may read, but not answer."
RESTRICTED = "This chat is restricted now; it goes on at the desk. The visitor does not see this."
UNWANTED = "The visitor does not see this: the ticket is in the trash or marked as spam."
ON_ITS_WAY = timedelta(minutes=10)


def file(
    inbound: InboundMessage,
    ticket: Ticket,
    thread: Thread,
    sender: Identity,
    *,
    delivery: Delivery,
    files: Sequence[Attachment],
) -> bool:
    """File it; whether it answers the visitor."""
    inside = was_internal(inbound)
    why = "" if inside else _why_inside(ticket, thread, sender)
    answers = thread.role == ThreadRole.BRIDGE and not inside and not why
    message = _add(inbound, ticket, thread, sender, delivery=delivery, files=files, public=answers)
    aftermath.settle(message, thread.channel)
    if thread.role == ThreadRole.BRIDGE and why:
        _tell_once(thread, sender, inbound, why)
    return answers and message.deleted_at is None


def _add(
    inbound: InboundMessage,
    ticket: Ticket,
    thread: Thread,
    sender: Identity,
    *,
    delivery: Delivery,
    files: Sequence[Attachment],
    public: bool,
) -> Message:
    team = is_team(sender)
    text = inbound.text or f"sent {', '.join(file.filename for file in files)}"
    return tickets.add_message(
        ticket,
        thread,
        direction=Direction.OUT,
        visibility=Visibility.PUBLIC if public else Visibility.INTERNAL,
        role=AuthorRole.TEAM if team else AuthorRole.COMMUNITY,
        external_id=inbound.message_key,
        sent_at=inbound.sent_at,
        author=sender,
        author_user=sender.user,
        author_label=sender.label[:250],
        body_text=text,
        new_text=inbound.new_text or text,
        body_html=inbound.html if public else "",
        version=inbound.version,
        delivery=delivery,
        files=files,
    )


def _why_inside(ticket: Ticket, thread: Thread, sender: Identity) -> str:
    """Why a line without a mark is not for the visitor, or ""."""
    if thread.role != ThreadRole.BRIDGE:
        return "a triage thread"
    if not is_team(sender):
        return STRANGER
    if not aftermath.may_act(sender, Right.REPLY):
        return READER
    if ticket.restricted_team_id:
        return RESTRICTED
    return UNWANTED if ticket.status in (Status.SPAM, Status.TRASHED) else ""


def was_internal(inbound: InboundMessage) -> bool:
    """Whether the writer keeps it among the team, or did so before this edit."""
    return is_internal(inbound.text) or is_internal(str(inbound.facts.get("before", "")))


def is_internal(text: str) -> bool:
    """Whether a text has the mark: a lock anywhere, or `note:` at its beginning.

    After the name of a colleague it counts too.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    if any(lock in plain for lock in LOCKS) or NOTE.match(plain):
        return True
    first = plain.strip().partition("\n")[0]
    return first.startswith(("@", "<@")) and re.search(r"\bnote\s*:", first) is not None


# ------------------------------------------------------------------ edits


def again(known: Message, inbound: InboundMessage, delivery: Delivery) -> bool:
    """Another version of a line; whether there is nothing left to do with it.

    Versions come in any order: of all that we hear of, one with the mark is enough.
    """
    if known.thread.role != ThreadRole.BRIDGE:
        return False
    if known.visibility == Visibility.INTERNAL:
        if is_internal(known.new_text) and not is_internal(inbound.text):
            _tell(known.thread, known.author, inbound, STAYS)
        return False
    note = _note_of(known)
    if note is not None:
        return _edit_note(note, inbound)
    if known.deleted_at is not None or not was_internal(inbound):
        return False
    _withdraw(known, inbound, delivery)
    return True


def _note_of(known: Message) -> Message | None:
    rows = Message.objects.filter(realm=known.realm, external_id=aftermath.note_key(known))
    return rows.first()


def _edit_note(note: Message, inbound: InboundMessage) -> bool:
    """What was withdrawn changes as a note."""
    text, at = inbound.text, inbound.edited_at or inbound.sent_at
    tickets.edit_message(note, text=text, new_text=text, html="", version=inbound.version, at=at)
    return True


def _withdraw(known: Message, inbound: InboundMessage, delivery: Delivery) -> None:
    """The visitor sees it deleted; its words and files go on as a note."""
    ticket, newer = tickets.lock(known.ticket_id), inbound.version >= known.version
    text = inbound.text if newer else known.new_text
    files = list(known.attachments.all())
    tickets.delete_message(known, at=work.current().now)
    tickets.add_message(
        ticket,
        known.thread,
        direction=Direction.OUT,
        visibility=Visibility.INTERNAL,
        role=known.role,
        external_id=aftermath.note_key(known),
        sent_at=known.sent_at,
        author=known.author,
        author_user=known.author_user,
        author_label=known.author_label,
        body_text=text,
        new_text=text,
        version=inbound.version if newer else known.version,
        delivery=delivery,
        files=files,
    )
    turns.taken_back(ticket)
    _tell(known.thread, known.author, inbound, WITHDRAWN)


# ------------------------------------------------------------------ hints to the writer


def _tell(thread: Thread, person: Identity | None, inbound: InboundMessage, text: str) -> None:
    """Only the writer sees it, below what they wrote."""
    if person is None or work.current().historic:
        return
    data = {"place": inbound.source_key, "person": person.external_id, "text": text}
    data["thread_key"] = thread.thread_key
    queue_effect(thread.channel, "whisper", data=data, ticket=thread.ticket)


def _tell_once(thread: Thread, person: Identity, inbound: InboundMessage, text: str) -> None:
    """The same hint once in a thread: somebody may go on talking there."""
    said = Outgoing.objects.filter(ticket=thread.ticket_id, kind=EFFECT, payload__text=text)
    if not said.filter(payload__person=person.external_id).exists():
        _tell(thread, person, inbound, text)


# ------------------------------------------------------------------ cards on their way


def is_coming(inbound: InboundMessage, channel: Channel) -> bool:
    """Whether an answer may stand under a card whose posting nobody has confirmed yet."""
    if inbound.message_key.endswith(inbound.thread_key.rpartition("/")[2]):
        return False
    since = work.current().now - ON_ITS_WAY
    rows = Outgoing.objects.filter(channel=channel, kind=EFFECT, created_at__gt=since)
    open_states = (OutgoingState.QUEUED, OutgoingState.SENDING, OutgoingState.UNCERTAIN)
    tried = rows.filter(state__in=open_states, attempts__gt=0)
    return tried.filter(payload__thread_role=ThreadRole.BRIDGE).exists()
