"""Somebody rang, or asked in the hallway: a colleague writes down what they said.

It becomes a ticket of a mailbox, so that an answer goes by mail as soon as there is an address.
"""

from inbox.channels.inbound import Author
from inbox.channels.models import Channel
from inbox.common import work
from inbox.intake.subjects import first_words
from inbox.people import services as people
from inbox.people.models import Identity
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import VerbError
from inbox.tickets.models import AuthorRole, Direction, Ticket, Visibility
from inbox.tickets.using import need_use

KIND = "by hand"  # of an identity without an address: a telephone number, or nothing at all


def thread_key(key: str) -> str:
    """Where a form's own key stands, so that the same form makes one ticket."""
    return f"hand:{key}"


def write_down(
    *, channel: Channel, name: str, reach: str, subject: str, text: str, key: str
) -> Ticket:
    """A new ticket of what somebody said. `reach`: an address or a number, or nothing.

    Raises `VerbError` for what is missing, `IntegrityError` when this form made its ticket.
    """
    need_use(channel)
    if not text.strip():
        raise VerbError("Write down what they asked.", field="text")
    asker, now = _who(channel, name.strip(), reach.strip(), key), work.current().now
    ticket, thread = tickets.open_ticket(
        subject=subject.strip() or first_words(text),
        channel=channel,
        asker=asker,
        thread_key=thread_key(key),
        at=now,
    )
    tickets.add_message(
        ticket,
        thread,
        direction=Direction.IN,
        visibility=Visibility.PUBLIC,
        role=AuthorRole.ASKER,
        external_id=channel.type.new_external_id(channel.config, key) or thread_key(key),
        sent_at=now,
        author=asker,
        author_label=asker.label[:250],
        subject=ticket.subject,
        body_text=text,
        new_text=text,
        to=[channel.address] if channel.address else [],
    )
    tickets.record(ticket, kinds.WRITTEN_DOWN)
    return ticket


def _who(channel: Channel, name: str, reach: str, key: str) -> Identity:
    if not name:
        raise VerbError("Say who asked.", field="name")
    if "@" in reach.lstrip("@"):
        if not _is_address(reach):
            raise VerbError("This is no address that a mail could go to.", field="reach")
        return people.resolve(channel.kind, channel.realm, Author(external_id=reach, name=name))
    number = "".join(reach.split()).lstrip("@").casefold()
    author = Author(external_id=number or key, name=name, handle=reach)
    return people.resolve(KIND, KIND, author)


def _is_address(text: str) -> bool:
    local, _, domain = text.partition("@")
    return bool(local) and "." in domain and not any(c in text for c in " ,;<>\"'()")
