"""Letting go of a person, step by step. Each step may be done again: then it finds nothing.

What they wrote, and what was answered to them alone, goes; the ticket's shell, its times and its
counts stay. Other people's words stay, without quotes of theirs and without their addresses.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import F, Q

from inbox.accounts.models import User
from inbox.channels.models import Delivery
from inbox.common import work
from inbox.loop.models import Item
from inbox.mirrors import cards
from inbox.outbox.effects import EFFECT
from inbox.outbox.models import Outgoing
from inbox.people.models import Identity, IdentityKey, Proposal
from inbox.privacy import beside, leaving, register
from inbox.privacy.columns import empty, words_in
from inbox.privacy.leaving import REASON
from inbox.privacy.models import Erasure
from inbox.privacy.person import ERASED, Person
from inbox.search import forgetting, indexing
from inbox.tickets import kinds
from inbox.tickets import services as tickets
from inbox.tickets.messages import ERASED as GONE
from inbox.tickets.models import Attachment, Message, Thread, Ticket, TicketEvent

Done = Counter[str]
AT_ONCE = 500


def begin(person: Person, by: User | None) -> Erasure:
    """The row that says it is going on; the same one when it was interrupted."""
    known = Erasure.objects.filter(contact=person.contact, done_at=None).first()
    now = work.current().now
    return known or Erasure.objects.create(contact=person.contact, by=by, started_at=now)


def mask_others(person: Person, number: int) -> int:
    """Other people's messages on one ticket, without quotes of this person and without names.

    For every ticket before the first is erased: quotes are known by what they repeat.
    """
    tickets.lock(number)
    others = Message.objects.filter(ticket=number).exclude(person.concerns())
    return sum(mask_message(m, person, person.without) for m in others.order_by("pk"))


def erase_ticket(person: Person, number: int, *, before: datetime) -> Done:
    """Everything of them on one ticket; `before`: when the erasure began."""
    ticket, done = tickets.lock(number), Counter[str]()
    rows = Message.objects.filter(ticket=number).select_related("thread__channel")
    mine = list(rows.filter(person.concerns()).order_by("pk"))
    theirs = [m for m in mine if m.author_id in {i.pk for i in person.identities}]
    words = words_of(ticket, mine)
    done["outgoing"] = _outgoing(person, number, before=before)
    done["files"] = leaving.empty_files(
        Attachment.objects.filter(message__in=mine), reason=REASON, with_names=True
    )
    done["deliveries"] = empty_raw(mine)
    done["drafts"] = beside.drop_drafts(number) if number in person.asked else 0
    done["webhook events"] = beside.empty_webhooks(number)
    done["events"] = empty_events(person, number, {message.author_label for message in theirs})
    done["messages"] = _messages(person, mine, theirs)
    _threads(person, number)
    if number in person.asked:
        empty_ticket(person, ticket)
    forgetting.forget_messages(message.pk for message in mine)
    forgetting.forget_words([*words, *person.labels])
    if done["messages"]:
        tickets.record(ticket, kinds.ERASED, words="What one person wrote here was erased")
    return +done


def words_of(ticket: Ticket, mine: list[Message]) -> list[str]:
    """Everything that search may have learned from what goes."""
    texts = [ticket.subject]
    names = Attachment.objects.filter(message__in=mine).values_list("filename", flat=True)
    for message in mine:
        texts += [message.subject, message.author_label, message.sender_key]
        texts += [message.body_text, message.new_text]
    return [*texts, *names]


def _outgoing(person: Person, number: int, *, before: datetime) -> int:
    # what blanks their cards is ours, and still has to leave
    own = Outgoing.objects.filter(kind=EFFECT, created_at__gte=before)
    rows = Outgoing.objects.filter(leaving.of_ticket(number)).exclude(pk__in=own)
    if number in person.asked:
        return leaving.empty_outgoing(rows)
    named = [row.pk for row in rows if _deep(row.payload, person.without) != row.payload]
    return leaving.empty_outgoing(Outgoing.objects.filter(pk__in=named))


def _deep(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_deep(inner, change) for inner in value]
    if isinstance(value, dict):
        return {key: _deep(inner, change) for key, inner in value.items()}
    return value


# ------------------------------------------------------------------ messages


def mask_message(message: Message, person: Person, change: Callable[[str], str]) -> bool:
    """Change the words of somebody else's message; whether anything stood there."""
    names = ("subject", "body_text", "new_text", "to", "cc", "reply_to", "notes")
    values: dict[str, Any] = {name: _deep(getattr(message, name), change) for name in names}
    values["references"] = [key for key in message.references if key not in person.keys]
    html = change(message.body_html)
    if html == message.body_html and all(getattr(message, n) == v for n, v in values.items()):
        return False
    # the words are kept as text; a quote inside markup cannot be told apart
    values["body_html"] = ""
    for name, value in values.items():
        setattr(message, name, value)
    message.save(update_fields=[*values])
    indexing.reindex_message(message)
    empty_raw([message])
    return True


