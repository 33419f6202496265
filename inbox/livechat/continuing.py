"""The conversation goes on by mail when the visitor has gone and left an address.

An address that a visitor types is a claim: it gets one mail, written by a person, with nothing in
it that the visitor chose; more only after somebody has answered from there (trust.md 11).
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings

from inbox.channels import directory
from inbox.channels.contract import Capability
from inbox.channels.models import Channel
from inbox.common import work
from inbox.common.config import setting
from inbox.livechat import rating
from inbox.livechat.limits import spend
from inbox.livechat.links import confirm_link, rating_link
from inbox.livechat.models import Conversation, EntryKind
from inbox.livechat.passing import is_here, seen_lately
from inbox.outbox import services as outbox
from inbox.tickets import services as tickets
from inbox.tickets.models import Direction, Message, Status, Ticket, Visibility
from inbox.tickets.tokens import token_for

MOST_LINES = 10
MOST_TRANSCRIPT = 500
BETWEEN = timedelta(minutes=15)
LOOK_AGAIN = timedelta(minutes=1)
ONE_A_DAY = timedelta(days=1)


def plan(conversation: Conversation) -> None:
    """An answer was given: at once by mail when nobody is there, later when nobody reads it."""
    now = work.current().now
    if not conversation.email or conversation.mail_due_at is not None:
        return
    unread = timedelta(minutes=int(setting("chat_mail_after_minutes")))
    conversation.mail_due_at = now + (unread if is_here(conversation, now) else timedelta())
    conversation.save(update_fields=["mail_due_at"])


def plan_closing(conversation: Conversation) -> None:
    """A chat has ended: who is there is asked in it, who has left by mail.

    A little later: the last answer is on its way, and goes by the same mail.
    """
    now = work.current().now
    if is_here(conversation, now):
        conversation.asked_closing = conversation.closings
    elif conversation.email and conversation.mail_due_at is None:
        conversation.mail_due_at = now + LOOK_AGAIN
    conversation.save(update_fields=["asked_closing", "mail_due_at"])


def heard(conversation: Conversation, message: Message) -> None:
    """An answer from the address by its own token proves that it is the visitor's."""
    author = message.author
    if author is None or author.kind != "email" or message.matched_by != "reply_token":
        return
    if author.external_id == conversation.email.lower():
        confirm(conversation)


def confirm(conversation: Conversation) -> None:
    """The address is the visitor's own: what has waited for that may leave."""
    email, visitor = conversation.email, conversation.visitor
    visitor.confirmed_email = email.lower()
    visitor.save(update_fields=["confirmed_email"])
    now = work.current().now
    # not another one that was typed at this moment
    rows = Conversation.objects.filter(pk=conversation.pk, email=email, email_confirmed_at=None)
    if rows.update(email_confirmed_at=now):
        conversation.email_confirmed_at = now
        if _unseen(conversation):
            plan(conversation)


def due_ids(now: datetime) -> list[int]:
    """Conversations whose unread answers may have to be mailed."""
    rows = Conversation.objects.filter(mail_due_at__lte=now).order_by("mail_due_at")
    return list(rows.values_list("pk", flat=True)[:200])


def write_to(pk: int, now: datetime) -> bool:
    """Mail what the visitor has not seen, or look again later."""
    of_chat = Ticket.objects.filter(threads__conversation=pk).values_list("pk", flat=True)
    tickets.lock_all(list(of_chat))  # first, as when a line is filed
    rows = Conversation.objects.select_for_update(of=("self",))
    conversation = rows.select_related("channel", "thread__ticket").get(pk=pk)
    conversation.mail_due_at = _later(conversation, now)
    lines = [] if conversation.mail_due_at else _unseen(conversation)
    thread = conversation.thread
    asks = not conversation.mail_due_at and _asks_rating(conversation, now)
    # nobody gets a mail of a machine to an address that somebody has only typed
    wanted = lines or (asks and conversation.email_confirmed_at is not None)
    if wanted and thread is not None and _may(conversation, thread.ticket, now):
        said = [text for _, text in lines]
        _queue(conversation, thread.ticket, [*said, *_closing_words(conversation, now, asks=asks)])
        conversation.mailed_at = now
        conversation.mailed_entry = lines[-1][0] if lines else conversation.mailed_entry
        conversation.asked_closing = conversation.closings if asks else conversation.asked_closing
    conversation.save(update_fields=["mail_due_at", "mailed_at", "mailed_entry", "asked_closing"])
    return bool(wanted)


def _asks_rating(conversation: Conversation, now: datetime) -> bool:
    """Once per closing, when the visitor has left without rating it; never of silence."""
    if conversation.ended_at is None or conversation.asked_closing == conversation.closings:
        return False
    answered = conversation.thread is not None and conversation.thread.ticket.answered_at
    left = not is_here(conversation, now)
    return bool(answered and left and rating.of(conversation) is None)


