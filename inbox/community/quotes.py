"""Quotes: kept word for word, used only as far as whoever said them allows (S37, S38)."""

import re
from datetime import datetime, timedelta

from inbox.accounts.models import User
from inbox.channels.contract import Capability
from inbox.common import work
from inbox.common.config import setting
from inbox.community.records import GIVEN, Consent, ConsentEntry, DirectoryNote, Quote
from inbox.people import services as people
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Direction, Message, Ticket, Visibility

LONGEST = 2_000
ENDED = (Consent.REFUSED, Consent.WITHDRAWN)  # only newer words of theirs open these again
OPEN = (Consent.NOT_ASKED, Consent.ASKED)  # nothing was said yet, or nothing new
ASK_AGAIN_AFTER = timedelta(days=1)
ANSWERS = (Consent.ATTRIBUTED, Consent.BLINDED, Consent.REFUSED)


def can_be_quoted(message: Message) -> bool:
    """Whether somebody outside said this to us or to everybody, and it still stands."""
    return (
        message.direction == Direction.IN
        and message.visibility == Visibility.PUBLIC
        and message.deleted_at is None
        and message.author is not None
        and not people.is_team(message.author)
        and bool((message.new_text or message.body_text).strip())
    )


def found_in(message: Message, words: str) -> str:
    """The words as they stand in a message, whatever became of their spaces; "" when they do not.

    A browser selects what it shows, in which lines are broken otherwise.
    """
    wanted = words.split()
    if not wanted:
        return ""
    pattern = re.compile(r"\s+".join(map(re.escape, wanted)))
    for text in (message.new_text, message.body_text):
        if found := pattern.search(text):
            return found[0].strip()
    return ""


def keep(ticket: Ticket, *, message: Message, words: str, context: str = "") -> Quote:
    """Keep words of a message. Raises `VerbError` where they do not stand in it."""
    if len(words) > LONGEST:
        raise VerbError(f"A quote has at most {LONGEST} signs. Take a part of it.", field="words")
    if not words.strip():
        raise VerbError("Which words?", field="words")
    if not can_be_quoted(message) or message.author is None:
        raise NotAllowed("Only what somebody outside wrote can be quoted, while it stands there.")
    text = found_in(message, words)
    if not text:
        raise VerbError("These words do not stand in the message like this.", field="words")
    _need_new(message, text)
    current = work.current()
    quote = Quote.objects.create(
        message=message,
        identity=message.author,
        text=text,
        context=context.strip()[:250],
        said_at=message.sent_at,
        state_at=current.now,
        made_by_id=current.actor.user_id,
        made_at=current.now,
    )
    tickets.record(tickets.lock(ticket.pk), kinds.QUOTED, quote=quote.pk, message=message.pk)
    return quote


def _need_new(message: Message, text: str) -> None:
    """Words are kept once; what nobody may use is not kept again with a word more or less."""
    for other in message.quotes.all():
        if other.text == text:
            raise VerbError("This is a quote already.", field="words")
        if _no_of(other) and (text in other.text or other.text in text):
            raise NotAllowed("They said no to quoting this: ask again there.", field="words")


# ------------------------------------------------------------------ asking


def asking_words(quote: Quote) -> str:
    """What they are asked, to be changed before it leaves."""
    who = quote.identity
    name = who.name or who.handle
    if quote.message is not None:
        kind = quote.message.thread.channel.type
        name = kind.mention(who.external_id, who.name, who.handle)
    quoted = "\n".join(f"> {line}" for line in quote.text.splitlines())
    words = str(setting("quote_ask_text"))
    return words.replace("{name}", name or "there").replace("{quote}", quoted)


def ask(quote: Quote, *, body: str, user: User, delay_seconds: int = 0) -> Message:
    """Ask for permission where it was said; it goes to whoever said it and to nobody else."""
    message, newest = quote.message, _lock(quote)
    if message is None or message.deleted_at is not None:
        raise NotAllowed("What they wrote is gone, so it cannot be used.")
    if newest.state in GIVEN:
        raise NotAllowed("They have answered this already.")
    if newest.state == Consent.ASKED and work.current().now - newest.state_at < ASK_AGAIN_AFTER:
        raise NotAllowed("They were asked a moment ago. Give them a day to answer.")
    with_people = Capability.RECIPIENTS in message.thread.channel.type.capabilities
    sent = tickets.reply(
        message.ticket,
        body=body,
        user=user,
        to=[quote.identity.external_id] if with_people else None,
        cc=[] if with_people else None,
        thread=message.thread,
        delay_seconds=delay_seconds,
    )
    _enter(quote, Consent.ASKED, evidence=sent)
    return sent


