"""What a retention takes from a ticket: files, then texts. Ids stay, so replays do nothing."""

from datetime import datetime

from inbox.channels.models import Delivery
from inbox.community import quotes
from inbox.outbox.models import Outgoing, OutgoingState
from inbox.privacy import leaving
from inbox.privacy.models import Expiry
from inbox.privacy.policies import Policy
from inbox.search import forgetting
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.messages import EXPIRED
from inbox.tickets.models import Attachment, Message, Ticket

RAW_REASON = "the raw bytes were removed, as the retention says"
TEXTS = ("body_text", "new_text", "body_html")


def take_files(ticket: Ticket, policy: Policy, now: datetime) -> int:
    """The bytes of a ticket's files; their names stay. Returns how many."""
    ticket = tickets.lock(ticket.pk)
    after = f"removed after {policy.files_days} days, as set for {policy.name}"
    mine = Attachment.objects.filter(message__ticket=ticket.pk, is_missing=False)
    taken = leaving.empty_files(mine, reason=after, with_names=False)
    if taken:
        tickets.record(ticket, kinds.ERASED, words=f"Files were {after}")
    Expiry.objects.update_or_create(ticket=ticket, defaults={"files_at": now})
    return taken


def take_texts(ticket: Ticket, policy: Policy, now: datetime) -> int:
    """What was written, how it came and how it left, and every file. Returns how many messages."""
    ticket = tickets.lock(ticket.pk)
    after = f"removed after {policy.texts_days} days, as set for {policy.name}"
    files = Attachment.objects.filter(message__ticket=ticket.pk, is_missing=False)
    leaving.empty_files(files, reason=after, with_names=False)
    fresh = [m for m in Message.objects.filter(ticket=ticket.pk) if EXPIRED not in m.flags]
    words = [text for message in fresh for text in (message.body_text, message.new_text)]
    for message in fresh:
        for name in TEXTS:
            setattr(message, name, "")
        message.flags, message.notes = [*message.flags, EXPIRED], []
    Message.objects.bulk_update(fresh, [*TEXTS, "flags", "notes"], batch_size=500)
    came = Delivery.objects.filter(messages__ticket=ticket.pk).values_list("pk", flat=True)
    leaving.empty_deliveries(came, reason=RAW_REASON, with_keys=False)
    ended = [OutgoingState.SENT, OutgoingState.FAILED]
    left = Outgoing.objects.filter(leaving.of_ticket(ticket.pk), state__in=ended)
    leaving.empty_outgoing(left, with_keys=False)
    quotes.expire(ticket)
    forgetting.forget_messages(message.pk for message in fresh)
    forgetting.forget_words(words)
    if fresh:
        tickets.record(ticket, kinds.ERASED, words=f"Texts were {after}")
    Expiry.objects.update_or_create(ticket=ticket, defaults={"files_at": now, "texts_at": now})
    return len(fresh)