def _closing_words(conversation: Conversation, now: datetime, *, asks: bool) -> list[str]:
    words = ["You can answer this mail: it goes on in the same conversation."]
    if asks:
        words.append(f"How was this chat? Tell us here: {rating_link(conversation, now)}")
    if conversation.email_confirmed_at is None:
        words.append(
            "This address was typed in a chat on our site. If that was you, confirm it, and later "
            f"answers come here too: {confirm_link(conversation, now)}\n\n"
            "If it was not you, do nothing: no further mail comes of this chat."
        )
    return words


def _later(conversation: Conversation, now: datetime) -> datetime | None:
    """When to look again, where it is too early to mail."""
    mailed = conversation.mailed_at
    if mailed is not None and now - mailed < BETWEEN:
        return mailed + BETWEEN
    if seen_lately(conversation, now) and _unseen(conversation):
        return now + LOOK_AGAIN
    return None


def _unseen(conversation: Conversation) -> list[tuple[int, str]]:
    seen = max(conversation.read_entry, conversation.mailed_entry)
    rows = conversation.entries.filter(
        pk__gt=seen,
        kind=EntryKind.MESSAGE,
        message__direction=Direction.OUT,
        message__deleted_at=None,
    )
    found = rows.order_by("pk").values_list("pk", "message__author_label", "message__new_text")
    return [(pk, f"**{name}:**\n\n{text}") for pk, name, text in found[:MOST_LINES]]


def _may(conversation: Conversation, ticket: Ticket, now: datetime) -> bool:
    address = conversation.email.lower()
    if ticket.status in (Status.SPAM, Status.TRASHED) or mailbox_of(conversation.channel) is None:
        return False
    if not address or directory.is_own(address, directory.own_addresses()):
        return False
    if conversation.email_confirmed_at is not None:
        return True
    told = Conversation.objects.filter(email__iexact=address, mailed_at__gt=now - ONE_A_DAY)
    return conversation.mailed_at is None and not told.exists()


def mailbox_of(channel: Channel) -> Channel | None:
    """The mailbox that speaks for a site, if there is one."""
    name = str(channel.settings.get("mail_channel") or settings.SYSTEM_CHANNEL)
    kind, _, key = name.partition("/")
    found = [c for c in directory.active() if (c.kind, c.key) == (kind, key)]
    mails = [c for c in found if Capability.RECIPIENTS in c.type.capabilities]
    return mails[0] if mails else None


def _queue(conversation: Conversation, ticket: Ticket, lines: list[str]) -> None:
    channel = mailbox_of(conversation.channel)
    assert channel is not None  # noqa: S101 - `_may` has asked; tells the type checker
    address, site = conversation.email.lower(), conversation.channel.address
    outbox.insert(
        ticket=ticket,
        channel=channel,
        kind="chat_mail",
        delay=timedelta(),
        key=f"chat:{uuid.uuid4().hex}",
        payload={
            "external_id": channel.type.new_external_id(channel.config, uuid.uuid4().hex),
            "text": "\n\n".join(lines),
            "subject": f"Your chat with {site}",
            "to": [address],
            "reply_token": token_for(ticket.pk, address),
            "author_name": site,
        },
    )


def may_send_transcript(conversation: Conversation) -> bool:
    """Whether something was said, and an address is known to be the visitor's."""
    known = conversation.thread is not None and conversation.email_confirmed_at is not None
    return known and mailbox_of(conversation.channel) is not None


def send_transcript(conversation: Conversation) -> bool:
    """Mail the whole conversation to an address that is known to be the visitor's.

    False when there is none. Raises `TooMany`.
    """
    thread = conversation.thread
    if thread is None or not may_send_transcript(conversation):
        return False
    spend("chat_transcripts_per_day", conversation.visitor_id)
    _queue(conversation, thread.ticket, _transcript(conversation))
    return True


def send_transcript_of(ticket: Ticket) -> bool:
    """As above, of a ticket's newest chat."""
    rows = Conversation.objects.filter(thread__ticket=ticket).order_by("-pk")
    found = rows.select_related("channel", "thread__ticket").first()
    return found is not None and send_transcript(found)


def _transcript(conversation: Conversation) -> list[str]:
    """What the visitor could read, as it stands now: no notes, nothing that was deleted."""
    rows = conversation.entries.filter(
        kind=EntryKind.MESSAGE, message__deleted_at=None, message__visibility=Visibility.PUBLIC
    ).order_by("-pk")
    fields = ("message__sent_at", "message__author_label", "message__new_text")
    newest = list(rows.values_list(*fields)[: MOST_TRANSCRIPT + 1])
    said = [
        f"**{name}**, {at:%d %B %Y %H:%M} UTC:\n\n{text or '(a file)'}"
        for at, name, text in reversed(newest[:MOST_TRANSCRIPT])
    ]
    if len(newest) > MOST_TRANSCRIPT:
        said.insert(0, f"These are the newest {MOST_TRANSCRIPT} lines of your chat.")
    return [*said, "You can answer this mail: it goes on in the same conversation."]