def empty_raw(messages: list[Message]) -> int:
    """The raw bytes that brought some messages, by whichever channel."""
    came = Q(messages__in=messages) | Q(receipt__message__in=messages)
    keys = Delivery.objects.filter(came).values_list("pk", flat=True)
    return leaving.empty_deliveries(keys, reason=REASON, with_keys=True)


def _messages(person: Person, mine: list[Message], theirs: list[Message]) -> int:
    """Shells: who is a pseudonym, when stays, what is gone."""
    fresh = [message for message in mine if GONE not in message.flags]
    if fresh:
        tickets.forget_keys((m.realm, m.external_id) for m in theirs if m in fresh)
    authors = {m.pk: person.pseudonym for m in theirs}
    empty_messages(fresh, lambda m: authors.get(m.pk) or person.mask.text(m.author_label))
    return len(fresh)


def empty_messages(fresh: list[Message], label: Callable[[Message], str]) -> None:
    """Nothing stands in them any more; `label`: what stands where the author's name stood."""
    ours = register.OURS["inbox.message"]
    columns = [column for column in words_in(Message) if column.name not in ours]
    for message in fresh:
        # in a forum others answer by this key; elsewhere it is made by the sender's program
        key = message.external_id if register.is_forum(message.thread) else f"{ERASED}{message.pk}"
        author = label(message)
        for column in columns:
            setattr(message, column.name, empty(column))
        message.external_id, message.author_label, message.flags = key, author, [GONE]
    Message.objects.bulk_update(fresh, [c.name for c in columns], batch_size=AT_ONCE)


# ------------------------------------------------------------------ the ticket itself


def empty_events(person: Person, number: int, labels: set[str]) -> int:
    """Events stay, for figures are made of them; under a pseudonym, without words."""
    asked, changed = number in person.asked, []
    labels = labels | person.labels
    for event in TicketEvent.objects.filter(ticket=number).exclude(kind=kinds.ERASED):
        if asked:
            values = register.emptied(event, person)
        else:
            mine = event.actor_kind == "contact" and event.actor_label in labels
            label = person.pseudonym if mine else event.actor_label
            values = {"actor_label": label, "data": person.mask.value(event.data)}
        if any(getattr(event, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(event, name, value)
            changed.append(event)
    TicketEvent.objects.bulk_update(changed, ["actor_label", "data"], batch_size=AT_ONCE)
    return len(changed)


def _threads(person: Person, number: int) -> None:
    """The conversations that were theirs: what is asked of them again is not known any more."""
    rows = Thread.objects.filter(ticket=number, pk__in=person.threads).select_related("channel")
    for thread in rows:
        tickets.forget_keys([(thread.realm, thread.thread_key)])
        Item.objects.filter(channel=thread.channel_id, key=thread.thread_key).update(title="")
        _put(thread, register.emptied(thread, person))


def empty_ticket(person: Person, ticket: Ticket, *, why: str = "The person asked for it.") -> None:
    """Number, status, times and sorting stay of a ticket that they asked."""
    if ticket.subject != register.GONE:
        tickets.forget_keys([("ticket", str(ticket.pk))])
        cards.conceal(ticket, title=f"#{ticket.pk} was erased", text=why)
    values = register.emptied(ticket, person)
    for name, value in values.items():
        setattr(ticket, name, value)
    tickets.touch(ticket, *values)
    forgetting.forget_facts(ticket.pk)


def _put(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=[*values])


# ------------------------------------------------------------------ the person


def finish(person: Person, erasure: Erasure, counts: Done) -> bool:
    """The identities become shells at last: until then everything else can be found by them.

    False: they have written meanwhile, and that is to be erased first.
    """
    keys = [identity.pk for identity in person.identities]
    # whoever files a message of theirs holds on to the identity; from here on they cannot
    list(Identity.objects.select_for_update().filter(pk__in=keys).order_by("pk"))
    wrote = Message.objects.filter(author__in=keys).values_list("flags", flat=True)
    if any(GONE not in flags for flags in wrote):
        return False
    for identity in person.identities:
        _put(
            identity,
            {
                "external_id": f"{ERASED}{identity.pk}",
                "name": person.pseudonym,
                "handle": "",
                "email": "",
                "looked_at": work.current().now,
                "verified": False,
                "timezone": "",
                "utc_offset_minutes": None,
                "member_kind": "",
                "unreachable_reason": "",
            },
        )
    for part in person.parts:
        _put(part, {"name": person.pseudonym, "alias": "", "champion": False})
    # the sweep may have made some anew since they went
    IdentityKey.objects.filter(identity__in=keys).delete()
    Proposal.objects.filter(Q(one__in=keys) | Q(other__in=keys)).delete()
    forgetting.renew_facts(person.asked)
    Erasure.objects.filter(pk=erasure.pk).update(done_at=work.current().now, counts=dict(counts))
    Ticket.objects.filter(pk__in=person.asked).update(version=F("version") + 1)
    return True