def take_back(sent: int) -> None:
    """A question that never left was not asked: what held before holds, since when it did."""
    for asked in ConsentEntry.objects.filter(evidence=sent, state=Consent.ASKED):
        quote = _lock(asked.quote)
        newest, *before = quote.entries.order_by("-pk")[:2]
        if newest == asked:
            state = Consent(before[0].state) if before else Consent.NOT_ASKED
            since = before[0].at if before else None
            _enter(quote, state, words="The question was taken back.", since=since)


# ------------------------------------------------------------------ what they said


def answer(
    quote: Quote,
    *,
    state: str,
    evidence: Message | None = None,
    words: str = "",
    credit: str = "",
) -> ConsentEntry:
    """File what they said, with the message that proves it, or how else it is known.

    After a no or a withdrawal only a message of theirs that is newer counts as a yes.
    """
    if state not in ANSWERS:
        raise VerbError("Say what they have answered.", field="state")
    if evidence is None and not words.strip():
        raise VerbError("What proves it? Choose their message, or say how you know.", field="words")
    if evidence is not None and not _is_theirs(evidence, quote):
        raise VerbError("Only their own message is a proof.", field="evidence")
    newest = _lock(quote)
    if state in GIVEN:
        _need_newer(evidence, _no_of(newest))
    newest.credit = " ".join(credit.split())[:200]
    newest.save(update_fields=["credit"])
    return _enter(newest, Consent(state), evidence=evidence, words=words)


def _is_theirs(message: Message, quote: Quote) -> bool:
    author = message.author
    return (
        can_be_quoted(message)
        and author is not None
        and author.contact_id == quote.identity.contact_id
    )


def _no_of(quote: Quote) -> ConsentEntry | None:
    """The no that still holds: asking again, or taking that back, changes nothing about it."""
    said = quote.entries.exclude(state__in=OPEN).order_by("-pk").first()
    return said if said is not None and said.state in ENDED else None


def _need_newer(evidence: Message | None, no: ConsentEntry | None) -> None:
    if no is not None and (evidence is None or evidence.sent_at <= no.at):
        raise NotAllowed(
            "They said no. Only a newer message of theirs says yes: ask again.", field="evidence"
        )


def withdraw(quote: Quote, *, words: str = "", evidence: Message | None = None) -> ConsentEntry:
    """It may not be used any more, from this moment on. Needs no proof."""
    newest = _lock(quote)
    if newest.state == Consent.WITHDRAWN:
        raise NotAllowed("It is withdrawn already.")
    if evidence is not None and not _is_theirs(evidence, quote):
        raise VerbError("Only their own message is a proof.", field="evidence")
    return _enter(newest, Consent.WITHDRAWN, evidence=evidence, words=words)


def _lock(quote: Quote) -> Quote:
    return Quote.objects.select_for_update().get(pk=quote.pk)


def _enter(
    quote: Quote,
    state: Consent,
    *,
    evidence: Message | None = None,
    words: str = "",
    since: datetime | None = None,
) -> ConsentEntry:
    current = work.current()
    entry = ConsentEntry.objects.create(
        quote=quote,
        state=state,
        at=since or current.now,
        by_id=current.actor.user_id,
        evidence=evidence,
        words=words.strip()[:500],
    )
    Quote.objects.filter(pk=quote.pk).update(state=state, state_at=entry.at)
    quote.state, quote.state_at = state, entry.at
    # what stands at a directory is said anew, or taken away
    DirectoryNote.objects.filter(quote=quote).update(due_at=current.now, attempts=0)
    if quote.message is not None:
        ticket = tickets.lock(quote.message.ticket_id)
        tickets.record(ticket, kinds.CONSENT, quote=quote.pk, effect=state.label.lower())
    return entry


# ------------------------------------------------------------------ retention


def expire(ticket: Ticket) -> int:
    """The texts of a ticket were removed: so are quotes that nobody allowed. Returns how many."""
    rows = Quote.objects.filter(message__ticket=ticket.pk).exclude(state__in=GIVEN)
    count = rows.count()
    rows.delete()
    return count
