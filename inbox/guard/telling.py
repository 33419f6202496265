"""What whoever sent a secret is told: in private where the channel can, never with the secret."""

from collections.abc import Sequence
from datetime import timedelta

from inbox.channels.contract import Capability
from inbox.common import work
from inbox.common.config import setting
from inbox.guard.finding import LABELS
from inbox.guard.models import Secret
from inbox.outbox import drafts
from inbox.outbox import services as outbox
from inbox.outbox.effects import queue_effect
from inbox.outbox.models import HeldReason, Outgoing, OutgoingState
from inbox.tickets import services as tickets
from inbox.tickets.models import AuthorRole, Message, Status, Ticket

CLEAN_UP = "Please also delete or edit your message there."
PUT_AWAY = (Status.SPAM, Status.TRASHED)


def label(kind: str) -> str:
    """What a secret is, in words."""
    return LABELS.get(kind, "secret")


def tell_sender(message: Message, found: Sequence[Secret]) -> None:
    """Write to whoever sent it, and begin to wait for their word.

    The note waits for somebody's yes, unless the setting `secret_automatic` lets it leave.
    """
    ticket = tickets.lock(message.ticket_id)
    outsider = message.author is not None and message.role not in (AuthorRole.TEAM, AuthorRole.BOT)
    now = work.current().now
    due = now + timedelta(minutes=int(setting("secret_answer_minutes")))
    note: Outgoing | Message | None = None
    if outsider and message.message_class == "normal" and ticket.status not in PUT_AWAY:
        note = _note(ticket, message, words(message, found))
    keys = [row.pk for row in found]
    told = {"said" if isinstance(note, Message) else "note": note}
    Secret.objects.filter(pk__in=keys).update(answer_due_at=due, **told)


def words(message: Message, found: Sequence[Secret]) -> str:
    """The note: what was seen, that it has to be replaced however short it stood there, and how."""
    kind = message.thread.channel.type
    author = message.author
    name = kind.mention(author.external_id, author.name, author.handle) if author else ""
    stands = {Capability.FORUM, Capability.EDIT} & kind.capabilities
    values = {
        "{name}": name or "there",
        "{label}": " and a ".join(dict.fromkeys(row.label for row in found)),
        "{advice}": "\n".join(dict.fromkeys(row.advice for row in found)),
        "{where}": f"{CLEAN_UP}\n\n" if stands else "",
    }
    text = str(setting("secret_text"))
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def _note(ticket: Ticket, message: Message, text: str) -> Outgoing | Message | None:
    channel = message.thread.channel
    if Capability.WHISPER in channel.type.capabilities:
        return _in_private(ticket, message, text)
    if Capability.REPLY not in channel.type.capabilities:
        return None
    if not setting("secret_automatic"):
        return drafts.write(ticket, message.thread, text=text, key=f"secret:{message.pk}")
    return outbox.send_automatic(ticket, text=text)


def _in_private(ticket: Ticket, message: Message, text: str) -> Outgoing:
    assert message.author is not None  # noqa: S101 - the caller asked; tells the type checker
    data = {"person": message.author.external_id, "text": text}
    row = queue_effect(
        message.thread.channel, "direct", data=data, ticket=ticket, delay=timedelta(seconds=1)
    )
    if not setting("secret_automatic"):
        row.state, row.held_reason = OutgoingState.HELD, HeldReason.APPROVAL
        row.save(update_fields=["state", "held_reason"])
    return row
